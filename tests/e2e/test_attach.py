"""bootsman attach: this terminal joined to that of a unit with tty = true."""

import fcntl
import os
import struct
import termios

from lib.container import eventually
from lib.pty import Terminal
from lib.root import BINARY_INSIDE

SHELL = ('[service.console]\ncommand = ["bash", "--norc", "-i"]\ntty = true\nenv = { PS1 = "PROMPT> " }\n'
         '[service.web]\ncommand = ["sleep", "1000"]\n')
DETACH = "\x1d\x1d"


def attach(container, *words):
    return Terminal(["nsenter", f"--target={container.init}", "--all", "--", BINARY_INSIDE, "attach", *words])


def resize(person, rows, columns):
    fcntl.ioctl(person.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def test_type_resize_detach_and_attach_again(boot):
    container = boot(SHELL)
    container.wait_for_boot()
    with attach(container, "console") as person:
        person.line("echo one-$((40 + 2)); here=kept")
        person.expect("one-42\r\n", 20)
        resize(person, 33, 111)
        person.line("until stty size | grep '33 111'; do sleep 0.05; done; echo re''sized")
        person.expect("resized", 20)
        person.type(DETACH)
        person.expect("detached", 20)
        assert person.process.wait(20) == 0
    pid = container.process_with("bash --norc -i")
    with attach(container, "console") as person:
        person.line("echo $here-$((1 + 1))")
        person.expect("kept-2\r\n", 20)
        person.type("\x1d")  # One is the program's: bash searches for the key behind it.
        person.line("x" + "echo still-$((3 + 3))")
        person.expect("still-6\r\n", 20)
        person.type(DETACH)
        assert person.process.wait(20) == 0
    assert container.process_with("bash --norc -i") == pid
    container.wait_for_log("console | .*one-42")


def test_several_look_on_and_one_types(boot):
    container = boot(SHELL)
    container.wait_for_boot()
    with attach(container, "console") as first:
        first.line("echo first-$((1 + 1))")
        first.expect("first-2\r\n", 20)
        with attach(container, "console") as second:
            second.expect("only looks on", 20)
            second.line("echo second-$((2 + 2))")
            first.line("echo third-$((3 + 3))")
            first.expect("third-6\r\n", 20)
            second.expect("third-6\r\n", 20)
            assert "second-4" not in first.screen.text
            first.type(DETACH)
            assert first.process.wait(20) == 0
            second.expect("types from here on", 20)
            second.line("echo fourth-$((4 + 4))")
            second.expect("fourth-8\r\n", 20)


def test_a_viewer_stays_when_the_unit_restarts_and_is_killed_without_harm(boot):
    container = boot(SHELL)
    container.wait_for_boot()
    with attach(container, "console") as person:
        person.line("echo before-$((1 + 1))")
        person.expect("before-2\r\n", 20)
        container.bootsman("restart", "console")
        person.line("echo after-$((2 + 2))")
        person.expect("after-4\r\n", 20)
        pid = container.process_with("bash --norc -i")
    eventually(lambda: not any("attach" in line for line in container.processes().values()), 20, "the client is gone")
    assert container.process_with("bash --norc -i") == pid
    assert os.path.exists(f"/proc/{pid}")
    assert container.stop() == 0


def test_a_unit_without_a_terminal_can_not_be_attached_to(boot):
    container = boot(SHELL)
    container.wait_for_boot()
    result = container.bootsman("attach", "web", check=False)
    assert result.returncode == 1
    assert "set tty = true" in result.stderr
    assert container.bootsman("attach", "console", "--detach-keys", "ctrl-1", check=False).returncode == 2


def test_a_viewer_stays_with_its_unit_through_a_reload_and_goes_with_it(boot, root):
    container = boot(SHELL)
    container.wait_for_boot()
    with attach(container, "console") as person:
        person.line("echo before-$((1 + 1))")
        person.expect("before-2\r\n", 20)
        config = 'extends = "empty"\n[step.a]\ncommand = ["true"]\n[service.aa]\ncommand = ["sleep", "2000"]\n'
        root.write("/etc/bootsman/bootsman.toml", config + SHELL)
        container.bootsman("reload")
        person.line("echo after-$((2 + 2))")
        person.expect("after-4\r\n", 20)
        root.write("/etc/bootsman/bootsman.toml", config)
        container.bootsman("reload")
        person.expect("not in the new configuration", 20)
        assert person.process.wait(20) == 0
    assert "internal fault" not in container.log
