"""kill -9 at the system calls of the boot steps' helper, one at a time: the next start makes all whole."""

import collections
import io
import json
import os
import random
import re
import shutil
import stat
import subprocess
import tarfile
import zipfile

import pytest

from lib.root import BINARY_INSIDE

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")

STEPS = ["directories", "timezone", "locale", "resolv", "hosts", "password", "authorized_keys", "ssh", "motd",
         "pip", "uv", "npm", "conda", "jupyter", "files", "shutdown-command"]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGk3m0q8xw2nQ1b5r4eUnused0000000000000000000 team"
# What lies below /data is on a volume.
SETTINGS = {
    "locale": {"lang": "en_US.UTF-8", "generate": False},
    "resolv": {"nameservers": ["10.0.0.53"], "search": ["lab.example"], "options": ["ndots:2"]},
    "hosts": {"entries": {"10.0.0.5": "minio minio.local"}},
    "authorized_keys": {"keys": [KEY]},
    "ssh": {"host_key_types": ["ed25519"]},
    "pip": {"file": "/etc/bootsman-pip.conf"},  # The machine may have one of its own.
    "jupyter": {"overrides": {"@jupyterlab/apputils-extension:themes": '{"theme": "JupyterLab Dark"}'},
                "lab_dir": "/data/lab"},
    "files": {"write": {"/data/course.md": "# Welcome\n", "/etc/skel/course.md": "# Welcome\n"},
              "copy": {"/data/copy": "/etc/passwd"}, "modes": {"/data/copy": "0640"},
              "unpack": {"/data/tree": "/srv/a.tar.gz", "/root/tree": "/srv/a.zip"}},
}
WITHOUT_FILES = {"profile", "proxy", "hooks", "remote"}  # They import variables, or run what others have written.
WHEN = {**dict.fromkeys(("motd", "pip", "uv", "npm", "conda", "jupyter"), "once"), "password": "always"}
REQUEST = {"env": {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}, "secrets": {},
           "steps": [{"id": f"step.{name}", "type": name, "when": WHEN.get(name, "changed"),
                      "settings": SETTINGS.get(name, {})} for name in STEPS]}
TARGETS = ("etc/ssh/ssh_host_ed25519_key", "etc/ssh/sshd_config.d/00-bootsman.conf", "etc/default/locale",
           "etc/locale.conf", "root/.ssh/authorized_keys", "root/.npmrc", "etc/uv/uv.toml", "etc/resolv.conf",
           "etc/skel/course.md", "root/tree/d/x", "var/lib/bootsman/jupyter-token", "var/lib/bootsman/record.json",
           "data/hosts", "data/lab/settings/overrides.json", "data/course.md", "data/copy", "data/tree/d/x",
           "data/.bootsman/record.json")
# The helper reads its request at descriptor 3 to the end, then writes its answers behind it.
RUN = f"cp /srv/request /run/request; exec 3<>/run/request; $STRACE {BINARY_INSIDE} helper steps; code=$?; exit $code"
# Calls after which the disk, or what runs, is not as before, as strace shows them. Answers go to descriptor 3.
CHANGES = re.compile(r"(open(at)?\(.*\bO_(CREAT|TRUNC)\b|(p?write(v|64)?|sendfile)\((?![0-3],)|copy_file_range\(|"
                     r"f?truncate\(|rename(at2?)?\(|unlink(at)?\(|rmdir\(|mkdir(at)?\(|(sym)?link(at)?\(|"
                     r"f?chmod(at)?\(|[fl]?chown(at)?\(|fallocate\(|mknod(at)?\(|[fl]?setxattr\(|utimensat\(|"
                     r"v?fork\(|clone3?\()(?!.*= -1 E)")
# What is drawn anew for each container, by its form.
DRAWN = ((r"\$6\$[./\w]{16}\$[./\w]{86}", "HASH"), (r"\b[0-9a-f]{40,64}\b", "HEX"), (r'"time": \d+', "TIME"),
         (r"(?s)(-----BEGIN OPENSSH PRIVATE KEY-----\n).*(\n-----END)", r"\1KEY\2"),
         (r"ssh-ed25519 [\w+/=]{60,}", "PUBLIC KEY"), (r"root:HASH:\d+:", "root:HASH:DAY:"))
RECORDS = ("var/lib/bootsman/record.json", "data/.bootsman/record.json")
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
    """{path: what it is} of all that differs from the machine's root, and of the volume."""
    found = {}
    volume = root.path("/data")
    for path in (*root.changes.rglob("*"), *volume.rglob("*")):
        on_volume = path.is_relative_to(volume)
        name = "data/" + str(path.relative_to(volume)) if on_volume else str(path.relative_to(root.changes))
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


HOSTS = "127.0.0.1\tlocalhost\n"


def tar_of(tree):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in tree.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zip_of(tree):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tree.items():
            archive.writestr(name, content)
    return out.getvalue()


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
        for name in ("/root/.npmrc", "/etc/uv/uv.toml", "/root/.condarc"):
            root.remove(name)
        for name, packed in (("a.tar.gz", tar_of), ("a.zip", zip_of)):
            root.path(f"/srv/{name}").write_bytes(packed({"d/x": b"x" * 100_000, "y": b"y"}))
        root.write("/etc/locale.conf", "LANG=C.UTF-8\n")
        root.path("/data").mkdir(exist_ok=True)
        inside = root.mount_point
        root.run("mount", "-t", "tmpfs", "-o", "mode=755", "volume", inside / "data")
        root.write("/data/hosts", HOSTS)
        # As the runtimes do it: it can only be written in place.
        root.write("/etc/hosts", "")
        root.run("mount", "--bind", inside / "data/hosts", inside / "etc/hosts")
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
    """Every system call as (name, how manieth of that name, whether it changes something), in order."""
    seen = collections.Counter()
    points = []
    for line in trace.splitlines():
        if match := re.match(r"(\w+)\(", line):
            seen[match.group(1)] += 1
            points.append((match.group(1), seen[match.group(1)], bool(CHANGES.match(line))))
    return points


def original(name):
    """What the root has there before the first start, as snapshot() would show it."""
    known = {"data/hosts": HOSTS, "etc/locale.conf": "LANG=C.UTF-8\n", "etc/hosts": ""}
    if name in known:
        return known[name]
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
    name, number, _ = point
    code = boots.run(root, f"strace -D -o /dev/null -e trace={name} -e inject={name}:signal=KILL:when={number}")
    for path, (what, *_, content) in snapshot(root).items():
        if STRAYS.search(path) or not stat.S_ISREG(what) or path in ("sync/root-passwd", *RECORDS):
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


def test_every_step_that_writes_is_in_the_boot(binary):
    reference = subprocess.run([binary, "help", "--reference"], capture_output=True, text=True, timeout=30, check=True)
    assert set(STEPS) | WITHOUT_FILES == set(re.findall(r"^### `\[step\.([\w-]+)\]`", reference.stdout, re.MULTILINE))


def chosen_of(points, changing, others, chance):
    """All calls of a kind for None, else so many of them by chance."""
    chosen = []
    for kind, count in ((True, changing), (False, others)):
        of_kind = [point for point in points if point[2] == kind]
        chosen += of_kind if count is None else chance.sample(of_kind, count)
    return sorted(chosen, key=points.index)


# A call that changes nothing leaves the disk as the next one that changes something finds it, so the quick test looks
# at these above all; programs of the steps may run during the others.
@pytest.mark.parametrize("changing, others", [(9, 3), pytest.param(None, None, marks=pytest.mark.long)])
def test_a_kill_at_any_system_call_leaves_nothing_half_done(boots, changing, others):
    reference = boots.root()
    assert boots.run(reference, "strace -D -o /srv/trace") == 0
    whole = snapshot(reference)
    assert not [name for name in TARGETS if name not in whole]
    points = calls_of(reference.read("/srv/trace"))
    assert sum(changes for *_, changes in points) > 150
    seed = random.randrange(1 << 32)
    chosen = chosen_of(points, changing, others, random.Random(seed))
    killed = sum(check_kill_at(boots, point, whole) for point in chosen)
    print(f"seed {seed}: killed at {killed} of {len(chosen)} points, {len(points)} calls in all")
    # How often a call is made while a program runs depends on time, so some points are not reached.
    assert killed >= len(chosen) // 2
