"""The gateway: what is no probe on port 8080 goes to the model, the notebook, or whoever has the path."""

import hashlib
import json
import socket
from pathlib import Path

import pytest

from lib.container import eventually
from lib.netns import Connection, socket_in
from lib.root import REPOSITORY
from lib.websocket import OPCODES, WebSocket

UPSTREAM = "/srv/upstream.py"
MEBI = 1 << 20
# What an idle gateway may grow by while bytes go through it.
GROWTH_MAX = 8 * MEBI

UNITS = f"""
[gateway.routes]
"/" = "http://127.0.0.1:5000"
"/keep/" = "http://127.0.0.1:5000"
"/strip/" = {{ to = "unix:/run/up.sock", prefix = "strip" }}
"/token/" = {{ to = "http://127.0.0.1:5000", bearer = "${{file:/srv/token}}" }}
"/slow/" = {{ to = "http://127.0.0.1:5000", response_timeout = "300ms" }}
"/gone/" = "http://127.0.0.1:5999"

[service.tcp]
command = ["/usr/bin/python3", "{UPSTREAM}", "5000"]
ready = {{ tcp = "127.0.0.1:5000", every = "50ms" }}
restart = {{ delay = "10s" }}

[service.unix]
command = ["/usr/bin/python3", "{UPSTREAM}", "/run/up.sock"]
ready = {{ file = "/run/up.sock", every = "50ms" }}
"""


@pytest.fixture
def gateway(boot, root):
    root.write(UPSTREAM, (REPOSITORY / "tests/e2e/lib/upstream.py").read_text())
    root.write("/srv/token", "not-for-everybody\n")
    container = boot(UNITS)
    container.wait_for_boot()
    container.wait_for_http("/health/ready")
    return container


def resident(container):
    fields = Path(f"/proc/{container.init}/status").read_text().split("VmRSS:")[1]
    return int(fields.split()[0]) * 1024


def ask(container, method, path, body=None, timeout=60, **headers):
    connection = Connection(container.init, 8080, timeout)
    try:
        connection.request(method, path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def blocks(total, size=1 << 16):
    block = hashlib.sha256(b"seed").digest() * (size // 32)
    for at in range(0, total, size):
        yield block[:min(size, total - at)]


def send_up(container, total, chunked):
    """Uploads `total` bytes; what the upstream got, and the digest of what was sent."""
    digest = hashlib.sha256()

    def pieces():
        for piece in blocks(total):
            digest.update(piece)
            yield piece

    headers = {} if chunked else {"Content_Length": str(total)}
    answer, said = ask(container, "POST", "/keep/upload", pieces(), 900, **headers)
    assert answer.status == 200
    return json.loads(said), digest.hexdigest()


def fetch(container, total, framing):
    """Downloads `total` bytes; their number and digest."""
    connection = Connection(container.init, 8080, 900)
    connection.request("GET", f"/keep/download?size={total}&framing={framing}")
    answer = connection.getresponse()
    digest, size = hashlib.sha256(), 0
    while piece := answer.read(1 << 16):
        digest.update(piece)
        size += len(piece)
    connection.close()
    return size, digest.hexdigest()


def wanted_download(total):
    digest, block = hashlib.sha256(), bytes(range(256)) * 256
    for at in range(0, total, len(block)):
        digest.update(block[:total - at])
    return total, digest.hexdigest()


def through_unharmed(container, total):
    fetch(container, MEBI, "length")
    before = resident(container)
    for chunked in (False, True):
        said, sent = send_up(container, total, chunked)
        assert said == {"size": total, "sha256": sent}, f"chunked upload: {chunked}"
    for framing in ("length", "chunked", "close"):
        assert fetch(container, total, framing) == wanted_download(total), framing
    assert resident(container) - before < GROWTH_MAX


def test_64_megabytes_go_up_and_down_in_flat_memory(gateway):
    through_unharmed(gateway, 64 * MEBI)


@pytest.mark.long
def test_2_gigabytes_go_up_and_down_in_flat_memory(gateway):
    through_unharmed(gateway, 2048 * MEBI)


def test_upstream_sees_who_asked_and_for_what(gateway):
    answer, body = ask(gateway, "GET", "/keep/a%20b?x=1&y", Host="outside:80")
    seen = json.loads(body)
    assert answer.status == 200
    assert seen["path"] == "/keep/a%20b?x=1&y"
    assert seen["headers"]["host"] == "outside:80"
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert seen["headers"]["x-forwarded-host"] == "outside:80"
    assert seen["headers"]["x-forwarded-proto"] == "http"


def test_stripped_prefix_over_a_unix_socket(gateway):
    _, body = ask(gateway, "GET", "/strip/a?b")
    seen = json.loads(body)
    assert seen["path"] == "/a?b"
    assert seen["headers"]["x-forwarded-prefix"] == "/strip"
    answer, _ = ask(gateway, "GET", "/strip/redirect")
    assert answer.headers["Location"] == "/strip/there"
    answer, _ = ask(gateway, "GET", "/strip")
    assert (answer.status, answer.headers["Location"]) == (308, "/strip/")


def test_health_stays_the_inits_own_and_metrics_become_the_models(gateway):
    assert gateway.http("/health").body == '{"health": "true"}'
    assert json.loads(gateway.http("/metrics").body)["path"] == "/metrics"
    assert "bootsman_healthy 1" in gateway.http("/-/metrics").body
    assert gateway.status("/-/nothing") == 404
    assert json.loads(gateway.http("/healthz").body)["path"] == "/healthz"


def test_secret_of_a_route_is_asked_for_and_kept(gateway):
    answer, _ = ask(gateway, "GET", "/token/x")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="bootsman"')
    answer, body = ask(gateway, "GET", "/token/x", Authorization="Bearer not-for-everybody")
    assert answer.status == 200
    assert "authorization" not in json.loads(body)["headers"]
    assert "not-for-everybody" not in gateway.log


def test_one_connection_serves_probes_and_the_model_in_turn(gateway):
    connection = Connection(gateway.init, 8080, 10)
    for _ in range(3):
        for path, part in (("/health", "true"), ("/keep/x", "/keep/x"), ("/strip/y", "/y")):
            connection.request("GET", path)
            assert part in connection.getresponse().read().decode()
    connection.request("HEAD", "/keep/download?size=1000")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, "1000", b"")
    connection.close()


def test_http_1_0_client_gets_the_answer_until_the_end(gateway):
    with socket_in(gateway.init) as client:
        client.settimeout(10)
        client.connect(("127.0.0.1", 8080))
        client.sendall(b"GET /keep/download?size=5&framing=chunked HTTP/1.0\r\n\r\n")
        said = b""
        while more := client.recv(4096):
            said += more
    head, body = said.split(b"\r\n\r\n")
    assert body == bytes(range(5))
    assert b"Connection: close" in head and b"chunked" not in head


def test_websocket_echoes(gateway):
    for path in ("/keep/ws", "/strip/ws"):
        with socket_in(gateway.init) as client:
            client.settimeout(10)
            client.connect(("127.0.0.1", 8080))
            websocket = WebSocket(client, path)
            assert websocket.head.startswith("HTTP/1.1 101 ")
            for message in ("hello", "x" * 300, "y" * 5000):
                websocket.send(message)
                assert websocket.receive() == (OPCODES["text"], message.encode())
            websocket.send(b"\x03\xe8", "close")
            assert websocket.receive()[0] == OPCODES["close"]
            assert client.recv(1) == b""


def test_unit_that_restarts_is_named_with_the_time_to_try_again(gateway):
    answer, _ = ask(gateway, "GET", "/keep/die")
    assert answer.status in (502, 503)

    def restarting():
        answer, body = ask(gateway, "GET", "/keep/x")
        return answer.status == 503 and (answer, body.decode())

    answer, body = eventually(restarting, 5, "the gateway says that the unit restarts")
    assert body.startswith("503 Service Unavailable: service.tcp is backoff")
    assert 1 <= int(answer.headers["Retry-After"]) <= 12
    assert gateway.status("/health") == 200


def test_upstream_that_is_not_there_or_slow(gateway):
    answer, body = ask(gateway, "GET", "/gone/x")
    assert (answer.status, body) == (502, b"502 Bad Gateway: the upstream of /gone/ can't be reached: connection refused\n")
    answer, body = ask(gateway, "GET", "/slow/slow?s=5")
    assert (answer.status, body) == (504, b"504 Gateway Timeout: the upstream of /slow/ did not answer within 300ms\n")


def test_probe_is_answered_beside_clients_that_send_their_bodies_slowly(gateway):
    clients = []
    try:
        for _ in range(600):
            clients.append(socket_in(gateway.init))
            clients[-1].settimeout(10)
            clients[-1].connect(("127.0.0.1", 8080))
            clients[-1].sendall(b"POST /keep/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1")
        assert gateway.status("/health") == 200
        # Beyond the gateway's places, who comes is told so.
        assert gateway.http("/keep/x").body.startswith("503 Service Unavailable: too many requests")
    finally:
        for client in clients:
            client.close()
    eventually(lambda: gateway.status("/keep/hello") == 200, 20, "the places are free again")


def test_model_of_the_preset_for_inference(maker, root):
    root.write(UPSTREAM, (REPOSITORY / "tests/e2e/lib/upstream.py").read_text())
    root.write("/etc/bootsman/bootsman.toml", 'extends = "inference"\n')
    container = maker.start(root, "--", "/bin/sh", "-c", f'exec /usr/bin/python3 {UPSTREAM} "$PORT"')
    container.wait_for_http("/health/ready")
    assert container.http("/health").body == '{"health": "true"}'
    image = b'--x\r\nContent-Disposition: form-data; name="images"; filename="seven.jpg"\r\n\r\n7\r\n--x--\r\n'
    for body, kind in ((image, "multipart/form-data; boundary=x"), (b'{"image": [0, 1]}', "application/json")):
        answer, said = ask(container, "POST", "/", body, Content_Type=kind)
        assert answer.status == 200
        assert json.loads(said) == {"mnist_result": int(hashlib.sha256(body).hexdigest(), 16) % 10}
    assert container.http("/health", port=8081, method="GET").status == 200  # The model's own page.


def unescaped(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


def exchange(container, stream):
    """All that comes back for these bytes."""
    with socket_in(container.init) as client:
        client.settimeout(10)
        client.connect(("127.0.0.1", 8080))
        said = b""
        try:
            client.sendall(stream)
            client.shutdown(socket.SHUT_WR)
            while more := client.recv(1 << 16):
                said += more
        except (BrokenPipeError, ConnectionResetError):
            pass  # It was refused before it was sent.
        return said


def test_no_request_is_smuggled_past_the_gateway(gateway):
    corpus = (REPOSITORY / "tests/golden/wire/smuggling.txt").read_text().splitlines()
    rows = [line.split("\t") for line in corpus if not line.startswith("#")]
    assert len(rows) >= 200
    odd = {}
    for name, stream in rows:
        said = exchange(gateway, unescaped(stream))
        if not said.startswith(b"HTTP/1.1 4") or said.count(b"HTTP/1.1 ") != 1:
            odd[name] = said[:100]
    assert odd == {}
    assert json.loads(gateway.http("/keep/seen").body) == ["/keep/seen"]


def test_requests_leave_no_line_in_the_log_unless_asked_for(boot, root):
    root.write(UPSTREAM, (REPOSITORY / "tests/e2e/lib/upstream.py").read_text())
    container = boot('gateway.access_log = true\n' + UNITS.split("[service.unix]")[0].replace(
        '"/token/"', '#').replace('"/strip/"', '#'))
    container.wait_for_http("/health/ready")
    ask(container, "GET", "/keep/x?secret=1")
    container.wait_for_log(r"GET /keep/x 200, \d+ bytes in \d+ ms")
    assert "secret" not in container.log and "/health" not in container.log.split("listening")[-1]
