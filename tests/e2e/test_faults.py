"""System calls of PID 1 that fail, by strace: it does not die, hang or spin, and its units go on."""

import json
import os
import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from lib.container import eventually
from lib.root import BINARY_INSIDE

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")

# What the calls of the run below may fail by on a machine that lacks something. Left out: what no kernel answers (a
# close(2) that leaves the descriptor open, an fstat(2) of a pipe), and the C library's own start (brk, mprotect).
FAULTS = {
    "clone": "EAGAIN ENOMEM", "pipe2": "EMFILE ENFILE ENOMEM", "socketpair": "EMFILE ENFILE ENOMEM",
    "socket": "EMFILE ENFILE ENOMEM EACCES", "bind": "EADDRINUSE ENOMEM", "listen": "EADDRINUSE",
    "accept4": "EMFILE ENFILE ENOMEM EINTR ECONNABORTED", "epoll_create1": "EMFILE ENOMEM",
    "signalfd4": "EMFILE ENOMEM", "inotify_init1": "EMFILE ENOMEM", "eventfd2": "EMFILE ENOMEM",
    "inotify_add_watch": "ENOSPC ENOMEM EACCES", "openat": "EMFILE ENFILE ENOMEM EACCES EIO", "read": "EINTR ENOMEM",
    "write": "EINTR ENOMEM", "writev": "EINTR ENOMEM", "splice": "EINTR ENOMEM EAGAIN", "sendto": "EINTR ENOMEM",
    "recvfrom": "EINTR ENOMEM", "epoll_wait": "EINTR", "epoll_ctl": "ENOMEM ENOSPC", "poll": "EINTR ENOMEM",
    "wait4": "EINTR", "kill": "ESRCH EPERM", "fcntl": "EMFILE EPERM", "setsockopt": "ENOMEM", "getdents64": "EIO ENOMEM",
    "readlink": "ENOENT EACCES", "access": "EIO", "prlimit64": "EPERM", "mkdir": "EROFS",
    "unlink": "EROFS", "mmap": "ENOMEM", "getrandom": "ENOSYS",
    "close_range": "ENOSYS",
}
CONFIG = """extends = "empty"
shutdown = { timeout = "6s" }
[step.prepare]
command = ["sh", "-c", "echo prepared"]
[service.web]
command = ["sh", "-c", "echo web is up; exec sleep 1001"]
ready = { exec = ["true"], every = "100ms" }
restart = { delay = "50ms" }
[service.loop]
command = ["sh", "-c", "echo loop runs; exit 1"]
restart = { delay = "50ms", max_delay = "100ms" }
on_failure = "ignore"
[service.flood]
command = ["sh", "-c", "while [ ! -e /srv/go ]; do sleep 0.02; done; seq 1000000 1100000; echo over; exec sleep 1002"]
log = { when_blocked = "wait" }
restart = { delay = "50ms" }
"""
MORE = '[service.more]\ncommand = ["sh", "-c", "echo more; exec sleep 1003"]\n'
RUN = f"read go; exec {BINARY_INSIDE} run"
START_ENDS = (70, 78)  # What a start that lacks something may end with, having said why.
STRIDE = 13


def fault(name, error, when):
    return f"{name}:error={error}:when={when}"


class Run:
    """One life of the init, some of whose calls fail."""

    def __init__(self, maker, root, faults, trace="none"):
        self.root = root
        root.write("/etc/bootsman/bootsman.toml", CONFIG)
        root.remove("/srv/go")
        self.container = maker.start(root, command=["sh", "-c", RUN], stdin=subprocess.PIPE)
        self.trace = root.path("/srv/trace")
        # From outside: without -f it is PID 1 alone whose calls are looked at.
        self.tracer = subprocess.Popen(
            ["strace", "-p", str(self.container.init), "-o", self.trace, "-e", f"trace={trace}",
             *(f"--inject={fault}" for fault in faults)], stderr=subprocess.PIPE, text=True)
        assert "attached" in self.tracer.stderr.readline()
        self.container.process.stdin.write(b"\n")
        self.container.process.stdin.flush()

    def ask(self, *words):
        """A command, which may be refused in a sentence while something lacks; asked again then."""
        def done():
            result = self.container.bootsman(*words, check=False, timeout=10)
            assert result.returncode == 0 or "cannot" in result.stdout + result.stderr, result
            return result if result.returncode == 0 else time.sleep(0.1)
        return eventually(done, 12, f"bootsman {' '.join(words)}")

    def states(self):
        return {unit["id"]: unit["state"] for unit in json.loads(self.ask("status", "--json").stdout)["units"]}

    def goes_on(self):
        return self.container.process.poll() is None

    def cpu(self):
        words = Path(f"/proc/{self.container.init}/stat").read_text().rsplit(")")[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def live(self):
        """What people do with a container, and what they see of it."""
        container = self.container
        eventually(lambda: not self.goes_on() or container.status("/health/ready") == 200, 20, "it is ready")
        if not self.goes_on():
            return
        self.ask("restart", "web")
        self.root.append("/etc/bootsman/bootsman.toml", MORE)
        self.ask("reload")
        self.root.write("/srv/go", "")
        container.wait_for_log(r"^flood +\| over$", 15)
        numbers = re.findall(r"^flood +\| (\d+)$", container.log, re.MULTILINE)
        assert numbers == [str(number) for number in range(1_000_000, 1_100_001)], "lines of the flood are lost"
        eventually(lambda: "over" in self.ask("logs", "-n", "5", "flood").stdout, 3, "the ring has the last line")
        container.wait_for_http("/health", timeout=2)
        runs = container.log.count("loop runs")
        eventually(lambda: container.log.count("loop runs") > runs, 5, "what crashes is started again")
        eventually(lambda: set(map(self.states().get, ("service.web", "service.flood", "service.more"))) == {"ready"}, 8,
                   "all is ready")
        lines = sorted(line for line in container.processes().values() if line.startswith("sleep 100"))
        assert lines == ["sleep 1001", "sleep 1002", "sleep 1003"], "each runs once"
        before = self.cpu()
        time.sleep(0.3)
        assert self.cpu() - before < 0.2, "it spins"

    def end(self):
        """The trace."""
        if self.goes_on():
            self.container.signal()
        code = self.container.wait(9)
        said = self.container.transcript()
        if code != 0:
            assert code in START_ENDS and "web is up" not in said, code
            # libuv has one more abort at its very start, before there is anything to lose.
            assert re.search("cannot|internal fault: SIGABRT", said), "it ended without a sentence"
        self.tracer.wait(5)
        return self.trace.read_text()


@pytest.fixture
def live(maker, root):
    """live(fault…): the trace of a whole life with these faults."""
    def whole(*faults, trace="none"):
        run = Run(maker, root, faults, trace)
        try:
            run.live()
            trace = run.end()
        finally:
            run.container.kill()
            run.tracer.kill()
            run.tracer.communicate()
        maker._item.containers.remove(run.container)  # There may be hundreds of them.
        return trace
    return whole


# Each of these ended the init once, or its output. brk(2) knows no error: it answers where the end is.
@pytest.mark.parametrize("what", [
    "epoll_ctl:error=ENOSPC:when=5+5", "epoll_ctl:error=ENOMEM:when=12..18", "splice:error=ENOMEM:when=5",
    "brk:retval=0:when=6+1", "mmap:error=ENOMEM:when=2..5", "brk:retval=0:when=7..90 mmap:error=ENOMEM:when=3..60",
    "pipe2:error=ENOMEM:when=9+7", "epoll_create1:error=EMFILE:when=2",
])
def test_life_goes_on_when_calls_fail(live, what):
    assert "INJECTED" in live(*what.split(), trace=what.split(":")[0])


def test_sample_of_single_faults(live):
    """One call, one time, one error, drawn by chance."""
    counts = {}
    for line in live(trace=",".join(FAULTS)).splitlines():
        name = line.split("(")[0]
        counts[name] = counts.get(name, 0) + 1
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for name in chance.sample([name for name in FAULTS if name in counts], 3):
        what = fault(name, chance.choice(FAULTS[name].split()), chance.randint(1, counts[name]))
        print(f"seed {seed}: {what}")
        live(what)


@pytest.mark.long
@pytest.mark.parametrize("name, error", [(name, error) for name, errors in FAULTS.items() for error in errors.split()])
def test_every_call_that_fails(live, name, error):
    for first in range(1, STRIDE + 1):
        what = fault(name, error, f"{first}+{STRIDE}")
        print(what)
        if "INJECTED" not in live(what, trace=name):
            break
