"""Odd surroundings and odd visitors do not end the init, nor keep it from its work."""

import os
import signal
import time

import pytest

from lib.netns import socket_in
from lib.root import BINARY_INSIDE

SLEEPER = '[service.web]\ncommand = ["sh", "-c", "echo hi; exec sleep 1000"]\n'


@pytest.mark.parametrize("before", [
    "umount -R /sys; umount /proc",
    "umount -l /dev; mount -t tmpfs empty /dev",
    "mount -t tmpfs -o ro empty /tmp; mount -t tmpfs -o ro empty /run",
], ids=["without /proc and /sys", "without a single device", "with /tmp and /run read-only"])
def test_runs_in_a_bare_container(root, maker, before):
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n' + SLEEPER)
    container = maker.start(root, command=["sh", "-c", f"{before}; exec {BINARY_INSIDE} run"])
    container.wait_for_log(r"^web \| hi$")
    container.wait_for_http("/health/ready")
    assert container.stop() == 0


def test_signals_that_mean_nothing_to_it_are_passed_over(boot):
    container = boot(SLEEPER)
    container.wait_for_http("/health/ready")
    for name in ("HUP", "USR1", "USR2", "PIPE", "ALRM", "CHLD", "CONT", "TSTP", "TTIN", "TTOU", "URG", "WINCH", "IO"):
        container.signal(getattr(signal, f"SIG{name}"))
    for number in (34, 36, 40, 64):
        container.signal(number)
    assert container.status("/health") == 200
    assert container.stop() == 0


def test_pause_of_the_container_is_survived(boot):
    container = boot(SLEEPER + 'health = { exec = ["true"], every = "200ms", timeout = "500ms", failures = 1, '
                               'on_unhealthy = "restart" }\n')
    container.wait_for_http("/health/ready")
    first = container.process_with("sleep 1000")
    container.signal(signal.SIGSTOP)
    time.sleep(2)
    container.signal(signal.SIGCONT)
    assert container.status("/health") == 200
    assert container.process_with("sleep 1000") == first


def test_probe_is_answered_beside_a_crowd_of_silent_clients(boot):
    container = boot(SLEEPER)
    container.wait_for_http("/health/ready")
    crowd = []
    try:
        for _ in range(1200):
            visitor = socket_in(container.init)
            visitor.settimeout(3)
            crowd.append(visitor)
            visitor.connect(("127.0.0.1", 8080))
            visitor.send(b"GET /health HTTP/1.1\r\nHost")
        assert [container.status("/health") for _ in range(20)] == [200] * 20
    finally:
        for visitor in crowd:
            visitor.close()


def test_large_environment_and_many_arguments(boot):
    container = boot("", "--", "sh", "-c", "echo ${#BIG} $#", "sh", *["a" * 1000] * 100, env={"BIG": "x" * 120_000})
    assert container.wait() == 0
    assert "120000 100" in container.log.splitlines()


@pytest.mark.parametrize("make", [
    lambda path: path.write_bytes(bytes(range(256)) * 1000),
    lambda path: path.mkdir(),
    os.mkfifo,
], ids=["random bytes", "a folder", "a pipe that nobody writes to"])
def test_configuration_that_is_none_is_refused(root, maker, make):
    root.path("/etc/bootsman").mkdir()
    make(root.path("/etc/bootsman/bootsman.toml"))
    container = maker.start(root)
    assert container.wait() == 78
    assert "/etc/bootsman/bootsman.toml" in container.transcript()


def test_50_megabytes_in_one_line_of_the_job_are_all_there(boot):
    container = boot("", "--", "sh", "-c", "head -c 50000000 /dev/zero | tr '\\0' x; echo; echo end")
    assert container.wait(60) == 0
    assert container.stdout.bytes.count(b"x") >= 50_000_000
    assert b"\nend\n" in container.stdout.bytes
