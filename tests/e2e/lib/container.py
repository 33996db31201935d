"""One life of the init as PID 1 of fresh namespaces."""

import os
import re
import signal
import subprocess
import threading
import time
from collections import namedtuple
from pathlib import Path

from .netns import Connection
from .root import BINARY_INSIDE, REPOSITORY

ENTER_SH = REPOSITORY / "packaging/demo/enter.sh"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TICK = 0.02

Response = namedtuple("Response", "status body headers")


def eventually(condition, timeout, what):
    """The first true value of condition(), asked again until `timeout` seconds are over."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not so within {timeout} s")
        time.sleep(TICK)
    return value


def switches(pid):
    """How often the process has gone to sleep so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches:"):
            return int(line.split()[1])
    raise AssertionError("/proc tells no context switches")


def processes_beside(init):
    """All processes of the pid namespace of `init` but itself: {pid seen from here: command line}."""
    namespace = os.readlink(f"/proc/{init}/ns/pid")
    result = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(entry) != init and os.readlink(f"/proc/{entry}/ns/pid") == namespace:
                line = Path(f"/proc/{entry}/cmdline").read_bytes()
                result[int(entry)] = line.replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
    return result


class Stream:
    """What a pipe has delivered so far, read by a thread of its own."""

    def __init__(self, pipe):
        self._data = bytearray()
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe):
        while chunk := os.read(pipe.fileno(), 1 << 16):
            with self._changed:
                self._data += chunk
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def bytes(self):
        with self._changed:
            return bytes(self._data)

    @property
    def text(self):
        return self.bytes.decode(errors="replace")

    def wait_for(self, pattern, timeout):
        """The match of the regular expression in what has come, waiting for it to come."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                if match := re.search(pattern, self._data.decode(errors="replace"), re.MULTILINE):
                    return match
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    reason = "the output ended" if self._ended else f"{timeout} s are over"
                    raise AssertionError(f"{pattern!r} did not appear in the output: {reason}")
                self._changed.wait(left)

    def join(self, timeout):
        self._thread.join(timeout)
        assert not self._thread.is_alive(), "somebody still holds the output open"


class Container:
    """`command` as PID 1 of new PID, mount, UTS, IPC and network namespaces, in a Root.

    `network`: a process whose network it shares instead of a new one.
    """

    def __init__(self, root, command=None, env=None, stdin=subprocess.DEVNULL, read_only=False,
                 hostname="bootsman-test", network=None):
        self.root = root
        command = command or [BINARY_INSIDE, "run"]
        variables = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", **(env or {})}
        if read_only:
            variables["ROOT_READ_ONLY"] = "1"
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--mount=/proc/{root.pid}/ns/mnt",
             *([f"--net=/proc/{network}/ns/net"] if network else []), "--",
             "env", "-i", *(f"{name}={value}" for name, value in variables.items()),
             "unshare", "--pid", "--mount", "--uts", "--ipc", *([] if network else ["--net"]), "--fork",
             "--kill-child=SIGKILL", "--", ENTER_SH, root.mount_point, hostname, *map(str, command)],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.started = time.monotonic()
        self.stdout, self.stderr = Stream(self.process.stdout), Stream(self.process.stderr)
        self.init = self._find_init()

    def _find_init(self):
        """The init's pid as seen from here, once it is itself; None if it has ended already."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")

        def entered():
            if self.process.poll() is not None:
                return -1
            try:
                pid = int(children.read_text().split()[0])
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
            except (OSError, IndexError):
                return None
            return pid if line and b"enter.sh" not in line else None

        pid = eventually(entered, 10, "the container starts")
        return None if pid == -1 else pid

    # What is going on inside.

    def http(self, path, port=8080, timeout=5, method="GET"):
        connection = Connection(self.init, port, timeout)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return Response(answer.status, answer.read().decode(errors="replace"), answer.headers)
        finally:
            connection.close()

    def status(self, path, port=8080):
        """The status code of a GET, 0 if nobody answers."""
        try:
            return self.http(path, port).status
        except OSError:
            return 0

    def wait_for_http(self, path, status=200, port=8080, timeout=15):
        eventually(lambda: self.status(path, port) == status or self._must_live(),
                   timeout, f"GET :{port}{path} answers {status}")

    def _must_live(self):
        assert self.process.poll() is None, f"the init ended with {self.process.returncode}"

    def wait_for_boot(self, timeout=30, said=True):
        """Until the boot is done and, where its stdout is ours, has said so: what it says is in `log` then."""
        self.wait_for_http("/health/startup", timeout=timeout)
        if said:
            self.wait_for_log(r"boot done in ", timeout)

    def wait_for_log(self, pattern, timeout=10):
        return self.stdout.wait_for(pattern, timeout)

    @property
    def log(self):
        return self.stdout.text

    def exec(self, *command, input=None, timeout=30, check=True):
        """Runs a command in the container, as root; returns the finished process, output as text."""
        result = subprocess.run(
            ["nsenter", f"--target={self.init}", "--all", "--", "env", "-i", f"PATH={PATH}", "HOME=/root",
             "LANG=C.UTF-8", *map(str, command)],
            input=input, capture_output=True, text=True, timeout=timeout, check=False)
        if check:
            assert result.returncode == 0, f"{command}: exit code {result.returncode}\n{result.stderr}"
        return result

    def bootsman(self, *words, **options):
        return self.exec(BINARY_INSIDE, *words, **options)

    def from_outside(self, *command, input=None, timeout=30):
        """Runs a program of the machine in the container's network only."""
        return subprocess.run(["nsenter", f"--target={self.init}", "--net", "--", *map(str, command)],
                              input=input, capture_output=True, text=True, timeout=timeout, check=False)

    def processes(self):
        return processes_beside(self.init)

    def process_with(self, text, timeout=10):
        """The pid, seen from here, of a process whose command line contains `text`."""
        return eventually(lambda: next((pid for pid, line in self.processes().items() if text in line), None),
                          timeout, f"a process with {text!r} in its command line runs")

    # Its end.

    def signal(self, number=signal.SIGTERM):
        os.kill(self.init, number)

    def wait(self, timeout=15):
        """The exit code of the init, 128+n for a signal."""
        code = self.process.wait(timeout)
        for stream in (self.stdout, self.stderr):
            stream.join(5)
        return 128 - code if code < 0 else code

    def stop(self, timeout=15):
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        """Ends whatever is left. Harmless after wait()."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                self.stdout.join(5)
                self.stderr.join(5)
                pipe.close()

    def transcript(self):
        return f"--- stdout ---\n{self.stdout.text}\n--- stderr ---\n{self.stderr.text}"
