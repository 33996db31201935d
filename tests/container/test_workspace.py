"""The image of Dockerfile.example as a person and a platform use it."""

import os
import random
import signal
import threading
import time

import pytest

from lib.container import eventually

PASSWORD = "container-s3cret"
# What a kubelet does by default: a probe every ten seconds, here every one, with a second to answer.
PROBE_EVERY = 1
PROBE_TIMEOUT = 1
PROBE_SECONDS = 60
GRACE = 10


@pytest.fixture(scope="module")
def container(podman, image, tmp_path_factory):
    sync = tmp_path_factory.mktemp("sync")
    (sync / "root-passwd").write_text(f"root:{PASSWORD}\n")
    container = podman.start("-v", f"{sync}:/sync", image)
    container.sync = sync
    container.wait_for_http("/health/startup")
    return container


@pytest.fixture(autouse=True)
def transcript(request):
    if "container" in request.fixturenames:
        request.node.container = request.getfixturevalue("container")


def test_ssh_login_with_the_password_of_the_sync_folder(container):
    eventually(lambda: "Server listening" in container.logs, 20, "sshd listens")
    answer = container.ssh(PASSWORD, "id -u")
    assert (answer.stdout, answer.returncode) == ("0\n", 0), answer.stderr
    assert list(container.sync.iterdir()) == []


def test_interactive_login_shows_the_motd(container):
    assert "CPU" in container.ssh(PASSWORD, "-tt", input="exit\n").stdout


def test_time_zone_and_language_are_set(container):
    assert container.ssh(PASSWORD, "date +%Z; locale -k LC_TIME | head -n 1").stdout.startswith("CST\n")
    assert "zh_CN" in container.ssh(PASSWORD, "echo $LANG").stdout


def test_jupyter_and_tensorboard_answer(container):
    container.wait_for_http("/jupyter/api", port=8888)
    container.wait_for_http("/monitor/", port=6006)


def test_healthcheck_of_the_image_agrees(podman, container):
    assert podman("healthcheck", "run", container.number, check=False).returncode == 0


def test_every_probe_is_200_while_services_are_killed(container):
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    pid, answers, over = container.pid, [], threading.Event()

    def kubelet():
        while not over.wait(PROBE_EVERY):
            answers.append(container.status("/health", timeout=PROBE_TIMEOUT, pid=pid))

    prober = threading.Thread(target=kubelet)
    prober.start()
    killed = []
    try:
        end = time.monotonic() + PROBE_SECONDS
        while time.monotonic() < end:
            services = [(number, line) for number, line in container.processes().items()
                        if any(name in line for name in ("sshd", "jupyter-lab", "tensorboard"))]
            if services:
                number, line = chance.choice(services)
                killed.append(line)
                try:
                    os.kill(number, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            over.wait(chance.uniform(0.2, 3))
    finally:
        over.set()
        prober.join()
    assert len(answers) >= PROBE_SECONDS * 0.8
    assert set(answers) == {200}, f"seed {seed}: {answers}; killed {killed}"
    assert len(killed) >= 10


def test_all_units_are_in_the_log_of_the_container(container):
    for unit in ("sshd", "jupyterlab", "tensorboard"):
        assert any(line.startswith(unit) and " | " in line for line in container.logs.splitlines()), unit


def test_stop_within_the_grace_period_with_exit_code_0(container):
    begun = time.monotonic()
    assert container.stop(GRACE) == 0
    assert time.monotonic() - begun < GRACE
