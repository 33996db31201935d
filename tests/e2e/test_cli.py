"""The commands that need no container."""

import subprocess

import pytest


def bootsman(binary, *words, env=None):
    return subprocess.run([binary, *words], capture_output=True, text=True, timeout=10, check=False, env=env)


def test_version(binary):
    answer = bootsman(binary, "version")
    assert answer.returncode == 0
    assert answer.stdout.startswith("bootsman ")


@pytest.mark.parametrize("words", [["--help"], ["help"], ["run", "--help"], ["check", "--help"],
                                   ["health", "--help"]], ids=" ".join)
def test_help(binary, words):
    answer = bootsman(binary, *words)
    assert answer.returncode == 0
    assert "bootsman" in answer.stdout


@pytest.mark.parametrize("words", [["no-such-command"], ["check", "--no-such-option"]], ids=" ".join)
def test_wrong_use_is_2(binary, words):
    answer = bootsman(binary, *words)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert words[-1] in answer.stderr


def test_health_without_an_init_is_69(binary):
    answer = bootsman(binary, "health", env={"BOOTSMAN_HEALTH_URL": "http://127.0.0.1:1/health"})
    assert answer.returncode == 69
    assert answer.stderr.startswith("cannot ")
