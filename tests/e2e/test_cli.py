"""The commands that need no running init. They run in a throw-away container all the same: a command
line that is wrongly taken for `run` must not boot the machine of the person who tests."""

import pytest


@pytest.fixture
def bootsman(maker, root):
    return maker.start(root, command=["sleep", "1000"]).bootsman


def test_version(bootsman):
    assert bootsman("version").stdout.startswith("bootsman ")


@pytest.mark.parametrize("words", [["--help"], ["help"], ["run", "--help"], ["check", "--help"],
                                   ["health", "--help"]], ids=" ".join)
def test_help(bootsman, words):
    assert "bootsman" in bootsman(*words).stdout


@pytest.mark.parametrize("words", [["no-such-command"], ["check", "--no-such-option"]], ids=" ".join)
def test_wrong_use_is_2(bootsman, words):
    answer = bootsman(*words, check=False)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert words[-1] in answer.stderr


def test_health_without_an_init_is_69(bootsman):
    answer = bootsman("health", check=False)
    assert answer.returncode == 69
    assert answer.stderr.startswith("cannot ")
