"""A program on a terminal of its own, as a person has it."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import time

from .container import Stream, eventually

INTERRUPT, SUSPEND, END = "\x03", "\x1a", "\x04"
PROMPT = "PROMPT> "


class _Master:
    """The terminal's side of a person as a Stream's pipe; EIO is its end."""

    def __init__(self, fd):
        self._fd = fd

    def fileno(self):
        return self._fd


class _Screen(Stream):
    def _read(self, pipe):
        try:
            super()._read(pipe)
        except OSError:
            with self._changed:
                self._ended = True
                self._changed.notify_all()


class Terminal:
    """Runs `command` as the leader of a session that has the terminal."""

    def __init__(self, command, controlling=True, **options):
        self.master, slave = pty.openpty()
        self.modes_before = termios.tcgetattr(slave)
        take = ["setsid", "--ctty", "--wait"] if controlling else []
        self.process = subprocess.Popen([*take, *map(str, command)], stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=not controlling, **options)
        os.close(slave)
        self.screen = _Screen(_Master(self.master))
        self._from = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self._descendants(self.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.kill()
        self.process.wait(10)
        self.screen.join(10)
        os.close(self.master)

    def _descendants(self, pid):
        try:
            below = open(f"/proc/{pid}/task/{pid}/children", encoding="ascii").read().split()
        except OSError:
            return []
        return [one for child in map(int, below) for one in (child, *self._descendants(child))]

    def modes(self):
        return termios.tcgetattr(self.master)

    def type(self, text):
        self._from = len(self.screen.text)
        os.write(self.master, text.encode())

    def line(self, text):
        self.type(text + "\n")

    def expect(self, text, timeout=10):
        """Waits until `text` stands on the screen behind what was there at the last type()."""
        deadline = time.monotonic() + timeout
        while text not in (shown := self.screen.text[self._from:]):
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} did not appear; since the last key:\n{shown}\n"
                                     f"--- all ---\n{self.screen.text}")
            time.sleep(0.01)
        return shown

    def expect_foreground(self, name, timeout=10):
        """Waits until the terminal's keys go to a process group whose leader has that name."""
        def leader():
            try:
                with open(f"/proc/{os.tcgetpgrp(self.master)}/comm", encoding="utf-8") as file:
                    return file.read().strip()
            except OSError:
                return None
        eventually(lambda: leader() == name, timeout, f"{name} is in the foreground")


def shell(**options):
    """An interactive bash with job control."""
    terminal = Terminal(["bash", "--norc", "--noprofile", "-i"],
                        env={**os.environ, "PS1": PROMPT, "TERM": "dumb", "LC_ALL": "C", "HISTFILE": ""}, **options)
    eventually(lambda: PROMPT in terminal.screen.text, 10, "bash has its prompt")
    return terminal


def run_on_terminal(command, timeout=60):
    """Runs it to its end on a terminal of its own, 80 columns wide; its exit code and all that it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(["setsid", "--ctty", "--wait", *map(str, command)], stdin=theirs, stdout=theirs,
                               stderr=theirs)
    screen = _Screen(_Master(ours))
    code = process.wait(timeout)
    os.close(theirs)  # Not before: while nobody has it open it can't be read.
    screen.join(20)
    os.close(ours)
    return code, screen.text.replace("\r\n", "\n")
