"""A program that is not there: skipped where the preset expects that, a named failure elsewhere."""

import json

from lib.container import PATH, eventually


BESIDE = '[service.beside]\ncommand = ["sleep", "1000"]\n'


def test_own_unit_fails_at_once_and_names_the_program(boot):
    container = boot(BESIDE + '[service.web]\ncommand = ["/opt/no-such-server", "--port", "1"]\n')
    container.wait_for_log(r"/opt/no-such-server.*", 10)
    eventually(lambda: container.status("/health") == 503, 10, "/health tells of the failed unit")
    body = json.loads(container.http("/health").body)
    assert body["health"] == "false"
    assert body["reasons"][0]["unit"] == "service.web"
    assert "/opt/no-such-server" in body["reasons"][0]["why"]


def test_service_of_the_preset_is_skipped_in_one_clear_line(root, workspace):
    for name in ("sshd", "jupyter-lab", "tensorboard"):
        for folder in PATH.split(":"):
            if not root.path(folder).is_symlink():
                root.remove(f"{folder}/{name}")
    root.write("/etc/bootsman/bootsman.toml", BESIDE)
    container = workspace()
    container.wait_for_boot()
    for name in ("sshd", "jupyterlab", "tensorboard"):
        lines = [line for line in container.log.splitlines() if f"| {name}: skipped: " in line]
        assert len(lines) == 1, container.log
    assert container.status("/health") == 200


def test_nothing_that_could_run_ends_the_container_with_78(boot):
    container = boot('[service.web]\ncommand = ["/opt/no-such-server"]\n')
    assert container.wait() == 78
    assert "/opt/no-such-server" in container.log
