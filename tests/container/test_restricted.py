"""A reduced configuration under the narrowest rules that a platform sets."""

import time

import pytest

CONFIG = """
extends = "empty"

[service.web]
command = ["python3", "-m", "http.server", "8081"]
directory = "/"
ready = { http = "http://127.0.0.1:8081/etc/hostname", every = "100ms" }
"""
NARROW = ["--user", "1101", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges",
          "--memory=256m", "--pids-limit=64"]


@pytest.fixture(params=["true", "false"], ids=["with writable /tmp and /run", "with nothing writable"])
def container(request, podman, image, tmp_path):
    config = tmp_path / "bootsman.toml"
    config.write_text(CONFIG)
    container = podman.start(*NARROW, f"--read-only-tmpfs={request.param}", "-v",
                             f"{config}:/etc/bootsman/bootsman.toml:ro", image)
    request.node.container = container
    return container


def test_uid_1101_on_a_read_only_root_without_capabilities(podman, container):
    container.wait_for_http("/health/ready", timeout=20)
    assert container.status("/etc/hostname", port=8081) == 200
    assert podman("healthcheck", "run", container.number, check=False).returncode == 0
    begun = time.monotonic()
    assert container.stop(10) == 0
    assert time.monotonic() - begun < 10
    assert any(line.startswith("web") and " | " in line for line in container.logs.splitlines())


@pytest.mark.parametrize(("words", "code"), [(["true"], 0), (["sh", "-c", "exit 3"], 3),
                                             (["/no/such/program"], 127)])
def test_command_of_docker_run_is_the_job(podman, image, words, code):
    result = podman("run", "--rm", "--pull=never", "--network=none", *NARROW, image, *words, check=False)
    assert result.returncode == code, result.stdout + result.stderr
