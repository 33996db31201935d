"""`bootsman motd`, the login message: accelerators by their makers' programs, and how long it takes."""

import os
import pty
import subprocess
import time

import pytest

from lib.root import BINARY_INSIDE

TWO_NPUS = """+---------------------------+---------------+-------------------+
| NPU   Name                | Health        | Power(W)          |
| Chip                      | Bus-Id        | AICore(%)         |
+===========================+===============+===================+
| 0     910B3               | OK            | 91.6              |
| 0                         | 0000:C1:00.0  | 0                 |
+===========================+===============+===================+
| 1     910B3               | OK            | 90.1              |
| 0                         | 0000:C2:00.0  | 0                 |
+===========================+===============+===================+
"""


@pytest.fixture
def message(maker, root):
    """What `bootsman motd` prints in a container with these programs in its PATH."""

    def show(**programs):
        for name, text in programs.items():
            root.write(f"/opt/gpu/{name.replace('_', '-')}", f"#!/bin/sh\n{text}\n", 0o755)
        container = maker.start(root, command=(BINARY_INSIDE, "motd"), env={"PATH": "/opt/gpu:/usr/sbin:/usr/bin:/sbin:/bin"})
        assert container.wait(30) == 0
        return container.stdout.text

    return show


def test_several_accelerators_are_named_and_counted(message):
    shown = message(nvidia_smi="printf 'NVIDIA A100\\nTesla T4\\nNVIDIA A100\\n'", npu_smi=f"cat <<'E'\n{TWO_NPUS}E")
    assert "GPU    : NVIDIA A100, 2; Tesla T4, 1\n" in shown
    assert "NPU    : 910B3, 2\n" in shown


@pytest.mark.parametrize("broken", ["sleep 1000", "kill -9 $$", "echo 'no devices were found'; exit 6", "cat"],
                         ids=["hangs", "is killed", "fails", "reads its input"])
def test_programs_of_accelerators_that_fail_are_left_out(message, broken):
    shown = message(nvidia_smi=broken, npu_smi=broken)
    assert "GPU" not in shown and "NPU" not in shown
    assert "Storage" in shown


def shown(binary, *words, terminal, **env):
    ours, theirs = pty.openpty()
    done = subprocess.run([binary, "motd", *words], stdout=theirs if terminal else subprocess.PIPE, timeout=30,
                          env={"PATH": "/usr/bin:/bin", **env}, check=True)
    text = os.read(ours, 65536) if terminal else done.stdout
    os.close(ours)
    os.close(theirs)
    return text.replace(b"\r\n", b"\n")


def test_colours_are_for_terminals_and_for_whoever_asks_for_them(binary):
    coloured = shown(binary, terminal=True)
    plain = shown(binary, terminal=False)
    assert b"\033[32m" in coloured and b"\033" not in plain
    assert coloured.replace(b"\033[32m", b"").replace(b"\033[0m", b"").splitlines()[:4] == plain.splitlines()[:4]
    assert b"\033" not in shown(binary, terminal=True, NO_COLOR="1")
    assert b"\033" not in shown(binary, "--colour", "never", terminal=True)
    assert b"\033[32m" in shown(binary, "--colour", "always", terminal=False, NO_COLOR="1")


@pytest.mark.long
def test_it_takes_no_more_than_20_ms(binary):
    def best(*command):
        times = []
        for _ in range(100):
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", "LANG": "zh_CN.UTF-8"}, check=True)
            times.append(time.perf_counter() - began)
        return min(times)

    trivial, ours = best("/bin/true"), best(binary, "motd")
    print(f"motd {ours * 1000:.1f} ms, a trivial process {trivial * 1000:.1f} ms")
    # On a slow machine a process alone takes its time.
    assert ours < max(0.020, 10 * trivial)
