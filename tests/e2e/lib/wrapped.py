"""A single-command init (`bootsman wrap`, tini, dumb-init) as PID 1 of a PID namespace, or not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from .container import Stream, eventually

REPORTER = [sys.executable, str(Path(__file__).with_name("signal_reporter.py"))]
AS_PID_1 = ["unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--"]
# Of pending signals the highest number is taken last. Not every init forwards real-time signals.
LAST, LAST_REALTIME = int(signal.SIGPWR), 63


def children(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def state(pid):
    """The letter of proc(5): R, S, T, Z …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def shell_code(code):
    return 128 - code if code < 0 else code


class Wrapped:
    """One run of an init with pipes as its standard streams."""

    def __init__(self, command, pid_1=False, **options):
        self.pid_1 = pid_1
        self.process = subprocess.Popen(
            [*(AS_PID_1 if pid_1 else []), *map(str, command)], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.stdout, self.stderr = Stream(self.process.stdout), Stream(self.process.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self._all():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(10)
        for stream in (self.stdout, self.stderr):
            stream.join(10)
        self.process.stdout.close()
        self.process.stderr.close()

    def _all(self):
        """The processes of our session and the descendants that left it, the init first."""
        found, ahead = [], [self.process.pid]
        while ahead:
            pid = ahead.pop()
            found.append(pid)
            try:
                ahead += children(pid)
            except OSError:
                continue
        return found if self.process.poll() is None else []

    @property
    def init(self):
        """The init's pid as seen from here."""
        return children(self.process.pid)[0] if self.pid_1 else self.process.pid

    @property
    def command(self):
        """The pid of what it runs, as seen from here."""
        return children(self.init)[0]

    def signal(self, number):
        os.kill(self.init, number)

    def wait(self, timeout=20):
        return shell_code(self.process.wait(timeout))

    # With the reporter as its command.

    def wait_until_it_reports(self):
        for name in ("command", "descendant"):
            self.stdout.wait_for(f"^{name} ready$", 20)

    def seen(self, last):
        """What was reported so far, once all that was sent has come through."""
        command = self.command
        descendant = children(command)[0]
        self.signal(last)
        self.stdout.wait_for(f"^command {last}$", 10)
        # The descendant may not be sent to; asked directly, it answers last.
        os.kill(descendant, signal.SIGRTMAX)
        self.stdout.wait_for(f"^descendant {int(signal.SIGRTMAX)}$", 10)
        lines = [line for line in self.stdout.text.splitlines() if line[-1].isdigit()]
        return sorted(line for line in lines if not line.endswith((f" {last}", f" {int(signal.SIGRTMAX)}")))

    def report_of(self, numbers):
        """Sends these signals to the init; what arrived below, and the exit code after a SIGKILL."""
        self.wait_until_it_reports()
        for number in numbers:
            self.signal(number)
        seen = self.seen(LAST if max(numbers) < LAST else LAST_REALTIME)
        os.kill(self.command, signal.SIGKILL)
        return seen, self.wait()


def run(command, pid_1=False, **options):
    """Runs to the end: (exit code, stdout, stderr), as text."""
    done = subprocess.run([*(AS_PID_1 if pid_1 else []), *map(str, command)], start_new_session=True,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, **options)
    return shell_code(done.returncode), done.stdout, done.stderr


def gone(pid):
    """Whether that process has ended, reaped or not."""
    try:
        return state(pid) == "Z"
    except OSError:
        return True


def wait_for_state(pid, letter, timeout=10):
    eventually(lambda: state(pid) == letter, timeout, f"process {pid} is in state {letter}")
