"""Fixtures: a real S3 store, and the executable as PID 1 in the store's network."""

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

_spec = importlib.util.spec_from_file_location("e2e_fixtures", HERE.parent / "e2e/conftest.py")
_e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_e2e)
binary, needs_root, maker, root = _e2e.binary, _e2e.needs_root, _e2e.maker, _e2e.root
pytest_runtest_makereport = _e2e.pytest_runtest_makereport

import store as stores  # noqa: E402

_buckets = itertools.count(1)


@pytest.fixture(scope="session")
def store():
    if missing := stores.missing_programs():
        pytest.skip(f"not installed: {', '.join(missing)}")
    if not Path("/dev/fuse").exists():
        pytest.skip("there is no /dev/fuse")
    store = stores.Store()
    yield store
    store.close()


@pytest.fixture
def bucket(store):
    """A bucket of the test's own, with some objects below data/."""
    name = f"jobs-{next(_buckets)}"
    store.bucket(name)
    store.put(name, "data/hello.txt", b"hello\n")
    store.put(name, "data/sub/two.txt", b"two\n")
    store.put(name, "other/three.txt", b"three\n")
    return name


def s3_mount(bucket, prefix="data", endpoint=stores.ENDPOINT, key_id=stores.KEY_ID, more=""):
    return f"""
[mount.workdir]
type = "s3fs"
source = "s3://{bucket}/{prefix}"
target = "/workdir"
endpoint = "{endpoint}"
access_key = "{key_id}"
options = ["use_path_request_style", "uid=0,umask=227,gid=0"]
health = {{ every = "300ms", timeout = "2s", failures = 2, initial_delay = "200ms" }}
restart = {{ delay = "100ms", max_delay = "1s" }}
{more}
"""


@pytest.fixture
def boot(maker, root, store):
    """boot(config, …): `bootsman run` with that configuration on no preset, in the store's network."""

    def start(config="", *arguments, env=None, **options):
        root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n' + config)
        return maker.start(root, *arguments, env={"SECRET_KEY": stores.SECRET, **(env or {})}, network=store.pid,
                           **options)

    return start
