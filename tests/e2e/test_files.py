"""The step files with real servers, git and disks: by the helper that applies it, in a folder of the test."""

import gzip
import hashlib
import io
import json
import os
import random
import re
import socket
import stat
import struct
import subprocess
import tarfile
import zipfile

import pytest

from lib.root import BINARY_INSIDE
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


LONG = "课程/" + "a" * 90 + "/" + "b" * 120 + ".txt"
TREE = {"README.md": b"hello\n", "课程/第一课.ipynb": "数据".encode() * 100_000, "empty": b"", LONG: LOGO * 20}


def tar(entries, mode="w:gz", format=tarfile.PAX_FORMAT):
    """The bytes of a tar of (name, content or a TarInfo's members)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=format) as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
                continue
            for key, value in content.items():
                setattr(info, key, value)
            archive.addfile(info)
    return out.getvalue()


def zipped(entries, method=zipfile.ZIP_DEFLATED, mode=0o100644):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = method
            archive.writestr(info, content)
    return out.getvalue()


def zip64(entries):
    """All in 64 bits: sizes, counts and places, as an archive above 4 GiB has them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in entries:
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as file:
                file.write(content)
    body = out.getvalue()
    end = body.rindex(b"PK\5\6")
    count, size, at = struct.unpack_from("<HLL", body, end + 10)
    return (body[:end] + struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, at)
            + struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
            + struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0))


def tree_of(folder):
    return {os.path.relpath(os.path.join(place, name), folder): open(os.path.join(place, name), "rb").read()
            for place, _, names in os.walk(folder) for name in names}


@pytest.mark.parametrize("archive", [
    tar(TREE.items()), tar(TREE.items(), format=tarfile.GNU_FORMAT), tar(TREE.items(), mode="w"),
    zipped(TREE.items()), zipped(TREE.items(), zipfile.ZIP_STORED), zip64(TREE.items()),
    b"".join(map(gzip.compress, (lambda raw: (raw[:70_000], raw[70_000:]))(tar(TREE.items(), mode="w")))),
], ids=["tar.gz", "GNU's tar.gz", "tar", "zip", "stored zip", "zip64", "two gzip members"])
def test_archive_is_unpacked_whole_and_only_once(step, place, archive):
    (place / "a").write_bytes(archive)
    settings = {"unpack": {f"{place}/in/course": f"{place}/a"}}
    assert step("files", settings)["result"] == "changed"
    assert tree_of(place / "in/course") == TREE
    (place / "in/course/README.md").write_text("mine")
    assert step("files", settings)["result"] == "unchanged"
    assert (place / "in/course/README.md").read_text() == "mine"
    assert sorted(os.listdir(place / "in")) == ["course"]


def test_archive_of_a_server_is_checked_and_not_kept(step, place, authority):
    body = zipped(TREE.items())
    with Server(lambda handler: handler.reply(200, body), authority.localhost) as server:
        settings = {"unpack": {f"{place}/course": with_hash(server.url("/c.zip"), body)},
                    "ca_file": str(authority.certificate)}
        assert step("files", settings)["result"] == "changed"
        assert tree_of(place / "course") == TREE
        settings["unpack"] = {f"{place}/other": with_hash(server.url("/c.zip"), b"else")}
        assert step("files", settings)["result"] == "failed"
    assert os.listdir(place) == ["course"]


def test_modes_links_and_folders_of_an_archive(step, place):
    entries = [("d", {"type": tarfile.DIRTYPE, "mode": 0o777}), ("d/run", {"mode": 0o6755, "type": tarfile.REGTYPE}),
               ("d/up", {"type": tarfile.SYMTYPE, "linkname": "../plain"}), ("./plain", b"x"),
               ("d/hard", {"type": tarfile.LNKTYPE, "linkname": "plain"}), ("plain", b"the later one")]
    (place / "a").write_bytes(tar(entries))
    assert step("files", {"unpack": {f"{place}/c": f"{place}/a"}})["result"] == "changed"
    modes = {name: oct(stat.S_IMODE(os.lstat(place / "c" / name).st_mode)) for name in ("d", "d/run", "plain")}
    assert modes == {"d": "0o755", "d/run": "0o755", "plain": "0o644"}
    assert os.readlink(place / "c/d/up") == "../plain"
    assert (place / "c/d/up").read_bytes() == b"the later one"
    assert (place / "c/d/hard").read_bytes() == b"x"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_link_in_a_zip_is_made(step, place, method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("d/plain", "hello")
        link = zipfile.ZipInfo("d/link")
        link.external_attr, link.create_system, link.compress_type = 0o120777 << 16, 3, method
        archive.writestr(link, "plain")
        archive.writestr("after", "more")
    (place / "a").write_bytes(out.getvalue())
    assert step("files", {"unpack": {f"{place}/c": f"{place}/a"}})["result"] == "changed"
    assert os.readlink(place / "c/d/link") == "plain"
    assert (place / "c/d/link").read_text() + (place / "c/after").read_text() == "hellomore"


def symlink(target):
    return {"type": tarfile.SYMTYPE, "linkname": target}


def hard_link(target):
    return {"type": tarfile.LNKTYPE, "linkname": target}


NOISE = random.Random(7).randbytes(40_000)
GOOD = tar([("a", NOISE), ("b", NOISE)])
EVIL = {
    "a name that leads upwards": (tar([("../x", b"")]), "leads upwards"),
    "one that does so later": (tar([("a/../../x", b"")]), "leads upwards"),
    "an absolute name": (tar([("/tmp/x", b"")]), "absolute"),
    "an absolute link": (tar([("x", symlink("/etc/passwd"))]), "leads outside"),
    "a link upwards": (tar([("d/x", symlink("../../y"))]), "leads outside"),
    "a link upwards through another link": (tar([("here", symlink(".")), ("x", symlink("here/here/../../y"))]),
                                            "leads outside"),
    "a file behind a link": (tar([("d", symlink("e")), ("d/x", b"")]), "behind a link"),
    "a folder behind a link": (tar([("d", symlink("e")), ("d/x", {"type": tarfile.DIRTYPE})]), "behind a link"),
    "a file below a file": (tar([("d", b""), ("d/x", b"")]), "behind a link or a file"),
    "a hard link outside": (tar([("x", hard_link("../../../etc/passwd"))]), "leads upwards"),
    "an absolute hard link": (tar([("x", hard_link("/etc/passwd"))]), "absolute"),
    "a hard link to a link": (tar([("l", symlink("y")), ("x", hard_link("l"))]), "no file of the archive"),
    "a device": (tar([("null", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3})]), "neither file"),
    "a pipe": (tar([("pipe", {"type": tarfile.FIFOTYPE})]), "neither file"),
    "more than is allowed": (tar([("x", b"x" * 3_000_000)]), "max_unpacked"),
    "a zip with more than is allowed": (zipped([("x", b"x" * 3_000_000)]), "max_unpacked"),
    "a cut tar.gz": (GOOD[:-600], "cut off"),
    "a cut tar": (gzip.decompress(GOOD)[:20_000], "cut off"),
    "damaged gzip": (GOOD[:3000] + b"XXXX" + GOOD[3004:], "gzip data are damaged"),
    "gzip without its sum": (GOOD[:-6], "cut off"),
    "a wrong sum of gzip": (GOOD[:-8] + b"XXXX" + GOOD[-4:], "gzip data are damaged"),
    "a damaged header": (gzip.decompress(GOOD).replace(b"0000644", b"0000755", 1), "no tar, or damaged"),
    "a zip upwards": (zipped([("../x", "")]), "leads upwards"),
    "an absolute zip": (zipped([("/x", "")]), "absolute"),
    "a link in a zip": (zipped([("x", "/etc/passwd")], mode=0o120777), "leads outside"),
    "a device in a zip": (zipped([("x", "")], mode=0o020666), "neither file"),
    "a sparse file": (tar([("x", {"pax_headers": {"GNU.sparse.map": "0,1,9,1", "GNU.sparse.size": "10"}, "size": 0})]),
                      "sparse|damaged"),
    "a cut zip": (zipped(TREE.items())[:-200], "no zip, or damaged"),
    "a zip with a wrong sum": (zipped([("x", b"abcabc")], zipfile.ZIP_STORED).replace(b"abcabc", b"abcabd"), "damaged"),
    "another kind": (b"7z\xbc\xaf" + b"x" * 600, "neither tar, tar.gz nor zip"),
    "nothing": (b"", "neither tar, tar.gz nor zip"),
}


@pytest.mark.parametrize("name", EVIL)
def test_archive_that_is_not_to_be_trusted_leaves_nothing(step, place, name):
    archive, why = EVIL[name]
    (place / "a").write_bytes(archive)
    answer = step("files", {"unpack": {f"{place}/c": f"{place}/a"}, "max_unpacked": "2MiB"})
    assert answer["result"] == "failed"
    assert answer["why"].startswith(f"cannot unpack {place}/a: ")
    assert re.search(why, answer["why"]), answer["why"]
    assert os.listdir(place) == ["a"]


def test_zip_whose_directory_would_fill_the_memory_is_refused(step, place):
    directory = (b"PK\1\2" + b"\0" * 42) * 740_000
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 0xffff, 0xffff, len(directory), 4, 0)
    (place / "a").write_bytes(b"PK\3\4" + directory + end)
    assert step("files", {"unpack": {f"{place}/c": f"{place}/a"}})["why"].endswith("it has too many entries")
    assert os.listdir(place) == ["a"]


def test_zip_without_entries_is_an_empty_folder(step, place):
    (place / "a").write_bytes(zipped([]))
    assert step("files", {"unpack": {f"{place}/c": f"{place}/a"}})["result"] == "changed"
    assert os.listdir(place / "c") == []


def test_names_in_other_bytes_than_utf_8_stay_as_they_are(step, place):
    name = "课程.txt".encode("gbk")
    (place / "a").write_bytes(tar([(os.fsdecode(name), b"x")], format=tarfile.GNU_FORMAT))
    assert step("files", {"unpack": {f"{place}/c": f"{place}/a"}})["result"] == "changed"
    assert os.listdir(os.fsencode(place / "c")) == [name]


def test_encrypted_zip_is_refused(step, place):
    body = bytearray(zipped([("x", b"abc")]))
    body[6] |= 1  # Of the file's own header, and of the directory's.
    body[body.index(b"PK\1\2") + 8] |= 1
    (place / "a").write_bytes(body)
    assert "is encrypted" in step("files", {"unpack": {f"{place}/c": f"{place}/a"}})["why"]


def test_archive_for_a_home_belongs_to_its_user(maker, root):
    root.append("/etc/passwd", "alice:x:1101:100::/srv/alice:/bin/sh\n")
    root.path("/srv/alice").mkdir(parents=True)
    os.chown(root.path("/srv/alice"), 1101, 100)
    root.path("/opt/course.zip").write_bytes(zipped(TREE.items()))
    root.write("/etc/bootsman/bootsman.toml",
               'extends = "empty"\n[step.files]\nunpack = { "/srv/alice/course" = "/opt/course.zip" }\n')
    container = maker.start(root, command=(BINARY_INSIDE, "run-step", "files"))
    assert container.wait(60) == 0, container.transcript()
    for name in ("", "课程", "README.md", LONG):
        status = os.lstat(root.path("/srv/alice/course") / name)
        assert (status.st_uid, status.st_gid) == (1101, 100), name
