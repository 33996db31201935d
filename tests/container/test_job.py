"""The container's command as a person and the kernel meet it: on a terminal, and out of memory."""

import re

import pytest

from lib.container import eventually
from lib.pty import INTERRUPT, PROMPT, SUSPEND

LOUD = """extends = "empty"
[service.loud]
command = ["sh", "-c", "while :; do echo LOUD; sleep 0.1; done"]
"""
EATER = "a = []\nwhile True: a.append(bytearray(1 << 20))"
PYTHON = "/root/miniconda3/bin/python3"


@pytest.fixture
def configured(tmp_path):
    """configured(text): the options of podman run that put this configuration into the container."""
    def options(text):
        (tmp_path / "bootsman.toml").write_text(text)
        return ["-v", f"{tmp_path}/bootsman.toml:/etc/bootsman/bootsman.toml:ro"]
    return options


def test_a_shell_by_run_it_has_the_terminal_and_job_control(podman, image, configured):
    with podman.terminal(*configured(LOUD), "-e", f"PS1={PROMPT}", "-e", "LC_ALL=C", image,
                         "bash", "--norc", "--noprofile", "-i") as terminal:
        eventually(lambda: PROMPT in terminal.screen.text, 60, "the shell has its prompt")
        assert "no job control" not in terminal.screen.text
        terminal.line("sh -c 'echo u''p; exec sleep 1000'")
        terminal.expect("up\r\n", 20)
        terminal.type(INTERRUPT)
        terminal.expect(PROMPT, 20)
        terminal.line("echo co''de=$?")
        terminal.expect("code=130", 20)
        terminal.line("sh -c 'echo u''p; exec cat'")
        terminal.expect("up\r\n", 20)
        terminal.line("echoed")
        terminal.expect("echoed\r\nechoed", 20)
        terminal.type(SUSPEND)
        terminal.expect("Stopped", 20)
        terminal.line("jobs; fg")
        terminal.expect("cat", 20)
        terminal.type(INTERRUPT)
        terminal.expect(PROMPT, 20)
        terminal.line("exit 7")
        assert terminal.process.wait(60) == 7
        assert "LOUD" not in terminal.screen.text


def test_a_service_that_eats_the_memory_of_the_container_is_told_with_the_limit(podman, image, configured, tmp_path):
    words = tmp_path / "last-words"
    words.write_text("")
    container = podman.start("--memory=96m", "--memory-swap=96m", "-v", f"{words}:/dev/termination-log",
                             *configured(f"""extends = "empty"
[service.eater]
command = ["{PYTHON}", "-c", '''{EATER}''']
on_failure = "shutdown"
restart = {{ when = "never" }}
"""), image)
    podman("wait", container.number, timeout=90)
    sentence = (r"probably out of memory \(limit 96(\.0)? MiB; (it had taken up to|the largest process, python3[.\d]*, "
                r"PID \d+, peaked at) \d+(\.\d)? MiB\)")
    assert re.search(sentence, container.logs), container.logs
    assert re.search(sentence, words.read_text()), words.read_text()
    assert container.exit_code == 101


def test_a_job_that_eats_the_memory_keeps_its_code(podman, image):
    container = podman.start("--memory=256m", "--memory-swap=256m", image, PYTHON, "-c", EATER)
    podman("wait", container.number, timeout=120)
    assert "probably out of memory (limit 256" in container.logs
    assert container.exit_code == 137
