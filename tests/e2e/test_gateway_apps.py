"""JupyterLab and TensorBoard, the real ones, behind the gateway on port 8080."""

import json
import re
import uuid

import pytest

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
    container.wait_for_boot()
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
