"""`bootsman wrap` on a real terminal: the keys of job control do what a shell's user expects."""

import os
import re

import pytest

from lib.pty import END, INTERRUPT, PROMPT, SUSPEND, Terminal, shell
from lib.wrapped import AS_PID_1

# Says what it reads and how it is signalled. Its words are put together here, so that no echo matches.
TALKER = """import signal, sys
signal.signal(signal.SIGINT, lambda *_: print("<" + "interrupted>", flush=True))
print("<" + "up>", flush=True)
for line in sys.stdin: print("<" + line.strip() + ">", flush=True)
print("<" + "end>", flush=True)
"""


@pytest.fixture
def talker(tmp_path):
    path = tmp_path / "talker.py"
    path.write_text(TALKER)
    return path


@pytest.fixture
def terminal(binary):
    with shell() as terminal:
        terminal.line(f"wrap() {{ {binary} wrap \"$@\"; }}; wrapped='{binary} wrap --'; stty -echo")
        terminal.expect(PROMPT)
        yield terminal


def test_ctrl_c_reaches_the_command_once(terminal, talker):
    terminal.line(f"$wrapped python3 {talker}; echo code=$?")
    terminal.expect("<up>")
    terminal.type(INTERRUPT)
    terminal.expect("<interrupted>")
    terminal.line("still there")
    assert "<interrupted>" not in terminal.expect("<still there>")
    terminal.type(END)
    terminal.expect("<end>")
    terminal.expect("code=0")


def test_ctrl_c_ends_a_command_that_does_not_care(terminal):
    # With exec: a shell that is just making a child swallows the key, with or without wrap.
    terminal.line("$wrapped sh -c 'echo u''p; exec sleep 1000'; echo code=$?")
    terminal.expect("up")
    terminal.type(INTERRUPT)
    # bash itself may give up the rest of the line.
    terminal.expect(PROMPT)
    terminal.line("jobs; echo no''thing")
    assert "wrap" not in terminal.expect("nothing")


def test_ctrl_z_stops_the_job_and_fg_continues_it(terminal, talker):
    terminal.line(f"$wrapped python3 {talker}")
    terminal.expect("<up>")
    for word in ("first", "second"):
        terminal.type(SUSPEND)
        terminal.expect("Stopped")
        terminal.line("ps -o stat= --ppid $(jobs -p)")
        terminal.expect("T")
        terminal.line("fg")
        terminal.line(word)
        terminal.expect(f"<{word}>")
    terminal.type(INTERRUPT)
    terminal.expect("<interrupted>")
    terminal.type(END)
    terminal.expect("<end>")
    terminal.expect(PROMPT)


def test_bg_lets_it_run_until_it_reads(terminal, talker):
    terminal.line(f"$wrapped python3 {talker}")
    terminal.expect("<up>")
    terminal.type(SUSPEND)
    terminal.expect("Stopped")
    terminal.line("bg; echo go''ing")
    terminal.expect("going")
    terminal.line("sleep 0.5; jobs")
    terminal.expect("Stopped")
    terminal.line("fg")
    terminal.line("back")
    terminal.expect("<back>")
    terminal.type(END)
    terminal.expect("<end>")


def test_under_stty_tostop_a_background_job_stops_when_it_writes(terminal):
    terminal.line("stty tostop; $wrapped sh -c 'sleep 0.2; echo writ''ten >/dev/tty' &")
    terminal.expect(PROMPT)
    terminal.line("until jobs | grep -q Stopped; do sleep 0.1; done; jobs")
    assert "written" not in terminal.expect("Stopped")
    terminal.line("fg; echo code=$?")
    terminal.expect("written")
    terminal.expect("code=0")


def test_a_background_job_leaves_the_terminal_to_the_shell(terminal):
    terminal.line("$wrapped sleep 1000 &")
    terminal.expect(PROMPT)
    terminal.line("read -r answer; echo got=$answer")
    terminal.line("word")
    terminal.expect("got=word")
    terminal.line("kill %1; wait %1; echo code=$?")
    terminal.expect("code=143")


def test_fg_of_a_background_job_hands_it_the_terminal(terminal, talker):
    terminal.line(f"$wrapped python3 {talker} &")
    terminal.expect("<up>")
    terminal.line("fg")
    terminal.line("foreground")
    terminal.expect("<foreground>")
    terminal.type(END)
    terminal.expect("<end>")


@pytest.mark.parametrize("pipeline", ["$wrapped python3 {} | cat", "cat | $wrapped python3 {}"],
                         ids=["as its first", "as its last"])
def test_keys_work_in_a_pipeline(terminal, talker, pipeline):
    terminal.line(pipeline.format(talker))
    terminal.expect("<up>")
    terminal.line("in a pipeline")
    terminal.expect("<in a pipeline>")
    terminal.type(SUSPEND)
    terminal.expect("Stopped")
    terminal.line("fg")
    terminal.line("again")
    terminal.expect("<again>")
    terminal.type(END)
    terminal.expect("<end>")
    terminal.expect(PROMPT)


def test_a_pipeline_ends_by_ctrl_c(terminal):
    terminal.line("$wrapped sh -c 'echo u''p; exec sleep 1000' | cat; echo code=${PIPESTATUS[0]}")
    terminal.expect("up")
    terminal.type(INTERRUPT)
    terminal.expect(PROMPT)
    terminal.line("jobs; echo no''thing")
    assert "wrap" not in terminal.expect("nothing")


def test_a_shell_below_has_job_control_and_can_suspend_itself(terminal):
    terminal.line("$wrapped bash --norc --noprofile -i")
    terminal.line("PS1='IN''NER> '")
    assert "no job control" not in terminal.expect("INNER> ")
    stop_and_continue_a_sleeper(terminal, "INNER> ")
    terminal.line("suspend")
    terminal.expect(PROMPT)
    terminal.line("fg; echo code=$?")
    # Both are called bash: the inner one answers.
    terminal.line("PS1='BA''CK> '")
    terminal.expect("BACK> ")
    terminal.line("exit 5")
    terminal.expect("code=5")


def stop_and_continue_a_sleeper(terminal, prompt):
    terminal.line("sleep 1000")
    terminal.expect_foreground("sleep")
    terminal.type(SUSPEND)
    terminal.expect("Stopped")
    terminal.expect(prompt)
    terminal.line("fg")
    terminal.expect_foreground("sleep")
    terminal.type(INTERRUPT)
    terminal.expect(prompt)
    terminal.line("jobs; echo no''thing")
    assert "sleep" not in terminal.expect("nothing")


def test_a_script_has_the_terminal_back_afterwards(terminal):
    terminal.line("bash -c \"$wrapped true; read -r answer; echo got=\\$answer\"")
    terminal.line("word")
    terminal.expect("got=word")


def test_as_the_leader_of_the_session_ctrl_z_is_not_the_end(binary, talker):
    """Nobody could continue it: no shell is above."""
    with Terminal([binary, "wrap", "--", "python3", talker]) as terminal:
        terminal.expect("<up>")
        terminal.type(SUSPEND)
        terminal.line("still there")
        terminal.expect("<still there>")
        terminal.type(INTERRUPT)
        terminal.expect("<interrupted>")
        terminal.type(END)
        terminal.expect("<end>")


def as_pid_1(binary, *command):
    """As a container engine does it with -it: PID 1 leads the session that has the terminal."""
    return Terminal([*AS_PID_1, "setsid", "--ctty", binary, "wrap", "--", *command], controlling=False,
                    env={**os.environ, "PS1": PROMPT, "TERM": "dumb", "LC_ALL": "C", "HISTFILE": ""})


def test_as_pid_1_the_keys_reach_the_command_and_ctrl_z_does_not_stop_it(binary, talker):
    with as_pid_1(binary, "python3", talker) as terminal:
        terminal.expect("<up>")
        terminal.type(SUSPEND)
        terminal.line("still there")
        terminal.expect("<still there>")
        terminal.type(INTERRUPT)
        terminal.expect("<interrupted>")
        terminal.type(END)
        terminal.expect("<end>")
        assert terminal.process.wait(10) == 0


def test_as_pid_1_a_shell_has_job_control(binary):
    with as_pid_1(binary, "bash", "--norc", "--noprofile", "-i") as terminal:
        assert "no job control" not in terminal.expect(PROMPT)
        terminal.line("ps -o pid=,sid=,tpgid= -p $$; echo o''k")
        pid, session = re.search(r"^ *(\d+) +(\d+) +\d+\r?$", terminal.expect("ok"), re.MULTILINE).groups()
        assert pid == session
        stop_and_continue_a_sleeper(terminal, PROMPT)
        terminal.line("exit 6")
        assert terminal.process.wait(10) == 6
