"""On a machine that is no container the boot steps, which rewrite /etc, are refused."""

import os
import subprocess

import pytest
from lib.root import BINARY_INSIDE

FIRST_PID_NAMESPACE = "pid:[4026531836]"
PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"


def run_outside_a_container(root, *environment):
    root.remove("/.dockerenv")
    root.remove("/run/.containerenv")
    return subprocess.run(
        ["nsenter", f"--mount=/proc/{root.pid}/ns/mnt", "--", "chroot", root.mount_point, "env", "-i", PATH,
         *environment, "timeout", "5", BINARY_INSIDE, "run"], capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.skipif(os.readlink("/proc/self/ns/pid") != FIRST_PID_NAMESPACE,
                    reason="the tests themselves run in a PID namespace of their own, which is a container's sign")
def test_preset_is_refused_and_changes_nothing(root):
    ended = run_outside_a_container(root)
    assert ended.returncode == 78
    assert "this is not a container" in ended.stderr
    assert not (root.changes / "etc/matrixdc-motd").exists()


def test_configuration_without_boot_steps_runs_anywhere(root):
    root.write("/etc/bootsman/bootsman.toml",
               'extends = "empty"\nhttp = { enabled = false }\n[job]\ncommand = ["true"]\n')
    assert run_outside_a_container(root).returncode == 0


def test_sign_of_a_container_engine_is_enough(root):
    root.write("/etc/bootsman/bootsman.toml",
               'http = { enabled = false }\nstep = { ssh = { enabled = false } }\n[job]\ncommand = ["true"]\n')
    ended = run_outside_a_container(root, "container=podman")
    assert ended.returncode == 0, ended.stderr
    assert (root.changes / "etc/matrixdc-motd").exists()
