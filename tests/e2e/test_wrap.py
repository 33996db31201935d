"""`bootsman wrap`: exit codes, signals, orphans and standard streams, as PID 1 and not."""

import os
import signal
import subprocess
import sys

import pytest

from lib.container import eventually
from lib.wrapped import AS_PID_1, REPORTER, Wrapped, children, gone, run, wait_for_state

FORWARDED = [n for n in (*range(1, 32), *range(34, 65)) if n not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD)]
NOT_FATAL = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH,
             signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
FATAL = [n for n in (*range(1, 32), *range(34, 65)) if n not in NOT_FATAL]

pid_1_or_not = pytest.mark.parametrize("pid_1", [True, False], ids=["as PID 1", "not as PID 1"])


@pytest.fixture
def wrap(binary):
    """wrap(*options_and_command): a command line for Wrapped and run."""
    return lambda *words: [binary, "wrap", *words]


@pid_1_or_not
def test_every_exit_code_is_kept(wrap, pid_1):
    # One namespace for all: a nested PID 1 for each would only repeat unshare's own work.
    if not pid_1:
        got = [run(wrap("--", "sh", "-c", f"exit {code}"))[0] for code in range(256)]
    else:
        got = [run(wrap("sh", "-c", f"exit {code}"), pid_1=True)[0] for code in range(256)]
    assert got == list(range(256))


@pid_1_or_not
def test_death_by_signal_n_is_128_plus_n(wrap, pid_1):
    script = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); " \
             "os.kill(os.getpid(), int(sys.argv[1]))"
    got = {n: run(wrap("--", sys.executable, "-S", "-c",
                       "import signal; [signal.signal(s, signal.SIG_DFL) for s in (2, 13, 25)]; " + script, n), pid_1)[0]
           for n in FATAL}
    assert got == {n: 128 + n for n in FATAL}


@pid_1_or_not
def test_every_signal_that_can_be_forwarded_arrives_at_the_whole_group(wrap, pid_1):
    with Wrapped(wrap("--", *REPORTER), pid_1) as wrapped:
        wrapped.wait_until_it_reports()
        for number in FORWARDED:
            wrapped.signal(number)
            for name in ("command", "descendant"):
                wrapped.stdout.wait_for(f"^{name} {number}$", 10)
        assert not gone(wrapped.init)


@pid_1_or_not
def test_single_child_spares_the_descendants(wrap, pid_1):
    with Wrapped(wrap("--single-child", "--", *REPORTER), pid_1) as wrapped:
        assert wrapped.report_of([1, 2, 15, 28]) == ([f"command {n}" for n in (1, 15, 2, 28)], 137)


@pid_1_or_not
def test_a_signal_is_rewritten_or_dropped(wrap, pid_1):
    options = ["--rewrite", "TERM:QUIT", "--rewrite=SIGHUP:0", "--rewrite", "10:12", "--single-child"]
    with Wrapped(wrap(*options, "--", *REPORTER), pid_1) as wrapped:
        assert wrapped.report_of([15, 1, 10, 2])[0] == ["command 12", "command 2", "command 3"]


@pid_1_or_not
def test_a_remapped_exit_code_becomes_0(wrap, pid_1):
    options = ["--remap-exit", "3", "--remap-exit=143"]
    assert [run(wrap(*options, "--", "sh", "-c", script), pid_1)[0]
            for script in ("exit 3", "kill -TERM $$", "exit 4", "exit 0")] == [0, 0, 4, 0]


@pytest.mark.parametrize(("command", "code", "text"), [
    ("no-such-program", 127, "it is not in PATH"),
    ("/no/such/program", 127, "no such file or directory"),
    ("/etc/passwd/x", 127, "not a directory"),
    ("/etc", 126, "permission denied"),
    ("{plain}", 126, "permission denied"),
    ("{script}", 127, "the interpreter that it names is not there"),
])
@pid_1_or_not
def test_a_command_that_cannot_be_executed(wrap, tmp_path, pid_1, command, code, text):
    plain, script = tmp_path / "plain", tmp_path / "script"
    plain.write_text("not executable")
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    command = command.format(plain=plain, script=script)
    assert run(wrap("--", command), pid_1) == (code, "", f'bootsman wrap: cannot run "{command}": {text}\n')


@pytest.mark.parametrize(("words", "text"), [
    ([], "needs [--] CMD…"),
    (["--remap-exit", "256", "true"], "they go from 0 to 255"),
    (["--rewrite", "TERM", "true"], "write SIGNAL:SIGNAL"),
    (["--rewrite", "KILL:TERM", "true"], "it is never forwarded"),
    (["--parent-death", "SIGTREM", "true"], "did you mean"),
    (["--single-chidl", "true"], 'did you mean "--single-child"?'),
])
def test_wrong_usage_is_2_and_starts_nothing(wrap, words, text):
    code, out, err = run(wrap(*words))
    assert (code, out) == (2, "")
    assert text in err


ORPHANS = """
import os, sys, time
def count(state):
    found = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try: fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
        except OSError: continue
        found += fields[1] == sys.argv[1] and fields[0] in state and int(pid) != os.getpid()
    return found
hold, release = os.pipe()
for _ in range(300):
    if os.fork() == 0:
        if os.fork() == 0:
            os.close(release); os.read(hold, 1)
        os._exit(0)
    os.wait()
def until(wanted, state):
    deadline = time.monotonic() + 20
    while count(state) != wanted and time.monotonic() < deadline: time.sleep(0.01)
    return count(state)
print("adopted", until(300, "RSD"), flush=True)
os.close(release)
print("left", until(0, "RSDZ"), flush=True)
"""


def test_300_orphans_that_die_at_once_are_reaped_by_pid_1(wrap):
    code, out, _ = run(wrap("--", sys.executable, "-c", ORPHANS, "1"), pid_1=True)
    assert (code, out) == (0, "adopted 300\nleft 0\n")


def test_a_subreaper_reaps_300_orphans_too(wrap):
    code, out, err = run([*wrap("--subreaper", "--warn-on-reap", "--"), "sh", "-c", 'exec "$0" -c "$1" $PPID',
                          sys.executable, ORPHANS])
    assert (code, out) == (0, "adopted 300\nleft 0\n")
    assert err.count("reaped an orphan") == 300


def test_without_subreaper_orphans_go_elsewhere(wrap):
    script = "(sh -c 'sleep 0.3; ps -o ppid= -p $$' &) ; sleep 0.6; echo $PPID"
    _, out, _ = run(wrap("--", "sh", "-c", script))
    orphans_parent, init = out.split()
    assert orphans_parent != init


def below_a_shell(command):
    """The shell is what Wrapped takes for the init, so its `command` is the real init."""
    return Wrapped(["sh", "-c", '"$@" & wait', "sh", *command])


def test_the_parents_death_is_forwarded(wrap):
    with below_a_shell(wrap("--parent-death", "USR1", "--", *REPORTER)) as shell:
        shell.wait_until_it_reports()
        command = children(shell.command)[0]
        shell.process.kill()
        try:
            for name in ("command", "descendant"):
                shell.stdout.wait_for(f"^{name} 10$", 10)
        finally:
            os.kill(command, signal.SIGKILL)


def test_the_parents_death_by_sigkill_ends_the_command_too(wrap):
    with below_a_shell(wrap("--parent-death", "KILL", "--", *REPORTER)) as shell:
        shell.wait_until_it_reports()
        both = [shell.command, *children(shell.command)]
        shell.process.kill()
        eventually(lambda: all(map(gone, both)), 10, "the init and its command are gone")


def test_a_stop_of_the_command_stops_the_init_and_both_continue(wrap):
    with Wrapped(wrap("--", "sleep", "1000")) as wrapped:
        eventually(lambda: children(wrapped.init), 10, "the command runs")
        command = wrapped.command
        # The test's own process is the parent in another session: the kernel stops no such orphaned
        # group, so the command must be continued at once instead of being left behind.
        wrapped.signal(signal.SIGTSTP)
        wait_for_state(command, "S")
        wrapped.signal(signal.SIGTERM)
        assert wrapped.wait() == 143


STREAMS = "for n in 0 1 2; do stat -L -c %d:%i /proc/self/fd/$n >&9; grep flags /proc/$$/fdinfo/$n >&9; done"


@pid_1_or_not
def test_the_standard_streams_are_the_same_files_with_the_same_flags(wrap, tmp_path, pid_1):
    told = []
    for command in ([], wrap("--")):
        ends = []
        with open(tmp_path / "in", "w+") as given, open(tmp_path / "err", "a") as err, \
                open(tmp_path / "told", "w+") as answer:
            read, write = os.pipe()
            os.set_blocking(write, False)
            script = f"exec 9>&{answer.fileno()}; {STREAMS.replace('/proc/self', '/proc/$$')}"
            subprocess.run([*(AS_PID_1 if pid_1 else []), *map(str, command), "bash", "-c", script], stdin=given,
                           stdout=write, stderr=err, pass_fds=[answer.fileno()], timeout=20, check=True)
            assert not os.get_blocking(write)
            ends += [read, write]
            answer.seek(0)
            told.append([line for line in answer.read().splitlines()])
        for fd in ends:
            os.close(fd)
    assert len(told[0]) == 6
    # Each run has a pipe of its own; everything else is to be equal.
    told = [[line for number, line in enumerate(lines) if number != 2] for lines in told]
    assert told[0] == told[1]


def test_an_ignored_signal_stays_ignored_and_the_exit_code_is_known(wrap):
    """Started by a program that ignores SIGCHLD and SIGHUP."""
    ignoring = [sys.executable, "-c", "import signal, os, sys; "
                "[signal.signal(s, signal.SIG_IGN) for s in (1, 17)]; os.execvp(sys.argv[1], sys.argv[1:])"]
    assert run([*ignoring, *wrap("--", "sh", "-c", "exit 9")])[0] == 9
    _, out, _ = run([*ignoring, *wrap("--", "grep", "SigIgn", "/proc/self/status")])
    ignored = int(out.split()[1], 16)
    assert ignored & 1 and ignored & 1 << 16


@pid_1_or_not
def test_no_signal_is_blocked_for_the_command(wrap, pid_1):
    _, out, _ = run(wrap("--", "grep", "SigBlk", "/proc/self/status"), pid_1)
    assert int(out.split()[1], 16) == 0
