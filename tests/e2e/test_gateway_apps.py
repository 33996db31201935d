"""JupyterLab and TensorBoard, the real ones, behind the gateway on port 8080."""

import base64
import json
import re
import time
import uuid

import pytest

from lib import chromium
from lib.container import eventually
from lib.netns import Connection, socket_in
from lib.websocket import OPCODES, WebSocket

pytestmark = pytest.mark.jupyter

TOKEN = "0123456789abcdef-our-own-token"
ROUTES = """
[gateway.routes]
"/jupyter/" = "http://127.0.0.1:8888"
"/monitor/" = "http://127.0.0.1:6006"
"""


@pytest.fixture
def container(maker, venv):
    root = maker.root((venv, venv))
    root.write("/etc/bootsman/bootsman.toml", ROUTES)
    container = maker.start(root, env={"PATH": f"{venv}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "JUPYTER_TOKEN": TOKEN})
    container.wait_for_boot(120)
    container.wait_for_http("/jupyter/api", timeout=60)
    return container


def ask(container, method, path, value=None):
    connection = Connection(container.init, 8080, 30)
    connection.request(method, path, json.dumps(value) if value is not None else None,
                       {"Authorization": f"token {TOKEN}", "Host": "workspace.example"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status < 300, body
    return json.loads(body) if body else None


def message(kind, content):
    return json.dumps({
        "header": {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": "test",
                   "version": "5.3", "date": "2026-01-01T00:00:00Z"},
        "parent_header": {}, "metadata": {}, "content": content, "channel": "shell", "buffers": []})


def test_cell_is_executed_through_the_gateway(container):
    kernel = ask(container, "POST", "/jupyter/api/kernels", {"name": "python3"})["id"]
    with socket_in(container.init) as client:
        client.settimeout(60)
        client.connect(("127.0.0.1", 8080))
        socket = WebSocket(client, f"/jupyter/api/kernels/{kernel}/channels?token={TOKEN}",
                           host="workspace.example", headers=["Origin: http://workspace.example"])
        assert socket.head.startswith("HTTP/1.1 101 ")
        socket.send(message("execute_request", {"code": "print(6 * 7)", "silent": False, "store_history": False,
                                                "user_expressions": {}, "allow_stdin": False}))
        printed = ""
        while "42" not in printed:
            opcode, data = socket.receive()
            if opcode == OPCODES["text"]:
                said = json.loads(data)
                printed += said["content"].get("text", "") if said["msg_type"] == "stream" else ""
    ask(container, "DELETE", f"/jupyter/api/kernels/{kernel}")


def test_pages_and_what_they_load_come_through(container):
    page = container.http(f"/jupyter/lab?token={TOKEN}", timeout=30)
    assert page.status == 200
    scripts = re.findall(r'src="(/jupyter/[^"]+\.js[^"]*)"', page.body)
    assert scripts
    assert all(container.http(script, timeout=30).status == 200 for script in scripts)
    assert container.http("/jupyter").status == 308
    eventually(lambda: "TensorBoard" in container.http("/monitor/").body, 60, "TensorBoard's page comes")
    assert container.http("/monitor/data/environment").status == 200
    assert container.http("/health").body == '{"health": "true"}'


NOTEBOOK = {"cells": [{"cell_type": "code", "id": "a", "execution_count": None, "metadata": {}, "outputs": [],
                       "source": "import os"}],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "nbformat": 4, "nbformat_minor": 5}
# What only the kernel can know.
TYPED = "; print('kernel', os.getpid(), 'on', os.uname().nodename)"
TAG = "loss-of-the-test"
SCALARS = """
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
writer = EventFileWriter("/root/tensorboard-logs/first-run")
for step in range(10):
    value = Summary.Value(tag="loss-of-the-test", simple_value=1 / (step + 1))
    writer.add_event(Event(wall_time=1.7e9 + step, step=step, summary=Summary(value=[value])))
writer.close()
"""


@pytest.fixture
def browsed(container, tmp_path):
    """A browser in the container's network; its last view is kept as a picture."""
    browser = chromium.Browser(container)
    browser.ask("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)
    yield browser
    try:
        (tmp_path / "last.png").write_bytes(base64.b64decode(browser.screenshot()))
    finally:
        browser.close()


needs_browser = pytest.mark.skipif(not chromium.find(), reason="chromium is not installed: no browser looks at them")


@pytest.mark.long
@needs_browser
def test_cell_is_run_in_a_real_browser(container, browsed):
    ask(container, "PUT", "/jupyter/api/contents/seen.ipynb", {"type": "notebook", "content": NOTEBOOK})
    browsed.go(f"http://127.0.0.1:8080/jupyter/lab/tree/seen.ipynb?reset&token={TOKEN}")
    # The page says "idle" before there is a kernel; what is run then is not run.
    def listens():
        answer = container.http(f"/jupyter/api/kernels?token={TOKEN}")  # 500 while it makes one.
        kernels = json.loads(answer.body) if answer.status == 200 else []
        return any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in kernels)
    eventually(listens, 240, "a kernel listens to the page")

    def focused():
        browsed.click(".jp-Notebook .jp-CodeCell .cm-content")
        return browsed.value("document.activeElement.classList.contains('cm-content')")
    eventually(focused, 60, "the cell has the focus")
    browsed.press("End", 35)
    browsed.type(TYPED)
    pressed = []

    def said():
        if not pressed or time.monotonic() - pressed[-1] > 10:
            browsed.click(".jp-Notebook .jp-CodeCell .cm-content")
            browsed.press("Enter", 13, shift=True)
            pressed.append(time.monotonic())
        return browsed.value("(document.querySelector('.jp-Notebook .jp-OutputArea-output')?.innerText || '')"
                             ".match(/kernel (\\d+) on (\\S+)/)")
    _, pid, host = eventually(said, 120, "the cell's output is shown")
    assert host == "bootsman-test"
    assert "ipykernel" in container.exec("cat", f"/proc/{pid}/cmdline").stdout
    assert browsed.evaluate("location.host + location.pathname").startswith("127.0.0.1:8080/jupyter/lab")


@pytest.mark.long
@needs_browser
def test_scalar_is_seen_in_a_real_browser(container, venv, browsed):
    container.exec(venv / "bin/python", "-c", SCALARS, timeout=60)
    # TensorBoard looks for new files every five seconds.
    eventually(lambda: TAG in container.http("/monitor/data/plugin/scalars/tags").body, 60, "TensorBoard has read the file")
    browsed.go("http://127.0.0.1:8080/monitor/#timeseries")
    browsed.look_for(f"location.host === '127.0.0.1:8080' && document.body.innerText.includes('{TAG}')", 240,
                     "the page shows the scalar")
