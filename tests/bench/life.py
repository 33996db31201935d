"""One life of a supervisor as PID 1 of a namespace, and what can be measured from outside."""

import os
import select
import signal
import subprocess
import time
from pathlib import Path

CLOCK = time.CLOCK_MONOTONIC


def now():
    return time.clock_gettime(CLOCK)


class Fifo:
    """Where the programs of load.c say what they have come to: words and the time."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""

    def read(self, count, timeout):
        """So many messages, [(word, time)]; fewer when the time is over."""
        messages, until = [], now() + timeout
        while len(messages) < count and now() < until:
            if not select.select([self._fd], [], [], max(until - now(), 0))[0]:
                break
            *lines, self._rest = (self._rest + os.read(self._fd, 1 << 16)).split(b"\n")
            messages += [(word, float(at)) for word, at in (line.decode().split() for line in lines)]
        return messages

    def close(self):
        os.close(self._fd)
        os.unlink(self.path)


class Life:
    """Runs until end(). `pid` is the supervisor's as seen from here."""

    def __init__(self, command, folder, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL):
        environment = {"PATH": os.environ["PATH"], "BOOTSMAN_SOCKET": str(folder / "control.sock")}
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--net", "--fork", "--kill-child=KILL", "--mount-proc", "--",
             *map(str, command)], env=environment, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL)
        self.pid = self._find()

    def _find(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for _ in range(5000):
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended at once, with {self.process.returncode}")
            try:
                words = children.read_text().split()
            except OSError:
                words = []
            if words:
                return int(words[0])
            time.sleep(0.0005)
        raise RuntimeError("it did not start")

    def processes(self, without=""):
        """All of its namespace: PID 1, and those whose executable is not `without`."""
        found = []
        try:
            namespace = os.readlink(f"/proc/{self.pid}/ns/pid")
        except OSError:
            return found
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{entry}/ns/pid") != namespace:
                    continue
                if int(entry) == self.pid or os.readlink(f"/proc/{entry}/exe") != str(without):
                    found.append(int(entry))
            except OSError:
                continue
        return found

    def memory(self, without):
        """PSS in bytes of all processes of the supervision."""
        total = 0
        for pid in self.processes(without):
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024
        return total

    def wake_ups(self, without):
        """How often its processes have slept and woken so far."""
        total = 0
        for pid in self.processes(without):
            try:
                text = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("voluntary_ctxt"))
        return total

    def cpu(self, without):
        """Seconds of processor time that its processes have used (of each its first thread: none has more)."""
        total = 0
        for pid in self.processes(without):
            try:
                total += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
            except OSError:
                continue
        return total / 1e9

    def stop(self, timeout, by=signal.SIGTERM):
        """Seconds until it has ended by itself; None when it has not."""
        # Not Popen.wait(), which sleeps between two looks: 0.5, 1, 2, 4 ms and so on.
        ended = os.pidfd_open(self.pid)
        try:
            begun = now()
            os.kill(self.pid, by)
            return now() - begun if select.select([ended], [], [], timeout)[0] else None
        finally:
            os.close(ended)

    def end(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.kill()
        self.process.wait()
