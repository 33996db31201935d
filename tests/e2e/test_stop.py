"""SIGTERM ends the container in order, in time, and with nothing left."""

import signal
import time

import pytest

from lib.container import eventually

SLEEPER = '[service.sleeper]\ncommand = ["sleep", "1000"]\n'
STUBBORN = """
[service.stubborn]
command = ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1000; done"]
stop = { timeout = "500ms" }
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, 37],
                         ids=["SIGTERM", "SIGINT", "the signal that container runtimes call RTMIN+3"])
def test_signal_ends_the_container_with_exit_code_0(boot, number):
    container = boot(SLEEPER)
    container.process_with("sleep 1000")
    container.signal(number)
    assert container.wait(timeout=5) == 0


def test_not_ready_as_soon_as_stopping(boot):
    container = boot(STUBBORN.replace("500ms", "3s"))
    container.wait_for_http("/health/ready")
    container.wait_for_log("up")
    container.signal()
    eventually(lambda: container.status("/health/ready") == 503, 2, "/health/ready turns 503")
    assert container.status("/health/live") == 200
    assert container.wait() == 0


def test_unit_that_ignores_the_signal_is_killed_after_its_timeout(boot):
    container = boot(STUBBORN)
    container.wait_for_log("up")
    begun = time.monotonic()
    assert container.stop() == 0
    assert 0.4 < time.monotonic() - begun < 5


def test_second_signal_ends_the_drain_and_a_third_kills(boot):
    container = boot("[shutdown]\ndrain = \"30s\"\ntimeout = \"60s\"\n" + STUBBORN.replace("500ms", "30s"))
    container.wait_for_log("up")
    begun = time.monotonic()
    container.signal()
    eventually(lambda: container.status("/health/ready") == 503, 3, "the stop has begun")
    container.signal()
    container.wait_for_log("hurrying", 5)
    container.signal()
    assert container.wait() == 0
    assert time.monotonic() - begun < 10


def test_dependants_stop_before_what_they_need(boot):
    container = boot("""
[service.database]
command = ["sh", "-c", "trap 'echo database down; exit 0' TERM; echo up; while :; do sleep 0.05; done"]
[service.web]
command = ["sh", "-c", "trap 'sleep 0.3; echo web down; exit 0' TERM; echo up; while :; do sleep 0.05; done"]
requires = ["service.database"]
""")
    container.wait_for_log(r"web +\| up")
    assert container.stop() == 0
    assert container.log.index("web down") < container.log.index("database down")


def test_process_left_behind_by_a_unit_is_asked_to_end(root, boot):
    """It has left its unit's group and session, so only the walk over all processes finds it."""
    container = boot("""
[service.parent]
command = ["sh", "-c", "setsid sh -c \\"trap 'echo said goodbye >/root/goodbye; exit' TERM; echo left; while :; do sleep 0.05; done\\" & exec sleep 1000"]
""")
    container.wait_for_log("left")
    assert container.stop() == 0
    assert root.read("/root/goodbye") == "said goodbye\n"


@pytest.mark.parametrize("config", [
    '[step.slow]\ncommand = ["sh", "-c", "echo up; exec sleep 1000"]\n' + SLEEPER,
    '[service.crash]\ncommand = ["sh", "-c", "echo up; exit 1"]\nrestart = { delay = "60s", max_delay = "60s" }\n',
    '[service.slow]\ncommand = ["sh", "-c", "echo up; exec sleep 1000"]\nready = { tcp = "127.0.0.1:1" }\n',
], ids=["while a step runs", "while a service waits for its restart", "while a service is not ready yet"])
def test_stop_in_the_midst_of_the_boot(boot, config):
    container = boot(config)
    container.wait_for_log("up")
    assert container.stop(timeout=5) == 0
