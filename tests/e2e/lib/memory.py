"""A memory control group of a test's own, in whichever version this machine has."""

import contextlib
import functools
import os
import time
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MIB = 1 << 20
EATER = "python3 -c 'a = []\nwhile True: a.append(bytearray(1 << 20))'"  # A line of a shell that takes all memory.


def _own_group():
    """(the folder of this process's memory group, whether it is version 2), or None."""
    paths = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path.lstrip("/")))
    if "memory" in paths:
        return CGROUPS / "memory" / paths["memory"], False
    if "memory" in (CGROUPS / "cgroup.controllers").read_text().split():
        return CGROUPS / paths[""], True
    return None


@contextlib.contextmanager
def memory_group(name, limit):
    """Yields what makes context managers: what is started inside of one lives in a new group of `limit` bytes.

    It has the group's folder as `.group`, and whether that is of version 2 as `.v2`. Nothing that was started in it
    may live on at the end.

    Yields None where no such group can be made."""
    try:
        home, v2 = _own_group()
        group = home / f"{name}-{os.getpid()}"
        group.mkdir()
    except (OSError, TypeError):
        yield None
        return
    try:
        (group / ("memory.max" if v2 else "memory.limit_in_bytes")).write_text(str(limit))
        inside = functools.partial(_inside, home, group)
        inside.group, inside.v2 = group, v2
        yield inside
    except FileNotFoundError:  # Version 2 where the parent does not hand memory down.
        yield None
    finally:
        _remove(group)


@contextlib.contextmanager
def _inside(home, group):
    (group / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        (home / "cgroup.procs").write_text(str(os.getpid()))


def _remove(group):
    for _ in range(100):
        try:
            return group.rmdir()
        except OSError:  # What was killed in it is not gone yet.
            time.sleep(0.05)
