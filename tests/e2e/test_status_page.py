"""The page for people on port 8080: read-only, live, and without a word of what units print."""

import base64
import json

import pytest

from lib import chromium
from lib.container import eventually
from lib.netns import Connection, socket_in

SECRET = "hunter2-chartreuse"
UNITS = f"""
[service.web]
command = ["sh", "-c", "echo {SECRET}; echo {SECRET} >&2; exec sleep 1000"]
env = {{ TOKEN = "{SECRET}" }}

[service.leaky]
command = ["sh", "-c", "echo {SECRET}; exit 3"]
restart = {{ delay = "100ms", limit = 2, within = "1m" }}
on_failure = "ignore"

[service.a-name-that-is-rather-long-and-has-no-place-to-break-it-at]
command = ["sleep", "1000"]
ready = {{ file = "/run/never" }}
on_failure = "ignore"
"""
PATHS = ["/", "/health", "/health/live", "/health/ready", "/health/startup", "/health?verbose", "/metrics",
         "/-/metrics", "/status", "/-/status", "/-/", "/-/logs", "/v1/logs", "/v1/units", "/v1/events"]


def events(container, wanted, timeout=15):
    """The data of server-sent events until `wanted` holds for one."""
    with socket_in(container.init) as client:
        client.settimeout(timeout)
        client.connect(("127.0.0.1", 8080))
        client.sendall(b"GET /-/events HTTP/1.0\r\n\r\n")
        text, seen = b"", 0
        while True:
            parts = text.split(b"\n\n")
            for part in parts[seen:-1]:
                seen += 1
                fields = dict(line.split(": ", 1) for line in part.decode().splitlines() if line.startswith(("event", "data")))
                if "data" in fields and wanted(fields["event"], json.loads(fields["data"])):
                    return text.decode()
            more = client.recv(1 << 16)
            assert more, "the stream has ended"
            text += more


@pytest.fixture
def container(boot):
    container = boot(UNITS)
    container.wait_for_http("/health/live")
    eventually(lambda: 'class="state failed"' in container.http("/-/status").body, 15, "the page shows the failure")
    return container


def test_page_shows_units_with_their_states_and_why(container):
    page = container.http("/-/status")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<td>service.web</td><td><span class=\"state ready\">ready</span></td>" in page.body
    assert "exited 3" in page.body
    assert container.http("/status").status == 200
    assert container.http("/-/status", method="POST").status == 405
    nonces = {container.http("/-/status").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(nonces) == 3


def test_what_a_unit_printed_is_on_no_path(container):
    assert SECRET in container.log
    streamed = events(container, lambda kind, _: kind == "usage")
    assert "exited 3" in streamed
    for text in [streamed, *(container.http(path).body for path in PATHS)]:
        assert SECRET not in text


def test_output_is_shown_to_who_brings_the_token_and_to_nobody_else(boot, root):
    root.write("/run/token", "open-sesame\n")
    container = boot('http.status_page = { logs = true, token = "${file:/run/token}" }\n'
                     'secrets.names = ["COLOUR"]\n' + UNITS.replace('["sh", "-c", "echo', '["sh", "-c", "echo printed;echo'),
                     env={"COLOUR": SECRET})
    container.wait_for_log("^web .*printed")
    assert container.http("/-/logs").status == 401
    assert "printed" not in container.http("/-/logs").body + container.http("/-/status").body

    def ask(authorization, path="/-/logs"):
        connection = Connection(container.init, 8080, 10)
        connection.request("GET", path, headers={"Authorization": authorization})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    assert ask("Bearer other")[0] == 401
    for right in ("Bearer open-sesame", "Basic " + base64.b64encode(b"bootsman:open-sesame").decode()):
        status, text = ask(right)
        assert status == 200 and "\nweb | printed\n" in text and SECRET not in text
    assert set(line.split(" | ")[0] for line in ask(right, "/-/logs?unit=service.web")[1].splitlines()) == {"web"}
    assert 'href="logs"' in container.http("/-/status").body


def test_page_is_told_of_what_happens(container):
    pid = container.process_with("sleep 1000")

    def restarted(kind, data):
        if kind == "status" and not killed:
            killed.append(container.exec("kill", "-9", container.exec("pgrep", "-o", "sleep").stdout.strip()))
        return kind == "status" and any(unit["restarts"] and unit["state"] == "ready" and "leaky" not in unit["id"]
                                        for unit in data["units"])

    killed = []
    assert pid
    assert "event: status" in events(container, restarted)


def test_page_can_be_turned_off(boot):
    container = boot("http.status_page.enabled = false\n" + UNITS)
    container.wait_for_http("/health/live")
    assert [container.status(path) for path in ("/-/status", "/status", "/-/events")] == [404] * 3


def test_only_so_many_may_look(container):
    clients = []
    try:
        for _ in range(33):
            clients.append(socket_in(container.init))
            clients[-1].settimeout(10)
            clients[-1].connect(("127.0.0.1", 8080))
            clients[-1].sendall(b"GET /-/events HTTP/1.1\r\nHost: a\r\n\r\n")
        heads = [client.recv(12) for client in clients]
        assert heads.count(b"HTTP/1.1 200") == 32 and heads.count(b"HTTP/1.1 503") == 1
        assert container.http("/health/live").status == 200
    finally:
        for client in clients:
            client.close()


@pytest.mark.skipif(not chromium.find(), reason="chromium is not installed: the page is not looked at")
def test_page_fits_its_window_and_is_live_in_a_browser(container, tmp_path):
    browser = chromium.Browser(container)
    try:
        for width, language, dark in ((1280, "en", False), (390, "en", False), (390, "zh-CN", True)):
            browser.open("/-/status", width, language, dark)
            eventually(lambda: browser.evaluate("document.getElementById('live').textContent") in ("live", "实时更新"),
                       20, "the page is live")
            assert browser.evaluate("document.documentElement.scrollWidth") <= width
            assert browser.evaluate("document.documentElement.clientWidth") <= width
            beyond = browser.evaluate(
                "[...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
                ".map(e => e.tagName + '#' + e.id).join(' ')")
            assert beyond == ""
            assert browser.evaluate("document.querySelectorAll('#units tr').length") == 3
            background = browser.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (background == "rgb(13, 17, 23)") == dark
            title = browser.evaluate("document.querySelector('h1').textContent")
            assert title == ("容器状态" if language == "zh-CN" else "Container status")
            picture = base64.b64decode(browser.screenshot())
            (tmp_path / f"status-{width}-{language}.png").write_bytes(picture)
            assert picture.startswith(b"\x89PNG") and len(picture) > 5000
        browser.ask("Emulation.setScriptExecutionDisabled", value=True)
        browser.open("/-/status", 390)
        assert browser.evaluate("document.getElementById('live').textContent") == "as of when the page was loaded"
        assert browser.evaluate("document.querySelectorAll('#units tr').length") == 3
        assert "exited 3" in browser.evaluate("document.querySelector('#units .failed').closest('tr').textContent")
        assert browser.evaluate("document.documentElement.scrollWidth") <= 390
        (tmp_path / "status-without-script.png").write_bytes(base64.b64decode(browser.screenshot()))
        errors = [entry for entry in browser.console if "favicon" not in json.dumps(entry)]
        assert errors == []
    finally:
        browser.close()
