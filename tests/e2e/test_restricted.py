"""Containers without root, without capabilities, without a writable file, or without PID 1."""

import pytest

from lib.root import BINARY_INSIDE

CONFIG = """
[service.web]
command = ["sh", "-c", "id -u; exec sleep 1000"]
"""
UNPRIVILEGED = ["setpriv", "--reuid", "1101", "--regid", "0", "--clear-groups", "--bounding-set=-all",
                "--inh-caps=-all", "--no-new-privs", "--"]


@pytest.fixture
def configured(root):
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n' + CONFIG)
    return root


@pytest.mark.parametrize("read_only", [False, True], ids=["writable root", "read-only root"])
def test_runs_as_uid_1101_without_capabilities(configured, maker, read_only):
    container = maker.start(configured, command=[*UNPRIVILEGED, BINARY_INSIDE, "run"], read_only=read_only)
    container.wait_for_log(r"^web +\| 1101$")
    container.wait_for_http("/health/ready")
    assert container.stop() == 0


def test_whole_preset_as_uid_1101_on_a_read_only_root(root, maker):
    container = maker.start(root, command=[*UNPRIVILEGED, BINARY_INSIDE, "run"], read_only=True,
                            env={"HOME": "/tmp"})
    container.wait_for_boot()
    assert container.status("/health") == 200
    assert container.stop() == 0


def test_whole_preset_as_root_on_a_read_only_root(root, maker):
    container = maker.start(root, read_only=True)
    container.wait_for_boot()
    assert container.status("/health") == 200
    assert container.stop() == 0


def test_without_being_pid_1_it_adopts_orphans_as_a_subreaper(configured, maker):
    script = f'trap "kill -TERM \\$child" TERM; {BINARY_INSIDE} run & child=$!; wait $child; wait $child; exit $?'
    container = maker.start(configured, command=["bash", "-c", script])
    container.wait_for_http("/health/ready")
    container.exec("true")
    container.wait_for_log(r"^web +\| 0$")
    container.signal()
    assert container.wait() == 0


def test_closed_standard_output_does_not_end_it(configured, maker):
    container = maker.start(configured, command=["sh", "-c", f"exec {BINARY_INSIDE} run >&- 2>&-"])
    container.wait_for_http("/health/ready")
    assert container.stop() == 0


def test_standard_output_without_a_reader_does_not_end_it(configured, maker):
    container = maker.start(configured, command=["bash", "-c", f"exec {BINARY_INSIDE} run > >(exec true)"])
    container.wait_for_http("/health/ready")
    assert container.stop() == 0


def test_port_that_is_taken_does_not_end_it(configured, maker):
    container = maker.start(configured, command=[
        "sh", "-c", "/usr/bin/python3 -m http.server 8080 >/dev/null 2>&1 & "
                    "until ss -ltn | grep -q :8080; do sleep 0.05; done; "
                    f"exec {BINARY_INSIDE} run"])
    container.wait_for_log(r"^web +\| 0$")
    container.wait_for_log(r"8080")
    assert container.stop() == 0
