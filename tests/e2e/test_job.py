"""`bootsman run -- CMD`: the container is the command, and ends with its exit code."""

import signal
import subprocess

import pytest

from lib.container import eventually

ROWS = [
    ("success is 0", ["true"], 0),
    ("a failure keeps its code", ["sh", "-c", "exit 3"], 3),
    ("the largest code is kept", ["sh", "-c", "exit 255"], 255),
    ("death by SIGKILL is 128 + 9", ["sh", "-c", "kill -KILL $$"], 137),
    ("death by SIGTERM is 128 + 15", ["sh", "-c", "kill -TERM $$"], 143),
    ("a program that is not there is 127", ["/no/such/program"], 127),
    ("a program that is not in PATH is 127", ["no-such-program"], 127),
    ("a file that is not executable is 126", ["/root/plain"], 126),
    ("a folder cannot be executed", ["/etc"], 126),
]


@pytest.mark.parametrize(("command", "code"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_exit_code(root, boot, command, code):
    root.write("/root/plain", "echo must not run\n", 0o644)
    assert boot("", "--", *command).wait() == code


def test_missing_program_is_named(boot):
    container = boot("", "--", "/no/such/program")
    container.wait()
    assert "/no/such/program" in container.transcript()


def test_command_needs_no_dashes(boot):
    assert boot("", "sh", "-c", "exit 4").wait() == 4


def test_output_is_bare_and_its_streams_are_kept_apart(boot):
    container = boot("", "--", "sh", "-c", "echo out; echo err >&2")
    assert container.wait() == 0
    assert "out" in container.stdout.text.splitlines()
    assert "err" in container.stderr.text.splitlines()
    assert "err" not in container.stdout.text.splitlines()


def test_job_reads_the_standard_input(boot):
    container = boot("", "--", "cat", stdin=subprocess.PIPE)
    container.process.stdin.write(b"handed through\n")
    container.process.stdin.close()
    assert container.wait() == 0
    assert "handed through" in container.stdout.text.splitlines()


def test_services_run_beside_the_job_and_end_with_it(boot):
    container = boot('[service.beside]\ncommand = ["sh", "-c", "echo beside; exec sleep 1000"]\n',
                     "--", "sh", "-c", "sleep 0.5; exit 5")
    assert container.wait() == 5
    assert "beside" in container.log


@pytest.mark.parametrize(("script", "code"), [
    ("echo up; while :; do sleep 0.05; done", 143),
    ("trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done", 7),
    ("trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done", 0),
], ids=["that our signal ended: 128 + 15", "that chose a code: its own", "that ended well: 0"])
def test_after_sigterm_the_code_is_that_of_a_job(boot, script, code):
    container = boot("", "--", "sh", "-c", script)
    container.wait_for_log("up")
    container.signal(signal.SIGTERM)
    assert container.wait() == code


def test_job_waits_for_steps(boot):
    container = boot('[step.first]\ncommand = ["sh", "-c", "sleep 0.3; echo done >/root/first"]\n',
                     "--", "cat", "/root/first")
    assert container.wait() == 0
    eventually(lambda: "done" in container.log.splitlines(), 1, "the job saw what the step wrote")


def test_seed_boot_script_is_refused_with_the_way_out(boot):
    container = boot("", "--", "bash", "/init/boot/boot.sh")
    assert container.wait() != 0
    assert "boot.sh" in container.transcript()


def test_signals_of_forward_reach_the_job(boot):
    container = boot('[job]\nforward = ["SIGHUP", "SIGUSR1"]\n', "--", "sh", "-c",
                     "trap 'echo got HUP' HUP; trap 'exit 6' USR1; echo armed; while :; do sleep 0.1; done")
    eventually(lambda: "armed" in container.stdout.text, 10, "the job has its traps")
    container.signal(signal.SIGHUP)
    eventually(lambda: "got HUP" in container.stdout.text, 5, "SIGHUP is passed on")
    container.signal(signal.SIGUSR1)
    assert container.wait() == 6
