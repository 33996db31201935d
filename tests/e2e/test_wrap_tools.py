"""Called as tini or dumb-init: the same exit codes and signals as the real ones, side by side."""

import os
import shutil
import signal
import sys

import pytest

from lib.container import eventually
from lib.wrapped import REPORTER, Wrapped, children, run, state, wait_for_state

TOOLS = ("tini", "dumb-init")
pid_1_or_not = pytest.mark.parametrize("pid_1", [True, False], ids=["as PID 1", "not as PID 1"])

# (tool or None for all, what is tried, its arguments, variables)
ENDS = [
    (None, "success", ["--", "true"], {}),
    (None, "a code", ["--", "sh", "-c", "exit 3"], {}),
    (None, "the largest code", ["--", "sh", "-c", "exit 255"], {}),
    (None, "death by SIGTERM", ["--", "sh", "-c", "kill -TERM $$"], {}),
    (None, "death by SIGKILL", ["--", "sh", "-c", "kill -KILL $$"], {}),
    (None, "no --", ["false"], {}),
    (None, "not in PATH", ["--", "no-such-program"], {}),
    (None, "no such file", ["--", "/no/such/program"], {}),
    (None, "not executable", ["--", "/etc/passwd"], {}),
    (None, "a folder", ["--", "/etc"], {}),
    (None, "below a file", ["--", "/etc/passwd/x"], {}),
    (None, "no command", [], {}),
    (None, "an unknown option", ["-x", "true"], {}),
    (None, "an unknown long option", ["--frob", "true"], {}),
    (None, "help", ["-h"], {}),
    (None, "version", ["--version"], {}),
    (None, "an option of the command", ["sh", "-c", "exit 3"], {}),
    ("tini", "a remapped code", ["-e", "3", "--", "sh", "-c", "exit 3"], {}),
    ("tini", "two remapped codes", ["-e3", "-e", "143", "--", "sh", "-c", "kill -TERM $$"], {}),
    ("tini", "a code that is not remapped", ["-e", "3", "--", "sh", "-c", "exit 4"], {}),
    ("tini", "a remapped 127", ["-e", "127", "--", "no-such-program"], {}),
    ("tini", "a wrong code to remap", ["-e", "256", "true"], {}),
    ("tini", "a wrong signal", ["-p", "SIGFOO", "true"], {}),
    ("tini", "no value", ["-p"], {}),
    ("tini", "licence", ["-l"], {}),
    ("tini", "an option behind the program", ["true", "-v"], {}),
    ("tini", "verbosity", ["-vvv", "--", "true"], {}),
    ("tini", "all variables", ["--", "true"],
     {"TINI_SUBREAPER": "", "TINI_VERBOSITY": "3", "TINI_KILL_PROCESS_GROUP": ""}),
    ("tini", "every option", ["-s", "-w", "-g", "-p", "SIGTERM", "-v", "--", "sh", "-c", "exit 6"], {}),
    ("dumb-init", "single child", ["-c", "sh", "-c", "exit 6"], {}),
    ("dumb-init", "rewrite", ["-r", "15:3", "--", "sh", "-c", "exit 6"], {}),
    ("dumb-init", "long words", ["--single-child", "--verbose", "--rewrite=15:3", "sh", "-c", "exit 6"], {}),
    ("dumb-init", "a wrong rewrite", ["-r", "15", "true"], {}),
    ("dumb-init", "a rewrite out of range", ["-r", "15:99", "true"], {}),
    ("dumb-init", "variables", ["sh", "-c", "exit 6"], {"DUMB_INIT_SETSID": "0", "DUMB_INIT_DEBUG": "1"}),
    ("dumb-init", "an option of the program's", ["sh", "-c", "exit 6", "-c"], {}),
]

# Those that the real tini leaves to the kernel's default are not asked for; the stop signals have
# a test of their own.
COMMON = [1, 2, 3, 10, 12, 13, 14, 15, 16, 18, 23, 24, 25, 26, 27, 28, 29, 34, 40, 62]
FAULTS = [4, 5, 6, 7, 8, 11]

# (tool, what is tried, its options, variables, signals)
FORWARDS = [
    ("tini", "to the child", [], {}, COMMON),
    ("tini", "to the group", ["-g"], {}, COMMON),
    ("tini", "to the group by variable", [], {"TINI_KILL_PROCESS_GROUP": "1"}, COMMON),
    ("tini", "as a subreaper", ["-s"], {}, [15]),
    # The real one looks real-time signals up behind the end of a table.
    ("dumb-init", "to the session", [], {}, [n for n in COMMON if n < 32] + FAULTS),
    ("dumb-init", "to the child", ["-c"], {}, [n for n in COMMON if n < 32] + FAULTS),
    ("dumb-init", "to the child by variable", [], {"DUMB_INIT_SETSID": "0"}, [1, 2, 15]),
    ("dumb-init", "rewritten", ["-r", "15:3", "-r", "1:0", "-r", "2:10"], {}, [15, 1, 2]),
    ("dumb-init", "rewritten for the child", ["-c", "-r", "15:3"], {}, [15, 2]),
    ("dumb-init", "a stop signal rewritten", ["-r", "20:2", "-r", "21:0", "-r", "22:0"], {}, [1]),
]


def ids(rows):
    return [f"{row[0] or 'both'}: {row[1]}" for row in rows]


@pytest.fixture
def pair(binary, tmp_path):
    """pair(tool): the path of the real tool, and of ours under its name."""
    def both(tool):
        real = shutil.which(tool)
        if real is None:
            pytest.skip(f"{tool} is not installed")
        ours = tmp_path / "bin" / tool
        ours.parent.mkdir(exist_ok=True)
        if not ours.exists():
            ours.symlink_to(binary)
        return real, ours
    return both


@pytest.mark.parametrize("row", ENDS, ids=ids(ENDS))
@pid_1_or_not
def test_ends_with_the_same_code(pair, row, pid_1):
    only, _, words, variables = row
    for tool in [only] if only else TOOLS:
        real, ours = pair(tool)
        environment = {**os.environ, **variables}
        theirs = run([real, *words], pid_1, env=environment)
        mine = run([ours, *words], pid_1, env=environment)
        assert (tool, mine[0]) == (tool, theirs[0]), f"{theirs}\n{mine}"
        # Where one speaks the other does, in its own words.
        assert any(mine[1:]) == any(theirs[1:]), f"{theirs}\n{mine}"


@pytest.mark.parametrize("row", FORWARDS, ids=ids(FORWARDS))
@pid_1_or_not
def test_forwards_the_same_signals(pair, row, pid_1):
    tool, _, options, variables, signals = row
    results = []
    for program in pair(tool):
        with Wrapped([program, *options, "--", *REPORTER], pid_1, env={**os.environ, **variables}) as wrapped:
            results.append(wrapped.report_of(signals))
    theirs, ours = results
    assert ours == theirs
    assert ours[0], "nothing arrived at all"


def test_dumb_init_stops_and_continues_with_its_session(pair):
    for program in pair("dumb-init"):
        with Wrapped([program, "sleep", "1000"]) as wrapped:
            eventually(lambda: children(wrapped.init), 10, "the command runs")
            command = wrapped.command
            eventually(lambda: os.getsid(command) == command, 10, "the command has its session")
            for number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
                wrapped.signal(number)
                wait_for_state(command, "T")
                wait_for_state(wrapped.init, "T")
                wrapped.signal(signal.SIGCONT)
                wait_for_state(command, "S")
                wait_for_state(wrapped.init, "S")


def test_dumb_init_ends_what_is_left_of_the_session(pair):
    script = "import os, signal, time\n" \
             "if os.fork() == 0:\n" \
             "    signal.signal(15, lambda *_: (os.write(1, b'told to end\\n'), os._exit(0)))\n" \
             "    os.write(1, b'left\\n'); time.sleep(20)\n" \
             "time.sleep(0.5)\n"
    for program in pair("dumb-init"):
        assert run([program, sys.executable, "-c", script]) == (0, "left\ntold to end\n", "")


def test_tini_leaves_what_is_left(pair):
    for program in pair("tini"):
        code, out, _ = run([program, "--", "sh", "-c", "(sleep 0.3; echo lives on) & exit 4"])
        assert (code, out) == (4, "lives on\n")


@pytest.mark.parametrize("tool", TOOLS)
def test_all_orphans_are_reaped(pair, tool):
    script = "for n in $(seq 100); do (sleep 0.3 &); done; sleep 1; " \
             "grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l"
    for program in pair(tool):
        assert run([program, "--", "sh", "-c", script], pid_1=True)[:2] == (0, "0\n")


def test_tini_says_when_it_reaps_nothing_or_something(pair):
    orphan = ["--", "sh", "-c", "(true &); sleep 0.3"]
    for program in pair("tini"):
        assert "subreaper" in run([program, "--", "true"])[2]
        assert run([program, "-s", "--", "true"])[2] == ""
        assert run([program, "--", "true"], env={**os.environ, "TINI_VERBOSITY": "0"})[2] == ""
        assert len(run([program, "-s", "-w", *orphan])[2].splitlines()) == 1
        assert run([program, "-s", *orphan])[2] == ""


def test_the_directory_of_dumb_init_is_the_root(pair, tmp_path):
    for program in pair("dumb-init"):
        with Wrapped([program, "sleep", "1000"], cwd=tmp_path) as wrapped:
            eventually(lambda: children(wrapped.init), 10, "the command runs")
            eventually(lambda: os.readlink(f"/proc/{wrapped.init}/cwd") == "/", 10, "the init left the directory")
            assert os.readlink(f"/proc/{wrapped.command}/cwd") == str(tmp_path)
            assert state(wrapped.command) in "RS"
