"""The release executable stands alone: one file that runs wherever it is put."""

import os
import shutil
import struct
import subprocess
from pathlib import Path

import foreign_root
import pytest

PROJECT = Path(__file__).resolve().parents[2]
BOOTSMAN = Path(os.environ.get("BOOTSMAN", PROJECT / "build/release/bootsman"))
MAX_BYTES = 4 * 1024 * 1024

NSSWITCH = {
    "Ubuntu 14.04": "passwd: compat\ngroup: compat\nshadow: compat\nhosts: files mdns4_minimal [NOTFOUND=return] dns\n"
                    "networks: files\nprotocols: db files\nservices: db files\nethers: db files\nrpc: db files\nnetgroup: nis\n",
    "RHEL 9": "passwd: sss files systemd\nshadow: files sss\ngroup: sss files systemd\nhosts: files dns myhostname\n"
              "services: files sss\nnetgroup: sss\nautomount: files sss\naliases: files\nethers: files\nnetworks: files dns\n"
              "initgroups: sss files systemd\nprotocols: files\npublickey: files\nrpc: files\n",
}


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, str(BOOTSMAN)], check=True, capture_output=True, text=True).stdout


def test_there_is_no_interpreter():
    headers = readelf("-l")
    assert "LOAD" in headers and "INTERP" not in headers


def test_no_shared_library_is_needed():
    assert "NEEDED" not in readelf("-d")


def test_it_can_be_loaded_anywhere():
    kind = struct.unpack_from("<H", BOOTSMAN.read_bytes(), 16)[0]
    assert kind == 3, "not position independent (ET_DYN)"


def test_the_relocated_part_is_read_only_and_the_stack_not_executable():
    headers = readelf("-l")
    stack = next(line for line in headers.splitlines() if "GNU_STACK" in line)
    assert "GNU_RELRO" in headers and "RWE" not in stack
    assert "BIND_NOW" in readelf("-d") or "NOW" in readelf("-d")


def test_it_carries_no_symbols_and_at_most_4_mib():
    assert ".symtab" not in readelf("-S")
    assert BOOTSMAN.stat().st_size <= MAX_BYTES


def test_it_runs_with_nothing_around_it():
    done = subprocess.run([BOOTSMAN, "version"], env={}, capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("bootsman ")


@pytest.fixture(scope="module", params=foreign_root.suites())
def root(request):
    if os.geteuid() != 0:
        pytest.skip("only root may chroot")
    try:
        made = foreign_root.make_root(request.param)
    except foreign_root.Unavailable as why:
        pytest.skip(str(why))
    own = os.confstr("CS_GNU_LIBC_VERSION")
    assert own and own.split()[1] != foreign_root.libc_version(made), "the root must have another C library"
    shutil.copy(BOOTSMAN, made / "opt/bootsman")
    return made


@pytest.fixture(params=NSSWITCH.values(), ids=NSSWITCH)
def switched(request, root):
    (root / "etc/nsswitch.conf").write_text(request.param)
    return root


def probe(name):
    """A program that the target release_probes links as the executable itself is linked."""
    program = BOOTSMAN.parent / name
    assert program.exists(), f"{program} is not built: cmake --build --preset release --target release_probes"
    return program


def in_root(root, program, *arguments):
    shutil.copy(program, root / "opt" / Path(program).name)
    return subprocess.run([shutil.which("chroot") or "/usr/sbin/chroot", str(root), f"/opt/{Path(program).name}", *arguments],
                          env={}, capture_output=True, text=True, timeout=30)


def test_it_runs_beside_another_c_library(switched):
    done = in_root(switched, BOOTSMAN, "version")
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("bootsman ")


def test_pinned_lookups_work_beside_another_c_library(switched):
    done = in_root(switched, probe("lookups_pinned"))
    assert (done.returncode, done.stdout) == (0, "user found, group found, stranger missing, localhost found\n")


def test_lookups_that_are_not_pinned_fail_there_so_the_test_above_means_something(switched):
    assert in_root(switched, probe("lookups_unpinned")).returncode != 0


def test_transfers_resolve_names_beside_another_c_library(switched):
    done = in_root(switched, probe("transfer"))
    assert (done.returncode, done.stdout.splitlines()) == (
        0, ["Could not connect to server", "Could not resolve hostname"]), done.stderr
