"""Third-party sources: only the pinned bytes are used, and what is missing is named with all places."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

FETCH = Path(__file__).resolve().parents[2] / "packaging/build/fetch.sh"
TEXT = b"the source of a library\n"
SHA = hashlib.sha256(TEXT).hexdigest()
NOWHERE = "https://127.0.0.1:1/library.tar.gz"


@pytest.fixture
def fetch(tmp_path):
    """fetch(PLACE, SHA…) in a machine whose apt has one archive: tmp_path/mirror."""
    archive = tmp_path / "mirror/pool/main/l/library"
    archive.mkdir(parents=True)
    (archive / "library.tar.gz").write_bytes(TEXT)
    (tmp_path / "upstream.tar.gz").write_bytes(TEXT)
    dist = tmp_path / "mirror/dists/test/main/binary-amd64"
    dist.mkdir(parents=True)
    (tmp_path / "sources.list").write_text(f"deb [trusted=yes] file:{tmp_path}/mirror test main\n")
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list"; Dir::Etc::sourceparts "/dev/null";\n'
        f'Dir::State::lists "{tmp_path}/lists"; Dir::Cache "{tmp_path}/cache";\n')

    def run(*places):
        script = f'set -euo pipefail; . "{FETCH}"; fetch library "$@"; cat "$fetched"'
        environment = {**os.environ, "APT_CONFIG": str(tmp_path / "apt.conf"), "ARCHIVES": str(tmp_path / "archives")}
        return subprocess.run(["bash", "-c", script, "fetch", *places], env=environment,
                              capture_output=True, timeout=120)
    return run


def test_the_pool_of_the_distribution_comes_first(fetch, tmp_path):
    done = fetch("pool:l/library/library.tar.gz", SHA, NOWHERE, SHA)
    assert done.stdout == TEXT, done.stderr


def test_upstream_is_asked_where_the_pool_has_a_hole(fetch, tmp_path):
    done = fetch("pool:l/library/gone.tar.gz", SHA, f"file://{tmp_path}/upstream.tar.gz", SHA)
    assert done.stdout == TEXT, done.stderr


def test_a_fetched_archive_is_not_fetched_again(fetch, tmp_path):
    fetch("pool:l/library/library.tar.gz", SHA)
    (tmp_path / "mirror/pool/main/l/library/library.tar.gz").unlink()
    assert fetch("pool:l/library/library.tar.gz", SHA).stdout == TEXT


def test_other_bytes_are_refused_and_nothing_of_them_is_kept(fetch, tmp_path):
    done = fetch("pool:l/library/library.tar.gz", "0" * 64)
    assert done.returncode != 0 and b"is not the pinned file" in done.stderr
    assert list((tmp_path / "archives").iterdir()) == []


def test_an_archive_that_was_changed_later_is_not_used(fetch, tmp_path):
    fetch("pool:l/library/library.tar.gz", SHA)
    kept, = (tmp_path / "archives").iterdir()
    kept.write_bytes(b"something else\n")
    assert fetch("pool:l/library/library.tar.gz", SHA).stdout == TEXT


def test_what_is_missing_is_named_with_every_place(fetch, tmp_path):
    done = fetch("pool:l/library/gone.tar.gz", SHA, NOWHERE, SHA)
    message = done.stderr.decode()
    assert done.returncode != 0
    for part in ("cannot fetch the source of library", "mirror/pool/main/l/library/gone.tar.gz", NOWHERE, "archives/"):
        assert part in message
