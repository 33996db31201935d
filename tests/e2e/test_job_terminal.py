"""`docker run -it`: the job has the terminal, with job control; all other lines are kept from it."""

import fcntl
import os
import struct
import termios

import pytest

from lib.container import ENTER_SH, PATH, eventually
from lib.pty import INTERRUPT, PROMPT, SUSPEND, Terminal
from lib.root import BINARY_INSIDE

CONFIG = '''extends = "empty"
[service.loud]
command = ["sh", "-c", "while :; do echo LOUD; sleep 0.1; done"]
'''


@pytest.fixture
def interactive(root):
    """interactive(command, config): PID 1 leads the session of a terminal, as under a container engine."""
    terminals = []

    def start(*command, config=CONFIG):
        root.write("/etc/bootsman/bootsman.toml", config)
        variables = {"PATH": PATH, "HOME": "/root", "PS1": PROMPT, "TERM": "dumb", "LC_ALL": "C"}
        terminal = Terminal(
            ["nsenter", f"--mount=/proc/{root.pid}/ns/mnt", "--",
             "env", "-i", *(f"{name}={value}" for name, value in variables.items()),
             "unshare", "--pid", "--mount", "--uts", "--ipc", "--net", "--fork", "--kill-child=SIGKILL", "--",
             ENTER_SH, root.mount_point, "bootsman-test", "setsid", "--ctty", BINARY_INSIDE, "run", "--", *command],
            controlling=False)
        terminals.append(terminal)
        return terminal

    yield start
    for terminal in terminals:
        terminal.__exit__()


@pytest.fixture
def bash(interactive):
    terminal = interactive("bash", "--norc", "--noprofile", "-i")
    eventually(lambda: PROMPT in terminal.screen.text, 20, "bash has its prompt")
    return terminal


def test_bash_has_the_terminal_to_itself(bash):
    assert bash.screen.text.lstrip("\r\n") == PROMPT, "nothing but the prompt"
    bash.line("echo session $(awk '{print ($6 == $1), ($7 != 0)}' /proc/$$/stat)")
    bash.expect("session 1 1\r\n")
    bash.line("exit 7")
    assert bash.process.wait(20) == 7
    assert "LOUD" not in bash.screen.text and "bootsman |" not in bash.screen.text


def test_lines_of_other_units_are_kept(bash):
    bash.line(f"until {BINARY_INSIDE} logs -n 1 loud | grep LOUD; do :; done")
    bash.expect("LOUD\r\n")


def test_keys_go_to_the_program_in_the_foreground(bash):
    bash.line("sleep 1000")
    bash.expect_foreground("sleep")
    bash.type(INTERRUPT)
    bash.expect(PROMPT)
    bash.line("echo $?")
    bash.expect("130\r\n")


def test_program_is_suspended_and_brought_back(bash):
    bash.line("sleep 1000")
    bash.expect_foreground("sleep")
    bash.type(SUSPEND)
    bash.expect("Stopped")
    bash.line("fg")
    bash.expect_foreground("sleep")
    bash.type(INTERRUPT)
    bash.expect(PROMPT)


def test_size_of_the_window_follows(bash):
    bash.line("trap 'echo resized $(stty size)' WINCH; echo set")
    bash.expect("set\r\n")
    bash._from = len(bash.screen.text)
    fcntl.ioctl(bash.master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 111, 0, 0))
    # bash runs the trap once the line is read, or at once.
    os.write(bash.master, b"\n")
    bash.expect("resized 33 111")


def test_end_of_the_terminal_ends_the_job(bash):
    # The bytes wake the reader, which holds the terminal open until its call returns.
    bash.line("sleep 0.3; echo awake")
    os.close(bash.master)
    bash.master = os.open(os.devnull, os.O_RDONLY)
    assert bash.process.wait(20) == 129


def test_job_that_cannot_be_executed_says_so_on_the_terminal(interactive):
    terminal = interactive("/no/such/program")
    assert terminal.process.wait(20) == 127
    eventually(lambda: "cannot execute /no/such/program: no such file" in terminal.screen.text, 5, "the reason is shown")
    assert "LOUD" not in terminal.screen.text


def test_keys_stop_the_container_while_it_boots(interactive):
    terminal = interactive("bash", config='extends = "empty"\n[step.slow]\ncommand = ["sleep", "1000"]\n'
                                          'if_exists = "/usr/bin/sleep"\n')
    eventually(lambda: b"sleep\x001000" in b"".join(
        open(f"/proc/{pid}/cmdline", "rb").read() for pid in terminal._descendants(terminal.process.pid)), 20, "it boots")
    terminal.type(INTERRUPT)
    terminal.process.wait(20)
