"""The step files with real servers, git and disks: by the helper that applies it, in a folder of the test."""

import hashlib
import json
import os
import socket
import subprocess

import pytest

from lib.web import Authority, Server

LOGO = b"\x89PNG\r\n" + bytes(range(256)) * 64
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGk3m0q8xw2nQ1b5r4eUnused0000000000000000000 team"


def with_hash(url, body=LOGO):
    return f"{url}#sha256={hashlib.sha256(body).hexdigest()}"


@pytest.fixture
def server(authority):
    with Server(lambda handler: handler.reply(200, LOGO), authority.localhost) as server:
        yield server


class Step:
    """One built-in step, applied as at a start of the container, its record in `folder`."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def __call__(self, type, settings, **env):
        mine, its = socket.socketpair()
        process = subprocess.Popen(
            ["bash", "-c", f'exec 3<&{its.fileno()}; exec "$@"', "-", str(self.binary), "helper", "steps"],
            pass_fds=[its.fileno()], env={"PATH": os.environ["PATH"]})
        its.close()
        variables = {"PATH": os.environ["PATH"], "BOOTSMAN_STATE_DIR": str(self.folder / "state"), **env}
        request = {"steps": [{"id": f"step.{type}", "type": type, "when": "changed", "settings": settings}],
                   "env": variables, "secrets": {}}
        mine.settimeout(60)
        with mine, mine.makefile() as lines:
            mine.sendall(json.dumps(request).encode())
            mine.shutdown(socket.SHUT_WR)
            answers = [json.loads(line) for line in lines]
        assert process.wait(10) == 0
        self.said = [answer["say"] for answer in answers if "say" in answer]
        return answers[-1]


@pytest.fixture
def step(binary, tmp_path):
    return Step(binary, tmp_path)


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    return place


def test_download_is_there_with_the_right_bytes_and_not_asked_for_again(step, place, server, authority):
    settings = {"download": {f"{place}/static/logo.png": with_hash(server.url("/logo.png"))},
                "modes": {f"{place}/static/logo.png": "0640"}, "ca_file": str(authority.certificate)}
    assert step("files", settings)["result"] == "changed"
    assert (place / "static/logo.png").read_bytes() == LOGO
    assert (place / "static/logo.png").stat().st_mode & 0o777 == 0o640
    assert step("files", settings)["result"] == "unchanged"
    assert len(server.requests) == 1


def test_download_replaces_what_a_wildcard_finds(step, place, server, authority):
    for version in ("python3.8", "python3.11"):
        (place / version / "images").mkdir(parents=True)
        (place / version / "images/logo.png").write_bytes(b"of the package")
    settings = {"download": {f"{place}/python3*/images/logo.png": with_hash(server.url())},
                "ca_file": str(authority.certificate)}
    assert step("files", settings)["result"] == "changed"
    assert {path.read_bytes() for path in place.glob("*/images/*")} == {LOGO}


def test_wrong_bytes_do_not_come_in_and_hinder_nothing_else(step, place, server, authority):
    (place / "logo.png").write_bytes(b"old")
    settings = {"download": {f"{place}/logo.png": with_hash(server.url(), b"other"),
                             f"{place}/second.png": with_hash(server.url())},
                "ca_file": str(authority.certificate)}
    answer = step("files", settings)
    assert answer["result"] == "failed"
    assert answer["why"].startswith("cannot fetch https://localhost") and "SHA-256" in answer["why"]
    assert (place / "logo.png").read_bytes() == b"old"
    assert (place / "second.png").read_bytes() == LOGO


def test_server_that_nobody_certified_is_refused_but_by_name(step, place, server, authority):
    settings = {"download": {f"{place}/logo.png": with_hash(server.url())},
                "ca_file": str(Authority(place).certificate)}
    assert step("files", settings)["result"] == "failed"
    assert not (place / "logo.png").exists()
    assert step("files", {**settings, "insecure": True})["result"] == "changed"
    assert any("insecure = true" in line for line in step.said)


def git(*words, cwd):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], cwd=cwd, check=True,
                   capture_output=True, timeout=30)


@pytest.fixture
def repository(tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    git("init", "-q", "-b", "main", cwd=repository)
    (repository / "lesson.ipynb").write_text("{}")
    git("add", ".", cwd=repository)
    git("commit", "-qm", "x", cwd=repository)
    git("branch", "autumn", cwd=repository)
    return repository


def test_repository_is_cloned_once_and_then_belongs_to_its_user(step, place, repository):
    settings = {"clone": {f"{place}/courses": f"{repository}#autumn"}}
    assert step("files", settings)["result"] == "changed"
    assert (place / "courses/lesson.ipynb").read_text() == "{}"
    assert (place / "courses/.git/HEAD").read_text() == "ref: refs/heads/autumn\n"
    (place / "courses/lesson.ipynb").write_text("solved")
    assert step("files", settings)["result"] == "unchanged"
    assert (place / "courses/lesson.ipynb").read_text() == "solved"


def test_clone_that_was_cut_off_or_fails_leaves_no_half_folder(step, place, repository):
    cut_off = place / ".courses.bootsman-new"
    cut_off.mkdir()
    (cut_off / "half").write_text("")
    settings = {"clone": {f"{place}/courses": str(repository)}}
    assert step("files", settings)["result"] == "changed"
    failing = {"clone": {f"{place}/more": f"{repository}#no-such-branch"}}
    answer = step("files", failing)
    assert answer["result"] == "failed" and "no-such-branch" in answer["why"]
    assert sorted(os.listdir(place)) == ["courses"]


def test_folder_of_the_image_is_copied(step, place, repository):
    assert step("files", {"copy": {f"{place}/a/copy": str(repository)}})["result"] == "changed"
    assert (place / "a/copy/lesson.ipynb").read_text() == "{}"
    assert os.listdir(place / "a") == ["copy"]


def test_keys_of_a_server_are_kept_while_it_is_away(step, place, authority):
    home = place / "home"
    home.mkdir(mode=0o755)
    settings = {"users": ["root"], "config": f"{place}/sshd_config", "ca_file": str(authority.certificate)}
    (place / "sshd_config").write_text(f"AuthorizedKeysFile {home}/keys/authorized_keys\n")
    with Server(lambda handler: handler.reply(200, f"{KEY}\n".encode()), authority.localhost) as server:
        settings["url"] = server.url("/team.keys")
        assert step("authorized_keys", settings)["result"] == "changed"
    keys = (home / "keys/authorized_keys").read_text()
    assert KEY in keys
    (home / "keys/authorized_keys").unlink()
    assert step("authorized_keys", {**settings, "time_limit": "2s"})["result"] == "changed"
    assert (home / "keys/authorized_keys").read_text() == keys
    assert any("the keys of an earlier start are used" in line for line in step.said)
