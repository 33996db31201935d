"""What the container's exit code says: each row of the table in README.md."""

import pytest

from lib.root import BINARY_INSIDE

TERM_TO_5 = "trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done"
SLEEPER = '[service.web]\ncommand = ["sleep", "1000"]\n'
FAILS = 'on_failure = "shutdown"\nrestart = { delay = "1ms", limit = 1, within = "1m" }\n'

# (what ends it, the configuration, the job's command, the code)
BY_ITSELF = [
    ("the job's success", SLEEPER, ["true"], 0),
    ("the job's code", SLEEPER, ["sh", "-c", "exit 3"], 3),
    ("the job's largest code", "", ["sh", "-c", "exit 255"], 255),
    ("the job's death by a signal", "", ["sh", "-c", "kill -USR1 $$"], 128 + 10),
    ("a job that is not there", SLEEPER, ["/no/such/program"], 127),
    ("a job that cannot be executed", SLEEPER, ["/etc"], 126),
    ("a job of the configuration", '[job]\ncommand = ["sh", "-c", "exit 9"]\n', [], 9),
    ("a unit that failed, by its code", f'[service.a]\ncommand = ["sh", "-c", "exit 9"]\n{FAILS}', [], 9),
    ("a unit that failed, by its signal", f'[service.a]\ncommand = ["sh", "-c", "kill -KILL $$$$"]\n{FAILS}', [], 128 + 9),
    ("a unit that failed although it exits 0", f'[service.a]\ncommand = ["true"]\n{FAILS}', [], 1),
    ("a step that failed", '[step.a]\ncommand = ["sh", "-c", "exit 4"]\non_failure = "shutdown"\n' + SLEEPER, [], 4),
    ("wrong configuration", "[service.a]\ncomand = []\n", [], 78),
    ("no unit that could run", '[service.a]\ncommand = ["/no/such/program"]\n', [], 78),
    ("nothing to run", "[http]\nenabled = false\n", [], 78),
]

# (what is told to stop, the configuration, the job's command, the code)
WHEN_STOPPED = [
    ("no job", SLEEPER, [], 0),
    ("a job that catches the signal", SLEEPER, ["sh", "-c", TERM_TO_5], 5),
    ("a job that dies of it: a job that was cut off has not succeeded", SLEEPER, ["sh", "-c", "echo up; exec sleep 1000"],
     128 + 15),
]


@pytest.mark.parametrize(("config", "command", "code"), [row[1:] for row in BY_ITSELF], ids=[row[0] for row in BY_ITSELF])
def test_the_end_by_itself(boot, config, command, code):
    container = boot(config, *(["--", *command] if command else []))
    assert container.wait() == code


@pytest.mark.parametrize(("config", "command", "code"), [row[1:] for row in WHEN_STOPPED],
                         ids=[row[0] for row in WHEN_STOPPED])
def test_the_end_by_sigterm(boot, config, command, code):
    container = boot(config, *(["--", *command] if command else []))
    container.wait_for_boot()
    if command:
        container.wait_for_log("up")
    assert container.stop() == code


@pytest.mark.parametrize(("command", "code"), [([], 44), (["sh", "-c", TERM_TO_5], 5)], ids=["no job", "a job"])
def test_the_end_by_command(boot, command, code):
    container = boot(SLEEPER, *(["--", *command] if command else []))
    container.wait_for_boot()
    if command:
        container.wait_for_log("up")
    container.bootsman("shutdown", "--exit-code", "44", check=False)  # The end may take this client with it.
    assert container.wait() == code


def test_a_fault_of_the_init_itself(boot):
    # Too few descriptors for an event loop.
    container = boot(SLEEPER, command=["sh", "-c", f"ulimit -n 6; exec {BINARY_INSIDE} run"])
    assert container.wait() == 70, container.log
    container.stderr.wait_for("cannot set up the event loop: .*; raise the limit on open files", 5)
