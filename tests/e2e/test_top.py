"""bootsman top and status --watch on a terminal: every key, every way to end, every size."""

import fcntl
import json
import os
import re
import signal
import struct
import termios

import pytest

from lib.cells import cells
from lib.container import eventually
from lib.pty import Terminal
from lib.root import BINARY_INSIDE

WEB = '[service.web]\ncommand = ["sh", "-c", "echo up as $$$$; exec sleep 1000"]\n'
ZEBRA = '[service.zebra]\ncommand = ["sh", "-c", "echo a stripe; exec sleep 2000"]\n'
CONSOLE = '[service.console]\ncommand = ["bash", "--norc", "-i"]\ntty = true\nenv = { PS1 = "PROMPT> " }\n'
WATCHING = pytest.mark.parametrize("words", [["top"], ["status", "--watch"]], ids=" ".join)
UP, DOWN, CTRL_C = "\x1b[A", "\x1b[B", "\x03"


def inside(container, *words):
    return ["nsenter", f"--target={container.init}", "--all", "--", BINARY_INSIDE, *words]


def size(master, rows, columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def shown(person):
    """The latest screen as the terminal shows it."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", person.screen.text.split("\x1b[H")[-1]).replace("\r\n", "\n")


def shows(person, pattern):
    return eventually(lambda: re.search(pattern, shown(person), re.MULTILINE), 20, f"{pattern} on the screen")


def unit(container, name):
    return json.loads(container.bootsman("status", "--json", name).stdout)["units"][0]


def quits(person, key="q", code=0):
    person.type(key)
    assert person.process.wait(20) == code
    assert person.modes() == person.modes_before
    person.expect("\x1b[?25h\x1b[?1049l", 20)


def test_every_key_of_the_last_line_does_what_it_says(boot):
    container = boot(WEB + ZEBRA)
    container.wait_for_boot()
    with Terminal(inside(container, "top")) as person:
        size(person.master, 24, 80)
        keys = shows(person, r"^q quit .*$").group()
        assert re.split(" {3}", keys) == ["q quit", "up/down choose", "r restart", "s stop", "t start", "a attach"]
        shows(person, "^--- last lines of service.web$")
        person.type(DOWN)
        shows(person, "^--- last lines of service.zebra\na stripe$")
        person.type(UP)
        shows(person, "^--- last lines of service.web\nup as ")

        person.type("s")
        shows(person, "^press the key once more to stop service.web$")
        person.type("j")  # Who does something else has not said yes.
        shows(person, "^--- last lines of service.zebra")
        person.type("k")
        shows(person, "^--- last lines of service.web")
        person.type("s")
        shows(person, "^press the key once more to stop service.web$")
        assert unit(container, "web")["state"] == "ready"
        person.type("s")
        shows(person, "^stop of service.web is under way$")
        shows(person, r"^service.web +stopped ")
        assert unit(container, "web")["state"] == "stopped"

        person.type("t")
        shows(person, "^start of service.web is under way$")
        shows(person, r"^service.web +ready ")
        before = unit(container, "web")["pid"]

        person.type("r")
        shows(person, "^press the key once more to restart service.web$")
        person.type("r")
        shows(person, "^restart of service.web is under way$")
        eventually(lambda: unit(container, "web")["pid"] not in (None, before), 20, "it has another process")

        person.type("a")
        shows(person, "set tty = true")
        quits(person)
    assert unit(container, "zebra")["restarts"] == 0


def test_keys_that_mean_nothing_and_many_at_once(boot):
    container = boot(WEB + ZEBRA)
    container.wait_for_boot()
    with Terminal(inside(container, "top")) as person:
        shows(person, "^--- last lines of service.web$")
        person.type("x?\x1b[6~\x1bOS\x1a\x1bq" + DOWN + UP + "j")
        shows(person, "^--- last lines of service.zebra$")
        person.type("ssss")  # A question that nobody has read yet is not answered.
        shows(person, "once more to stop service.zebra$")
        assert unit(container, "zebra")["state"] == "ready"
        quits(person, CTRL_C)


def test_the_choice_stays_with_its_unit_when_rows_come_and_go(boot):
    container = boot('[step.slow]\ncommand = ["sh", "-c", "until [ -e /root/go ]; do sleep 0.05; done"]\n'
                     '[service.early]\ncommand = ["sleep", "1000"]\nearly = true\n')
    container.process_with("sleep 1000")
    with Terminal(inside(container, "top")) as person:
        shows(person, r"^step.slow +running ")
        person.type("j")
        shows(person, "^--- last lines of service.early$")
        person.type("s")
        shows(person, "once more to stop service.early$")
        container.root.write("/root/go", "")
        eventually(lambda: "step.slow" not in shown(person), 20, "the step is done")
        shows(person, "^--- last lines of service.early$")
        quits(person)


@WATCHING
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_end_of_the_init_leaves_the_terminal_as_it_was(boot, words, end):
    container = boot(WEB)
    container.wait_for_boot()
    # Not in the pid namespace of the container, with which it would end.
    outside = ["nsenter", f"--target={container.init}", "--mount", "--", BINARY_INSIDE, *words]
    with Terminal(outside) as person:
        shows(person, r"^service.web +ready ")
        if end == "stop":
            assert container.stop() == 0
        else:
            os.kill(container.init, signal.SIGKILL)
        assert person.process.wait(20) == 1
        assert person.modes() == person.modes_before
        last = person.screen.text.split("\x1b[?25h\x1b[?1049l")[-1]
        assert re.match(r"cannot (reach the init any more|get an answer)", last), last


@WATCHING
def test_it_fits_80_columns_and_wide_characters(boot, words):
    container = boot('[service.a-server-of-a-model-with-a-long-name-1]\ncommand = ["sh", "-c", "echo '
                     + "训练完成" * 30 + '; exec sleep 1000"]\n[service.a-server-of-a-model-with-a-long-name-2]\n'
                     'command = ["sh", "-c", "echo ' + "端口已被占用" * 20 + '; exit 3"]\n'
                     'restart = { delay = "1h", max_delay = "1h" }\n')
    container.wait_for_boot()
    eventually(lambda: unit(container, "a-server-of-a-model-with-a-long-name-2")["state"] == "backoff", 20, "it failed")
    with Terminal(inside(container, *words)) as person:
        size(person.master, 24, 80)
        shows(person, r"^service.a-s…-long-name-2 +backoff ")
        lines = shown(person).split("\n")
        assert len(lines) == 24
        assert max(map(cells, lines)) <= 80
        quits(person)


def test_top_attaches_to_the_chosen_unit_and_comes_back(boot):
    container = boot(CONSOLE + WEB)
    container.wait_for_boot()
    with Terminal(inside(container, "top"), controlling=True) as person:
        person.expect("console", 20)
        person.type("a")
        person.expect("leads back", 20)
        person.line("echo here-$((40 + 2))")
        person.expect("here-42\r\n", 20)
        person.type("\x1d\x1d")
        person.expect("detached", 20)
        person.expect("\x1b[?1049h", 20)
        person.type("j")
        person.expect("last lines of service.web", 20)
        person.type("a")
        person.expect("set tty = true", 20)
        person.type("q")
        person.expect("\x1b[?1049l", 20)
        assert person.process.wait(20) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda one: one.name)
@pytest.mark.parametrize("words", [["top"], ["status", "--watch"]], ids=" ".join)
def test_a_signal_leaves_the_terminal_as_it_was(boot, words, number):
    container = boot(WEB)
    container.wait_for_boot()
    with Terminal(inside(container, *words), controlling=True) as person:
        person.expect("\x1b[?1049h", 20)
        eventually(lambda: person.modes() != person.modes_before, 20, "keys go through as they are")
        pid = container.process_with(f"{BINARY_INSIDE} {words[0]}")
        os.kill(pid, number)
        person.expect("\x1b[?1049l", 20)
        assert person.process.wait(20) in (128 + number, -number)
        assert person.modes() == person.modes_before
        assert person.screen.text.rstrip().endswith("\x1b[?25h\x1b[?1049l")


def test_top_draws_itself_anew_for_a_window_of_another_size(boot):
    container = boot(WEB + "".join(f'[service.more{i}]\ncommand = ["sleep", "1000"]\n' for i in range(30)))
    container.wait_for_boot()
    with Terminal(inside(container, "top"), controlling=True) as person:
        size(person.master, 24, 80)
        for rows, columns in ((24, 80), (10, 40), (50, 200)):
            person.type("")
            size(person.master, rows, columns)
            person.expect("\x1b[J", 20)
            eventually(lambda: fits(person.screen.text.split("\x1b[H")[-1], rows, columns), 20,
                       f"{rows} rows of {columns} columns")
        person.type("q")
        assert person.process.wait(20) == 0


def fits(screen, rows, columns):
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen).split("\r\n")
    return len(lines) == rows and max(map(len, lines)) <= columns and "q quit" in lines[-1][:columns]
