"""How port 8080 speaks HTTP, byte by byte, with the executable as it is shipped."""

import re
import socket
import time

import pytest

from lib.container import eventually, switches
from lib.netns import socket_in

SLEEPER = '[service.web]\ncommand = ["sleep", "1000"]\n'
OK = '{"health": "true"}'
HOST = "Host: a\r\n"


def exchange(container, stream, family=socket.AF_INET, port=8080):
    """All that comes back for these bytes."""
    with socket_in(container.init, family) as client:
        client.settimeout(10)
        client.connect(("127.0.0.1" if family == socket.AF_INET else "::1", port))
        said = b""
        try:
            client.sendall(stream.encode())
            client.shutdown(socket.SHUT_WR)
            while more := client.recv(1 << 16):
                said += more
        except (BrokenPipeError, ConnectionResetError):
            pass  # It was refused before it was sent.
        return said.decode()


def heads(said):
    return re.findall(r"HTTP/1\.1 \d[^\r]*", said)


@pytest.fixture
def container(boot):
    container = boot(SLEEPER)
    container.wait_for_http("/health/ready")
    return container


GOOD = {
    "keep-alive is the habit": (f"GET /health HTTP/1.1\r\n{HOST}\r\n", 1, []),
    "Connection: close is said back": (f"GET /health HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n", 1, ["Connection: close"]),
    "HTTP/1.0 without a Host": ("GET /health HTTP/1.0\r\n\r\n", 1, ["Connection: close"]),
    "HTTP/1.0 that wants to go on": ("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 1, ["Connection: keep-alive"]),
    "absolute-form": (f"GET http://elsewhere.example/health HTTP/1.1\r\n{HOST}\r\n", 1, []),
    "ten at once": (f"GET /health HTTP/1.1\r\n{HOST}\r\n" * 10, 10, []),
    "a body is passed over": (f"GET /health HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\nhelloGET /health HTTP/1.1\r\n{HOST}\r\n", 2, []),
    "chunks are passed over": (f"GET /health HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                               f"GET /health HTTP/1.1\r\n{HOST}\r\n", 2, []),
    "the user agent of a probe": (f"GET /health HTTP/1.1\r\n{HOST}User-Agent: kube-probe/1.31\r\n\r\n", 1, []),
}


def test_probes_are_answered_however_they_are_asked(container):
    for name, (stream, answers, lines) in GOOD.items():
        said = exchange(container, stream)
        assert heads(said) == ["HTTP/1.1 200 OK"] * answers, name
        assert said.count(OK) == answers, name
        assert all(line in said.split("\r\n") for line in lines), name
    container.stop()
    assert not [word for word in ("kube-probe", "GET", "/health", "elsewhere") if word in container.log]


def test_head_has_the_head_of_get_alone(container):
    get = exchange(container, f"GET /health HTTP/1.1\r\n{HOST}\r\n")
    head = exchange(container, f"HEAD /health HTTP/1.1\r\n{HOST}\r\n")
    assert head + OK == get
    assert f"Content-Length: {len(OK)}" in head


def test_who_expects_to_be_asked_for_a_body_is_asked(container):
    with socket_in(container.init) as client:
        client.settimeout(10)
        client.connect(("127.0.0.1", 8080))
        client.sendall(f"GET /health HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hi")
        assert OK.encode() in client.recv(1000)


REFUSED = {
    "a line that is too long": ("GET /" + "x" * 9000 + f" HTTP/1.1\r\n{HOST}\r\n", "414 URI Too Long"),
    "headers that are too long": (f"GET /health HTTP/1.1\r\n{HOST}X: " + "x" * 40000 + "\r\n\r\n", "431 Request Header Fields Too Large"),
    "too many headers": (f"GET /health HTTP/1.1\r\n{HOST}" + "X: y\r\n" * 100 + "\r\n", "431 Request Header Fields Too Large"),
    "a body that is too long": (f"POST /health HTTP/1.1\r\n{HOST}Content-Length: 9999999\r\n\r\n", "413 Content Too Large"),
    "no HTTP": ("hello\r\n\r\n", "400 Bad Request"),
    "no Host": ("GET /health HTTP/1.1\r\n\r\n", "400 Bad Request"),
    "another expectation": (f"GET /health HTTP/1.1\r\n{HOST}Expect: tea\r\n\r\n", "417 Expectation Failed"),
    "HTTP/2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 HTTP Version Not Supported"),
    "a tunnel": (f"CONNECT a:80 HTTP/1.1\r\n{HOST}\r\n", "501 Not Implemented"),
}


def test_what_is_refused_is_refused_with_its_own_status(container):
    for name, (stream, status) in REFUSED.items():
        said = exchange(container, stream)
        assert heads(said) == [f"HTTP/1.1 {status}"], name
        assert "Connection: close" in said.split("\r\n"), name
    for path, allowed in (("/health", "GET, HEAD"), ("/health/ready", "GET, HEAD"), ("/metrics", "GET, HEAD"),
                          ("/status", "GET, HEAD"), ("/-/events", "GET")):
        answer = container.http(path, method="POST")
        assert (answer.status, answer.headers["Allow"]) == (405, allowed), path


@pytest.mark.long
def test_half_a_request_is_answered_when_its_time_is_over(container):
    with socket_in(container.init) as client:
        client.settimeout(30)
        client.connect(("127.0.0.1", 8080))
        client.sendall(b"GET /health HT")
        assert client.recv(1000).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert client.recv(1000) == b""


def test_several_listeners_of_both_families_and_a_socket(boot):
    container = boot('http.listen = ["127.0.0.1:8080", "127.0.0.1:8081", "[::1]:8080", "unix:/run/web.sock"]\n' + SLEEPER)
    container.wait_for_http("/health/ready")
    ask = f"GET /health HTTP/1.1\r\n{HOST}\r\n"
    for family, port in ((socket.AF_INET, 8080), (socket.AF_INET, 8081), (socket.AF_INET6, 8080)):
        assert OK in exchange(container, ask, family, port)
    assert container.exec("curl", "-s", "-m", "5", "--unix-socket", "/run/web.sock", "http://any/health").stdout == OK


def test_page_that_nobody_looks_at_costs_nothing(container):
    with socket_in(container.init) as client:
        client.settimeout(10)
        client.connect(("127.0.0.1", 8080))
        client.sendall(b"GET /-/events HTTP/1.1\r\nHost: a\r\n\r\n")
        text = b""
        while text.count(b"event: usage") < 1:
            text += client.recv(1 << 16)
    # Memory and CPU are looked at every two seconds as long as somebody is there.
    eventually(lambda: switches(container.init) == (time.sleep(3) or switches(container.init)), 30, "the init sleeps")
