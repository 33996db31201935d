"""JupyterLab and TensorBoard, the real ones, as the preset starts them."""

import json
import os
import shutil
import signal
import subprocess
import threading

import pytest

from lib.container import eventually

pytestmark = pytest.mark.jupyter

API = "/jupyter/api"


@pytest.fixture
def container(jupyter_workspace):
    container = jupyter_workspace()
    container.wait_for_boot()
    container.wait_for_http(API, port=8888, timeout=40)
    return container


def test_jupyter_answers_below_its_prefix_with_a_token(container):
    assert "version" in container.http(API, port=8888).body
    assert container.status("/jupyter/api/contents", port=8888) == 403


def test_jupyter_token_of_the_environment_is_honoured_and_not_logged(jupyter_workspace):
    token = "0123456789abcdef-our-own-token"
    container = jupyter_workspace(env={"JUPYTER_TOKEN": token})
    container.wait_for_http(API, port=8888, timeout=40)
    assert container.status(f"/jupyter/api/contents?token={token}", port=8888) == 200
    assert token not in container.log


def test_settings_in_force_are_those_of_the_step(jupyter_workspace):
    token = "read-back"
    container = jupyter_workspace(env={"JUPYTER_TOKEN": token})
    container.root.write("/root/seen-by-the-browser", "")
    container.wait_for_http(API, port=8888, timeout=40)

    def ask(path):
        return container.http(f"/jupyter/{path}{'&' if '?' in path else '?'}token={token}", port=8888, timeout=30)

    for extension, key, value in (("terminal", "theme", "dark"), ("translation", "locale", "zh_CN")):
        answer = ask(f"lab/api/settings/@jupyterlab/{extension}-extension:plugin")
        assert answer.status == 200, answer.body
        assert json.loads(json.loads(answer.body)["raw"])[key] == value
    names = {entry["name"] for entry in json.loads(ask("api/contents").body)["content"]}
    assert "seen-by-the-browser" in names
    assert json.loads(ask("api/kernelspecs").body)["default"] == "python3"
    policy = ask("lab").headers["Content-Security-Policy"]
    assert policy.strip() == "frame-ancestors * 'self'"


def test_hashed_password_lets_in(jupyter_workspace, venv):
    word = "a word of the class"
    hashed = subprocess.run([venv / "bin/python", "-c", "import sys; from jupyter_server.auth import passwd; "
                             "print(passwd(sys.argv[1], 'sha256'))", word],
                            capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    container = jupyter_workspace(env={"HASH": hashed}, config='[step.jupyter]\npassword = "${HASH}"\n')
    container.wait_for_http(API, port=8888, timeout=40)
    base = "http://127.0.0.1:8888/jupyter"
    script = (f'cd "$(mktemp -d)" && curl -s -o /dev/null -c jar {base}/login && '
              "xsrf=$(awk '$6 == \"_xsrf\" {print $7}' jar) && "
              f'curl -s -o /dev/null -b jar -c jar --data-urlencode "password=$1" --data "_xsrf=$xsrf" {base}/login; '
              f'curl -s -o /dev/null -w "%{{http_code}}" -b jar {base}/api/contents')
    assert container.from_outside("sh", "-c", script, "sh", word).stdout == "200"
    assert container.from_outside("sh", "-c", script, "sh", "wrong").stdout == "403"


def test_overrides_are_the_defaults_of_all_users(jupyter_workspace, venv):
    config = ('[step.jupyter]\nlab_dir = "/srv/lab"\nterminal_theme = ""\n'
              """overrides = { "@jupyterlab/terminal-extension:plugin" = '{"theme": "light"}' }\n"""
              '[service.jupyterlab.env]\nJUPYTERLAB_DIR = "/srv/lab"\n')

    def copy_lab(root):  # The environment of the tests is read-only.
        root.run("cp", "-rs", venv / "share/jupyter/lab", root.mount_point / "srv/lab")

    container = jupyter_workspace(env={"JUPYTER_TOKEN": "t"}, config=config, before=copy_lab)
    container.wait_for_http(API, port=8888, timeout=40)
    answer = container.http("/jupyter/lab/api/settings/@jupyterlab/terminal-extension:plugin?token=t", port=8888)
    assert json.loads(answer.body)["schema"]["properties"]["theme"]["default"] == "light", answer.body


def test_tensorboard_answers_below_its_prefix(container):
    container.wait_for_http("/monitor/", port=6006, timeout=40)


def test_killed_jupyter_comes_back_and_health_stays_200(container):
    first = container.process_with("jupyter-lab")
    seen, over = [], threading.Event()

    def probe():
        while not over.wait(0.05):
            seen.append(container.status("/health"))

    prober = threading.Thread(target=probe)
    prober.start()
    try:
        os.kill(first, signal.SIGKILL)
        eventually(lambda: container.status(API, port=8888) == 0, 5, "the killed server is silent")
        container.wait_for_http(API, port=8888, timeout=30)
    finally:
        over.set()
        prober.join()
    assert container.process_with("jupyter-lab") != first
    assert len(seen) > 10 and set(seen) == {200}


def sleeper(container, number):
    """The process itself: those that start it name it too, and end."""
    return eventually(lambda: next((pid for pid, line in container.processes().items() if line == f"sleep {number}"), None),
                      20, f"sleep {number} runs")


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")
def test_what_runs_beside_the_server_survives_a_restart_a_crash_and_a_reload(jupyter_workspace):
    """A terminal of Jupyter's ends with its server, by Jupyter's own will, or the kernel's when the server is killed:
    nobody holds its other side. What was started in it by nohup or tmux lives on."""
    container = jupyter_workspace(env={"SHELL": "/bin/bash"})
    container.wait_for_http(API, port=8888, timeout=60)
    container.root.append("/root/.bashrc", "\n[ -e /run/left ] || { touch /run/left; nohup sleep 7891 >/dev/null 2>&1 & "
                                           "TERM=xterm tmux new-session -d -s work 'sleep 7892'; }\n")
    token = container.root.read("/var/lib/bootsman/jupyter-token").strip()
    assert container.http(f"/jupyter/api/terminals?token={token}", port=8888, timeout=20, method="POST").status == 200
    left = [sleeper(container, number) for number in (7891, 7892)]
    first = container.process_with("jupyter-lab")
    container.bootsman("restart", "jupyterlab", timeout=90)
    killed = container.process_with("jupyter-lab")
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: container.status(API, port=8888) == 0, 10, "the killed server is silent")
    container.wait_for_http(API, port=8888, timeout=60)
    second = container.process_with("jupyter-lab")
    container.root.write("/etc/bootsman/bootsman.toml", '[service.jupyterlab]\nenv = { CHANGED = "1" }\n')
    assert "restarts service.jupyterlab" in container.bootsman("reload", timeout=120).stdout
    assert len({first, killed, second, container.process_with("jupyter-lab")}) == 4
    assert set(left) <= set(container.processes())
    assert container.exec("tmux", "list-sessions").stdout.startswith("work: ")


def test_all_output_is_prefixed_with_its_unit(container):
    container.wait_for_log(r"^jupyterlab +\| .*ServerApp", 20)
    strangers = [line for line in container.log.splitlines() if " | " not in line]
    assert not strangers


def test_orderly_stop_takes_no_more_than_the_grace_period(container):
    assert container.stop(timeout=12) == 0
