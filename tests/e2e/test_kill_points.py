"""kill -9 at the system calls of the boot steps' helper, one at a time: the next start makes all whole."""

import collections
import json
import os
import random
import re
import shutil
import stat

import pytest

from lib.root import BINARY_INSIDE

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")

STEPS = ["directories", "timezone", "password", "ssh", "motd", "uv", "conda", "jupyter", "shutdown-command"]
SETTINGS = {"ssh": {"host_key_types": ["ed25519"]}}
WHEN = {"motd": "once", "uv": "once", "conda": "once", "jupyter": "once", "password": "always"}
REQUEST = {"env": {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}, "secrets": {},
           "steps": [{"id": f"step.{name}", "type": name, "when": WHEN.get(name, "changed"),
                      "settings": SETTINGS.get(name, {})} for name in STEPS]}
# The helper reads its request at descriptor 3 to the end, then writes its answers behind it.
RUN = f"cp /srv/request /run/request; exec 3<>/run/request; $STRACE {BINARY_INSIDE} helper steps; code=$?; exit $code"
# What is drawn anew for each container, by its form.
DRAWN = ((r"\$6\$[./\w]{16}\$[./\w]{86}", "HASH"), (r"\b[0-9a-f]{40,64}\b", "HEX"), (r'"time": \d+', "TIME"),
         (r"(?s)(-----BEGIN OPENSSH PRIVATE KEY-----\n).*(\n-----END)", r"\1KEY\2"),
         (r"ssh-ed25519 [\w+/=]{60,}", "PUBLIC KEY"), (r"root:HASH:\d+:", "root:HASH:DAY:"))
STRAYS = re.compile(r"\.bootsman[-_](new|try)|bootsman_new_")


def form(name, data):
    text = data.decode(errors="surrogateescape")
    if name.endswith("bootsman/record.json"):
        # A password file that was applied and is gone needs no memory.
        record = json.loads(text)
        record["steps"].pop("step.password", None)
        text = json.dumps(record)
    for pattern, name in DRAWN:
        text = re.sub(pattern, name, text)
    return text


def snapshot(root):
    """{path: what it is} of all that differs from the machine's root."""
    found = {}
    for path in root.changes.rglob("*"):
        name = str(path.relative_to(root.changes))
        if name.startswith(("srv", "run", "opt", "tmp", "proc")):
            continue
        info = path.lstat()
        what = stat.S_IFMT(info.st_mode)
        content = ""
        if stat.S_ISLNK(info.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(info.st_mode):
            content = form(name, path.read_bytes())
        found[name] = (what, oct(stat.S_IMODE(info.st_mode)), info.st_uid, info.st_gid, content)
    return found


class Boots:
    """Roots in which the helper runs, whole or up to a system call."""

    def __init__(self, maker):
        self.maker = maker

    def root(self):
        root = self.maker.root()
        # Making these takes long, and every kind of key is made alike.
        for kind in ("rsa", "ecdsa", "dsa"):
            for end in ("", ".pub"):
                root.remove(f"/etc/ssh/ssh_host_{kind}_key{end}")
        root.write("/srv/request", json.dumps(REQUEST))
        root.write("/sync/root-passwd", "root:a new secret\n", 0o600)
        return root

    def run(self, root, strace=""):
        container = self.maker.start(root, command=["bash", "-c", RUN], env={"STRACE": strace})
        return container.wait(120)

    def forget(self, root):
        """A root that is not needed any more, so that hundreds of them take no memory."""
        for container in [one for one in self.maker._item.containers if one.root is root]:
            container.kill()
            self.maker._item.containers.remove(container)
        root.close()
        self.maker._roots.remove(root)
        os.rmdir(root.folder)
        self.maker._folders.remove(str(root.folder))


@pytest.fixture
def boots(maker):
    return Boots(maker)


def calls_of(trace):
    """Every system call as (name, how manieth of that name), in order."""
    seen = collections.Counter()
    points = []
    for line in trace.splitlines():
        if match := re.match(r"(\w+)\(", line):
            seen[match.group(1)] += 1
            points.append((match.group(1), seen[match.group(1)]))
    return points


def original(name):
    """What the machine's own root has there, as snapshot() would show it."""
    path = "/" + name
    try:
        info = os.lstat(path)
        content = os.readlink(path) if stat.S_ISLNK(info.st_mode) else ""
        if stat.S_ISREG(info.st_mode):
            content = form(path, open(path, "rb").read())
    except OSError:
        return None
    return content


def check_kill_at(boots, point, whole):
    """True when the run was killed there."""
    root = boots.root()
    name, number = point
    code = boots.run(root, f"strace -D -o /dev/null -e trace={name} -e inject={name}:signal=KILL:when={number}")
    for path, (what, *_, content) in snapshot(root).items():
        if STRAYS.search(path) or not stat.S_ISREG(what) or path in ("sync/root-passwd", "var/lib/bootsman/record.json"):
            continue
        wanted = whole[path][-1] if path in whole else None
        assert content in (wanted, original(path)) or path == "etc/bash.bashrc", f"{point}: /{path} is half done"
    assert boots.run(root) == 0, point
    after = snapshot(root)
    strays = [path for path in after if STRAYS.search(path)]
    assert not strays, f"{point}: left behind {strays}"
    different = {path for path in set(after) | set(whole) if after.get(path) != whole.get(path)}
    assert not different, f"{point}: {[(path, after.get(path), whole.get(path)) for path in different]}"
    boots.forget(root)
    return code != 0


@pytest.mark.parametrize("sample", [12, pytest.param(None, marks=pytest.mark.long)])
def test_a_kill_at_any_system_call_leaves_nothing_half_done(boots, sample):
    reference = boots.root()
    assert boots.run(reference, "strace -D -o /srv/trace") == 0
    whole = snapshot(reference)
    assert "etc/ssh/ssh_host_ed25519_key" in whole and "var/lib/bootsman/jupyter-token" in whole
    points = calls_of(reference.read("/srv/trace"))
    assert len(points) > 300
    seed = random.randrange(1 << 32)
    chosen = points if sample is None else sorted(random.Random(seed).sample(points, sample))
    killed = sum(check_kill_at(boots, point, whole) for point in chosen)
    print(f"seed {seed}: killed at {killed} of {len(chosen)} points, {len(points)} calls in all")
    # How often a call is made while a program runs depends on time, so some points are not reached.
    assert killed >= len(chosen) // 2
