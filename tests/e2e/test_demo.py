"""packaging/demo.sh: up, used from outside, killed, down, and nothing left behind."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from lib import ssh
from lib.container import eventually
from lib.root import REPOSITORY

# The machine's own files that a boot writes; in the demo it must write their copies.
GUARDED = ("/etc", "/init", "/sync", "/var/lib/bootsman", "/run/sshd", "/run/bootsman", "/usr/bin/shutdown",
           "/usr/sbin/shutdown", "/root/.bashrc", "/root/.condarc", "/root/.jupyter", "/root/tensorboard-logs")


def fingerprint(path):
    """What would tell a change of the file: its kind, mode and owner, and a hash or link target."""
    status = os.lstat(path)
    content = b""
    if os.path.islink(path):
        content = os.readlink(path).encode()
    elif os.path.isfile(path):
        content = Path(path).read_bytes()
    return status.st_mode, status.st_uid, status.st_gid, hashlib.sha256(content).hexdigest()


def fingerprints():
    paths = {path for path in GUARDED if os.path.lexists(path)}
    for start in GUARDED:
        for folder, folders, files in os.walk(start):
            paths |= {os.path.join(folder, name) for name in folders + files}
    return {path: fingerprint(path) for path in paths}


def mounts():
    return [line.split(" - ")[0].split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]


class Demo:
    """A copy of packaging/ in a folder whose name is awkward, as a clone may have."""

    def __init__(self, folder, binary, venv):
        self.clone = folder / "a clone, with 'odd' characters"
        shutil.copytree(REPOSITORY / "packaging", self.clone / "packaging")
        (self.clone / "build").mkdir()
        (self.clone / "build/demo-venv").symlink_to(venv)
        self.binary = binary
        self.state = self.clone / "build/demo"

    def __call__(self, *options, timeout=180):
        return subprocess.run([self.clone / "packaging/demo.sh", *options], capture_output=True, text=True,
                              timeout=timeout, check=False)

    def up(self):
        result = self("--detach", "--binary", self.binary)
        assert result.returncode == 0, result.stdout + result.stderr
        self.said = result.stdout
        self.ports = {int(inner): int(outer) for outer, inner in re.findall(r"(\d+) → (\d+)", self.said)}
        return self

    def pid(self):
        return int((self.state / "pid").read_text())

    def status(self, port, path):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}{path}", timeout=5).status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def ssh(self, *words, **options):
        password = re.search(r"password: (\S+)", self.said)[1]
        return subprocess.run(["sshpass", "-p", password, "ssh", *ssh.OPTIONS, "-p", str(self.ports[22]),
                               *words[:-1], "root@127.0.0.1", *words[-1:]],
                              capture_output=True, text=True, timeout=30, check=False, **options)


@pytest.fixture
def demo(tmp_path, binary, venv):
    demo = Demo(tmp_path, binary, venv)
    yield demo
    demo("--down")


def tree(pid):
    """pid and all its descendants."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(entry)] = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def alive(pids):
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.mark.ssh
@pytest.mark.jupyter
def test_demo_from_start_to_end(demo):
    before = fingerprints(), mounts()
    demo.up()
    assert demo.status(8080, "/health") == 200
    assert demo.status(8888, "/jupyter/api") == 200
    token = re.search(r"token=(\w+)", demo.said)[1]
    assert demo.status(8888, f"/jupyter/api/contents?token={token}") == 200
    assert token not in (demo.state / "log").read_text()
    assert demo.status(6006, "/monitor/") == 200
    assert demo.ssh("hostname").stdout == "bootsman-demo\n"
    assert "service.sshd" in demo.ssh("bootsman status").stdout
    assert "Folders:" in subprocess.run(
        ["sshpass", "-p", re.search(r"password: (\S+)", demo.said)[1], "ssh", *ssh.OPTIONS, "-tt", "-p",
         str(demo.ports[22]), "root@127.0.0.1"], input="exit\n", capture_output=True, text=True, timeout=30,
        check=False).stdout
    assert demo.ssh("ls /sync").stdout == ""

    second = demo("--detach", "--binary", demo.binary)
    assert second.returncode == 1
    assert "one is running already" in second.stderr

    killed = int(demo.ssh("pgrep -o -f jupyter-lab").stdout)
    demo.ssh(f"kill -9 {killed}")
    eventually(lambda: demo.status(8080, "/health") == 200 and demo.status(8888, "/jupyter/api") == 200, 30,
               "Jupyter is back")
    assert int(demo.ssh("pgrep -o -f jupyter-lab").stdout) != killed

    processes = tree(demo.pid())
    assert len(processes) > 4
    down = demo("--down")
    assert (down.returncode, down.stdout) == (0, "The demo has ended.\n")
    assert not alive(processes)
    assert not demo.state.exists()
    assert (fingerprints(), mounts()) == before
    assert demo.status(8080, "/health") == 0


def test_killed_demo_leaves_nothing(demo):
    demo.up()
    processes = tree(demo.pid())
    os.kill(demo.pid(), signal.SIGKILL)
    eventually(lambda: not alive(processes), 10, "all processes are gone")
    assert demo("--down").returncode == 0
    assert not demo.state.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_foreground_demo_ends_in_order(demo, number):
    process = subprocess.Popen([demo.clone / "packaging/demo.sh", "--binary", demo.binary],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    eventually(lambda: (demo.state / "info").exists(), 120, "the demo is up")
    processes = tree(process.pid)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "The workspace has ended with exit code 0." in said
    assert not alive(processes)
    assert not demo.state.exists()


def test_demo_that_cannot_start_says_why(demo, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho 'these are its last words'\nexit 78\n")
    broken.chmod(0o755)
    result = demo("--detach", "--binary", broken)
    assert result.returncode == 1
    assert "these are its last words" in result.stderr


def test_down_without_a_demo_is_no_error(demo):
    result = demo("--down")
    assert (result.returncode, result.stdout) == (0, "No demo is running.\n")
