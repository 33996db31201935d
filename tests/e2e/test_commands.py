"""Every command on a terminal and in a pipe: exit codes, width, colours, JSON, and what to do next."""

import json
import re
import subprocess

import pytest

from lib.pty import run_on_terminal
from lib.root import BINARY_INSIDE, REPOSITORY

CONFIG = ('[service.web]\ncommand = ["sh", "-c", "echo up; exec sleep 1000"]\n'
          '[service.console]\ncommand = ["sleep", "2000"]\ntty = true\n'
          '[service.loop]\ncommand = ["sh", "-c", "echo a line that is far longer than eighty columns, which nobody '
          'wants to be wrapped on a terminal; exit 3"]\nrestart = { delay = "1h", max_delay = "1h" }\n'
          '[step.greet]\ncommand = ["true"]\n')
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# Words, exit code; "json": also with --json, and then it is JSON, one value or one a line. "end": it ends the init.
COMMANDS = [
    (["wrap", "true"], 0, ""),
    (["wrap", "sh", "-c", "exit 9"], 9, ""),
    (["check"], 0, ""),
    (["check", "/no/such/file"], 1, ""),
    (["plan"], 0, "json"),
    (["run-step", "greet"], 0, ""),
    (["run-step", "nobody"], 1, ""),
    (["health"], 0, ""),
    (["health", "--live"], 0, ""),
    (["status"], 0, "json"),
    (["status", "web"], 0, "json"),
    (["status", "nobody"], 1, ""),
    (["start", "web"], 0, ""),
    (["stop", "console"], 0, ""),
    (["restart", "web"], 0, ""),
    (["restart", "nobody"], 1, ""),
    (["reload"], 0, ""),
    (["signal", "CONT", "web"], 0, ""),
    (["signal", "NOSUCH", "web"], 2, ""),
    (["logs"], 0, "json"),
    (["logs", "rotate"], 0, ""),
    (["events"], 0, "json"),
    (["boot-report"], 0, "json"),
    (["boot-report", "--svg"], 0, "wide"),
    (["doctor"], None, "json"),  # Its verdict is on this machine.
    (["import", "/etc/supervisord.conf"], 0, ""),
    (["import", "/no/such/file"], 1, ""),
    (["shell", "web", "--", "sh", "-c", "exit 5"], 5, ""),
    (["attach", "web"], 1, ""),
    (["motd"], 0, ""),
    (["motd", "--colour", "always"], 0, "drawn"),  # For a file that a terminal shows later.
    (["motd", "--colour", "sometimes"], 2, ""),
    (["completion", "bash"], 0, "wide"),
    (["completion", "nosuch"], 2, ""),
    (["version"], 0, ""),
    (["help"], 0, ""),
    (["help", "restart.delay"], 0, ""),
    (["help", "nosuch"], 2, ""),
    (["shutdown", "--exit-code", "0"], 0, "end"),
]
TABLES = {"status", "boot-report", "help", "version"}  # The others print sentences and lines of others, never cut.
ELSEWHERE = {"run", "top"}  # They have no end: all other files, and test_watching.py.


def words_of(container, words, env=()):
    return ["nsenter", f"--target={container.init}", "--all", "--", "env", *env, BINARY_INSIDE, *words]


def in_a_pipe(container, words, env=()):
    done = subprocess.run(words_of(container, words, env), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def on_a_terminal(container, words, env=()):
    return run_on_terminal(words_of(container, words, env))


def too_wide(text):
    return [line for line in COLOUR.sub("", text).splitlines() if len(line) > 80]


def names(container):
    text = container.bootsman("help").stdout
    return re.findall(r"^  ([a-z-]+)  +\S", text, re.MULTILINE)


@pytest.fixture
def container(boot, root):
    root.write("/etc/supervisord.conf", "[program:web]\ncommand=sleep 1\n")
    container = boot(CONFIG)
    container.wait_for_boot()
    return container


def test_the_table_has_every_command(container):
    assert {words[0] for words, _, _ in COMMANDS} | ELSEWHERE == set(names(container))


def test_every_command_explains_itself_within_80_columns(container):
    for name in names(container):
        code, out, err = in_a_pipe(container, [name, "--help"])
        assert (code, err) == (0, ""), name
        assert out.startswith(f"usage: bootsman {name}")
        assert out == in_a_pipe(container, ["help", name])[1]
        assert not too_wide(out) and "\x1b" not in out, name
        code, text = on_a_terminal(container, [name, "--help"])
        assert (code, text) == (0, out)
        code, out, err = in_a_pipe(container, [name, "--no-such-option"])
        assert (code, out) == (2, "") and "--no-such-option" in err and "--help" in err, name
    assert not too_wide(container.bootsman("help").stdout)


def test_every_command_in_a_pipe_and_on_a_terminal(container):
    wide = []
    for words, expected, kind in COMMANDS:
        if kind == "end":
            continue
        code, out, err = in_a_pipe(container, words)
        assert expected is None or code == expected, (words, out, err)
        assert kind == "drawn" or "\x1b" not in out + err, words
        assert out + err or words[0] in ("wrap", "motd", "shell", "run-step"), words
        if code == 2:
            assert not out and err, words
        on_tty, text = on_a_terminal(container, words)
        assert on_tty == code, (words, text)
        plain = on_a_terminal(container, words, env=["NO_COLOR=1"])[1]
        assert kind == "drawn" or "\x1b" not in plain, words
        if code == 0 and kind != "wide" and words[0] in TABLES:
            wide += [(words, line) for line in too_wide(plain)]
        if kind == "json":
            out = in_a_pipe(container, [words[0], "--json", *words[1:]])[1]
            for one in out.splitlines() if words[0] in ("logs", "events") else [out]:
                json.loads(one)
    assert not wide, "\n".join(f"{words}: {line}" for words, line in wide)


def test_without_an_init_each_says_where_it_looked(maker, root):
    container = maker.start(root, command=["sleep", "1000"])
    asking = [["status"], ["start", "web"], ["stop", "web"], ["restart", "web"], ["reload"], ["signal", "HUP", "web"],
              ["shutdown"], ["logs"], ["logs", "-f"], ["logs", "rotate"], ["events"], ["events", "-f"], ["boot-report"],
              ["shell"], ["attach", "web"], ["status", "--watch"], ["health"]]
    for words in asking:
        code, out, err = in_a_pipe(container, words)
        assert (code, out) == (69, ""), words
        assert err.startswith("cannot "), words
        assert words == ["health"] or "BOOTSMAN_SOCKET" in err or "/run/bootsman/control.sock" in err, words
    code, text = on_a_terminal(container, ["top"])
    assert code == 69 and text.startswith("cannot ")


def test_shutdown_is_the_last_command(container):
    words = next(words for words, _, kind in COMMANDS if kind == "end")
    in_a_pipe(container, words)  # The end of the container may take this client with it.
    assert container.wait() == 0


@pytest.mark.parametrize("name, services", [("old_supervisor.ini", 3), ("go_supervisord.ini", 4)])
def test_what_import_makes_of_real_files_passes_check(inside, root, name, services):
    root.write("/init/supervisor/supervisor.ini", (REPOSITORY / "tests/golden/config" / name).read_text())
    code, text, notes = inside(BINARY_INSIDE, "import", "/init/supervisor/supervisor.ini")
    assert code == 0
    assert all(f"# {note}\n" in text for note in notes.splitlines())
    root.write("/root/imported.toml", text)
    code, out, err = inside(BINARY_INSIDE, "check", "--env", "/root/imported.toml", env={"NAP": "5"})
    assert (code, err) == (0, ""), text
    assert f" {services} services" in out


def test_what_import_prints_passes_check_and_boots(maker, root):
    root.write("/etc/supervisord.conf", "[supervisord]\nenvironment=SHARED=\"1\"\n[include]\nfiles = more/*.ini\n"
               "[program:web]\ncommand=sh -c 'echo %(ENV_PATH)s; exec sleep 1000'\n[group:all]\nprograms=web,late\n"
               "[eventlistener:mail]\ncommand=mail\nevents=PROCESS_STATE\n")
    root.write("/etc/more/late.ini", "[program:late]\ncommand=sleep 2000\ndepends_on=web\nrestartpause=2\n")
    tool = maker.start(root, command=["sleep", "1000"])
    code, text, notes = in_a_pipe(tool, ["import", "/etc/supervisord.conf"])
    assert code == 0 and "[eventlistener:mail] has no counterpart" in notes and "[group:all]" in notes
    root.write("/etc/bootsman/bootsman.toml", text)
    code, out, err = in_a_pipe(tool, ["check", "--env"])
    assert (code, err) == (0, "") and "2 services" in out
    container = maker.start(root)
    container.wait_for_boot()
    container.process_with("sleep 1000")
    container.process_with("sleep 2000")
