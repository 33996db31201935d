"""Fetching a file over https: by the helper that does it, from real servers."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from lib.container import eventually
from lib.web import Authority, Server, closed_port, hang

BODY = b"what the course needs\n" * 1000
HASH = hashlib.sha256(BODY).hexdigest()
OLD = b"what was there before\n"


@pytest.fixture
def serve(authority):
    servers = []

    def start(answer, certificate=authority.localhost, **options):
        servers.append(Server(answer, certificate, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


class Fetcher:
    """`bootsman helper fetch`, asked as the init asks it."""

    def __init__(self, binary, authority, folder):
        self.binary, self.authority = binary, authority
        self.folder = folder / "files"
        self.folder.mkdir()
        self.path = self.folder / "file"
        self.memory = folder / "memory"

    def start(self, url, env=None, **request):
        mine, its = socket.socketpair()
        text = {"url": url, "path": str(self.path), "backoff": 10, "ca_file": str(self.authority.certificate),
                **request}
        process = subprocess.Popen(
            ["bash", "-c", f'exec 3<&{its.fileno()}; exec "$@"', "-", str(self.binary), "helper", "fetch"],
            pass_fds=[its.fileno()], env={"PATH": os.environ["PATH"], **(env or {})})
        its.close()
        mine.sendall(json.dumps(text).encode())
        mine.shutdown(socket.SHUT_WR)
        return process, mine

    def __call__(self, url, **options):
        process, answers = self.start(url, **options)
        answers.settimeout(60)
        with answers, answers.makefile() as lines:
            answer = json.loads(lines.read())
        assert process.wait(10) == 0
        assert not [name for name in os.listdir(self.folder) if name != "file"], "a temporary file is left"
        return answer

    def refused(self, url, **options):
        """Why it failed; what was there before must be as it was."""
        before = self.path.read_bytes() if self.path.exists() else None
        answer = self(url, **options)
        assert answer["ok"] is False
        assert (self.path.read_bytes() if self.path.exists() else None) == before
        assert answer["why"].startswith("cannot fetch ")
        return answer["why"]


@pytest.fixture
def fetch(binary, authority, tmp_path):
    return Fetcher(binary, authority, tmp_path)


def good(handler):
    handler.reply(200, BODY)


def test_a_good_file_is_there_with_mode_and_hash(fetch, serve):
    answer = fetch(serve(good).url(), sha256=HASH, mode=0o600)
    assert answer == {"ok": True, "changed": True, "sha256": HASH, "stale": ""}
    assert fetch.path.read_bytes() == BODY and fetch.path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_has_the_hash_needs_no_server(fetch):
    fetch.path.write_bytes(BODY)
    assert fetch(f"https://localhost:{closed_port()}/", sha256=HASH)["changed"] is False


def test_an_old_file_keeps_its_mode_and_owner(fetch, serve):
    fetch.path.write_bytes(OLD)
    fetch.path.chmod(0o640)
    os.chown(fetch.path, 1234, 4321)
    assert fetch(serve(good).url())["changed"] is True
    info = fetch.path.stat()
    assert (info.st_mode & 0o777, info.st_uid, info.st_gid) == (0o640, 1234, 4321)


def test_a_bad_hash_leaves_the_old_file(fetch, serve):
    fetch.path.write_bytes(OLD)
    why = fetch.refused(serve(lambda handler: handler.reply(200, b"other")).url(), sha256=HASH)
    assert f"its SHA-256 is {hashlib.sha256(b'other').hexdigest()}, and should be {HASH}" in why


def test_a_server_of_another_authority_is_not_trusted(fetch, serve, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other").sign("localhost")
    server = serve(good, other)
    assert "certificate is not trusted" in fetch.refused(server.url())
    assert not server.requests


def test_a_certificate_of_another_name_is_not_trusted(fetch, serve, authority):
    server = serve(good, authority.sign("elsewhere.example"))
    assert "certificate is not trusted" in fetch.refused(server.url())
    assert not server.requests


def test_a_certificate_that_has_run_out_is_not_trusted(fetch, serve, authority):
    assert "certificate is not trusted" in fetch.refused(serve(good, authority.sign("localhost", days=-1)).url())


def test_insecure_takes_any_certificate_and_http(fetch, serve, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other").sign("localhost")
    assert fetch(serve(good, other).url(), insecure=True)["changed"] is True
    plain = serve(lambda handler: handler.reply(200, b"plain"), None)
    assert fetch(plain.url(), insecure=True)["changed"] is True
    assert "only https is allowed" in fetch.refused(plain.url())


def test_the_authority_may_come_by_the_environment(fetch, serve, authority):
    url = serve(good).url()
    variables = {"SSL_CERT_FILE": str(authority.certificate)}
    assert fetch(url, ca_file="", env=variables)["ok"] is True
    assert "there is no file /no/such.pem, which ca_file names" in fetch.refused(url, ca_file="/no/such.pem")


def test_a_server_that_stalls_is_given_up(fetch, serve):
    begun = time.monotonic()
    why = fetch.refused(serve(hang).url(), stall=1000, tries=1)
    assert "too slow" in why
    assert time.monotonic() - begun < 15


def test_the_time_for_all_tries_together_is_limited(fetch, serve):
    begun = time.monotonic()
    assert "timed out" in fetch.refused(serve(hang).url(), timeout=1500)
    assert time.monotonic() - begun < 15


def test_an_answer_that_is_cut_off_is_asked_for_again(fetch, serve):
    def answer(handler):
        if len(server.requests) < 3:
            handler.reply(200, BODY[:100], Content_Length=len(BODY))
        else:
            handler.reply(200, BODY)

    server = serve(answer)
    assert fetch(server.url())["sha256"] == HASH
    assert len(server.requests) == 3


def test_an_answer_that_is_always_cut_off_leaves_the_old_file(fetch, serve):
    fetch.path.write_bytes(OLD)
    why = fetch.refused(serve(lambda handler: handler.reply(200, BODY[:100], Content_Length=len(BODY))).url())
    assert "the connection was cut off" in why and "(tried 4 times)" in why


def test_500_then_200_is_good_after_a_pause(fetch, serve):
    def answer(handler):
        return handler.reply(500) if len(server.requests) == 1 else handler.reply(200, BODY)

    server = serve(answer)
    begun = time.monotonic()
    assert fetch(server.url(), backoff=300)["sha256"] == HASH
    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_asking_again_would_not_change_is_asked_once(fetch, serve, status):
    server = serve(lambda handler: handler.reply(status, b"<html>"))
    assert f"the server answered {status}" in fetch.refused(server.url())
    assert len(server.requests) == 1


def test_redirects_are_followed_but_not_for_ever(fetch, serve):
    target = serve(good)
    once = serve(lambda handler: handler.reply(302, Location=target.url()))
    assert fetch(once.url())["sha256"] == HASH
    loop = serve(lambda handler: handler.reply(302, Location=handler.path + "x"))
    assert "redirected more than 5 times" in fetch.refused(loop.url())
    assert len(loop.requests) == 6
    away = serve(lambda handler: handler.reply(302, Location="http://localhost:1/"))
    assert "only https is allowed" in fetch.refused(away.url())


def test_user_and_password_go_to_their_own_host_only_and_into_no_message(fetch, serve, authority):
    other = serve(lambda handler: handler.reply(404), authority.localhost)
    first = serve(lambda handler: handler.reply(302, Location=other.url("/elsewhere")))
    why = fetch.refused(first.url("/file?key=secret", user="anna:secret"))
    assert first.requests[0].headers["Authorization"].startswith("Basic ")
    assert "Authorization" not in other.requests[0].headers
    assert "secret" not in why and f"https://localhost:{first.port}/file?…" in why


def test_what_is_too_large_is_not_taken(fetch, serve):
    assert "it is larger than 1 KiB" in fetch.refused(serve(good).url(), max_size=1024)


def test_a_proxy_of_the_environment_is_used(fetch, serve):
    proxy = serve(lambda handler: handler.reply(200, b"through the proxy"), None)
    answer = fetch("http://no-such-host.invalid/file", insecure=True, env={"http_proxy": proxy.url("")})
    assert answer["sha256"] == hashlib.sha256(b"through the proxy").hexdigest()
    assert proxy.requests[0].path == "http://no-such-host.invalid/file"
    why = fetch.refused(serve(good).url(), tries=1, env={"https_proxy": f"http://127.0.0.1:{closed_port()}"})
    assert "connection refused" in why


def with_etag(handler):
    if handler.headers["If-None-Match"] == '"one"':
        return handler.reply(304, ETag='"one"')
    return handler.reply(200, BODY, ETag='"one"')


def test_the_same_file_is_not_sent_twice(fetch, serve):
    server = serve(with_etag)
    assert fetch(server.url(), memory=str(fetch.memory))["changed"] is True
    answer = fetch(server.url(), memory=str(fetch.memory))
    assert answer == {"ok": True, "changed": False, "sha256": HASH, "stale": ""}
    assert server.requests[1].headers["If-None-Match"] == '"one"'


def test_the_file_of_last_time_serves_while_the_server_is_away(fetch, serve):
    server = serve(with_etag)
    url = server.url()
    assert fetch(url, memory=str(fetch.memory))["changed"] is True
    server.answer = lambda handler: handler.reply(503)
    answer = fetch(url, memory=str(fetch.memory))
    assert answer["ok"] is True and answer["stale"] == "the server answered 503 (tried 4 times)"
    gone = f"https://localhost:{closed_port()}/file"
    assert "connection refused" in fetch.refused(gone, memory=str(fetch.memory), tries=1), "of another URL"


def test_a_file_that_somebody_changed_is_not_taken_for_the_servers(fetch, serve):
    server = serve(with_etag)
    fetch(server.url(), memory=str(fetch.memory))
    fetch.path.write_bytes(OLD)
    assert fetch(server.url(), memory=str(fetch.memory))["changed"] is True
    assert fetch.path.read_bytes() == BODY
    fetch.path.write_bytes(OLD)
    server.answer = lambda handler: handler.reply(503)
    assert "503" in fetch.refused(server.url(), memory=str(fetch.memory))


def test_a_name_that_nobody_knows_is_said(fetch):
    why = fetch.refused("https://no-such-host.invalid/", tries=1)
    assert "no-such-host.invalid" in why and "resolve" in why


def test_kill_in_the_middle_leaves_the_old_file_and_the_next_run_cleans_up(fetch, serve):
    fetch.path.write_bytes(OLD)
    process, answers = fetch.start(serve(hang).url())
    eventually(lambda: len(os.listdir(fetch.folder)) == 2, 20, "the new file is begun")
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    answers.close()
    assert fetch.path.read_bytes() == OLD
    assert fetch(serve(good).url())["sha256"] == HASH
