"""A boot that was cut off anywhere leaves nothing half done: the next one makes it whole."""

import os
import random
import signal
import time

import pytest

# Files whose content is the same in every container.
TARGETS = ("/etc/matrixdc-motd", "/etc/pip.conf", "/root/.condarc", "/init/jupyter/jupyter_config.py",
           "/etc/ssh/sshd_config.d/00-bootsman.conf",
           "/root/.jupyter/lab/user-settings/@jupyterlab/terminal-extension/plugin.jupyterlab-settings")


def contents(root):
    # A token is drawn for each container; the rest is the same in all.
    return {path: [line for line in root.read(path).splitlines() if "token" not in line]
            for path in TARGETS if root.path(path).exists()}


def names(root):
    return {os.path.relpath(os.path.join(folder, name), root.changes)
            for folder, _, files in os.walk(root.changes) for name in files}


def boot_fully(maker, root):
    begun = time.monotonic()
    container = maker.start(root)
    container.wait_for_boot()
    elapsed = time.monotonic() - begun
    assert container.stop() == 0
    return elapsed


@pytest.mark.parametrize("cuts", [20, pytest.param(300, marks=pytest.mark.long)])
def test_boots_cut_off_by_sigkill_leave_nothing_half_done(maker, root, cuts):
    reference = maker.root()
    elapsed = boot_fully(maker, reference)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for _ in range(cuts):
        container = maker.start(root)
        time.sleep(chance.uniform(0, elapsed))
        os.kill(container.init, signal.SIGKILL)
        container.process.wait(10)
        for path, lines in contents(root).items():
            whole = contents(reference)[path]
            original = original_lines(path)
            assert lines in (whole, original), f"seed {seed}: {path} is half written"
    boot_fully(maker, root)
    assert contents(root) == contents(reference), f"seed {seed}"
    strays = {name for name in names(root) - names(reference) if not name.startswith(("var/", "root/.cache"))}
    assert not strays, f"seed {seed}: left behind {sorted(strays)}"


def original_lines(path):
    """The lines of the machine's own file, which a root shows until a step has changed it."""
    try:
        with open(path, encoding="utf-8") as file:
            return [line for line in file.read().splitlines() if "token" not in line]
    except FileNotFoundError:
        return None
