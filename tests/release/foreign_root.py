"""Roots of other releases of the distribution: another C library, with its own NSS modules."""

import shutil
import subprocess
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / "build" / "test-roots"
MODULES = "libc6,libnss-systemd,libnss-myhostname,libnss-mymachines,libnss-sss"
SUITES = {"debian": ["trixie", "bookworm", "bullseye"], "ubuntu": ["resolute", "noble", "jammy"]}


class Unavailable(Exception):
    """Why a root cannot be made here."""


def run(*command, seconds=300):
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds)


def os_release(key):
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{key}="):
            return line.partition("=")[2].strip('"')
    return ""


def mirror():
    """The archive that this machine's own release comes from, as apt is configured."""
    for line in run("apt-get", "update", "--print-uris").stdout.splitlines():
        site, _, rest = line.lstrip("'").partition("/dists/")
        if rest.startswith(f"{os_release('VERSION_CODENAME')}/"):
            return site
    raise Unavailable("apt on this machine names no archive")


def suites():
    """Two releases that are not this machine's own, so that their C library is another one."""
    known = SUITES.get(os_release("ID"), SUITES["debian"])
    return [suite for suite in known if suite != os_release("VERSION_CODENAME")][:2]


def prepare(root):
    """What a C library's lookups read, beside nsswitch.conf."""
    for folder in ("etc", "proc", "dev", "tmp", "run", "opt"):
        (root / folder).mkdir(exist_ok=True)
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/usr/sbin/nologin\n")
    (root / "etc/group").write_text("root:x:0:\ndaemon:x:1:\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost local-name\n")
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")


def make_root(suite):
    """The folder of a root of `suite`, made once and kept below build/."""
    root = CACHE / suite
    if not (root / ".complete").exists():
        shutil.rmtree(root, ignore_errors=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        if not shutil.which("mmdebstrap"):
            raise Unavailable("mmdebstrap is not installed")
        made = run("mmdebstrap", "--quiet", "--variant=extract", f"--include={MODULES}", suite, str(root), mirror())
        if made.returncode != 0:
            raise Unavailable(f"mmdebstrap cannot make a root of {suite}: {made.stderr.strip()[-300:]}")
        (root / ".complete").touch()
    prepare(root)
    return root


def libc_version(root):
    """"2.41", read from the library's own text."""
    for library in root.glob("usr/lib/*/libc.so.6"), root.glob("lib/*/libc.so.6"):
        for path in library:
            data = path.read_bytes()
            at = data.find(b"GNU C Library")
            return data[at:at + 120].split(b"version ")[1].split(b".\n")[0].decode().rstrip(".")
    raise Unavailable(f"no C library in {root}")
