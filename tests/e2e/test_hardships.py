"""A boot goes on whatever the container lacks, and says what it could not do."""

import pytest


def boots(container):
    container.wait_for_boot(timeout=30)
    assert container.status("/health") == 200


def test_missing_sync_folder_does_not_stop_the_boot(root, workspace):
    root.remove("/sync") if root.path("/sync").exists() else None
    boots(workspace())


def test_read_only_etc_does_not_stop_the_boot(root, workspace):
    root.make_read_only("/etc")
    container = workspace()
    boots(container)
    container.wait_for_log(r"(?i)read-only|read only", 5)


def test_missing_chpasswd_does_not_stop_the_boot(root, workspace):
    root.remove("/usr/sbin/chpasswd")
    root.write("/sync/root-passwd", "root:secret\n")
    boots(workspace())


def test_malformed_password_file_does_not_stop_the_boot(root, workspace):
    root.write("/sync/root-passwd", "no colon here\n:\nnobody-of-that-name:x\n\0\xff\n")
    boots(workspace())


@pytest.mark.parametrize("text", ["exit 3\n", "if then fi (((\n", "kill -9 $$\n", "cat\n", "set -e; false\n"],
                         ids=["exits", "does not parse", "kills itself", "waits for input", "fails"])
def test_broken_profile_does_not_stop_the_boot(root, workspace, text):
    root.write("/etc/profile", text)
    boots(workspace())


def test_hanging_profile_is_given_up(root, workspace):
    root.write("/etc/profile", "sleep 1000\n")
    boots(workspace())


def test_variables_of_the_profile_reach_services_and_the_image_wins(root, workspace):
    root.append("/etc/profile", "export FROM_PROFILE=yes HOME=/wrong\nPATH=/from/profile:$PATH\n")
    root.write("/etc/bootsman/bootsman.toml", '[service.show]\ncommand = ["sh", "-c", "env; exec sleep 600"]\n')
    container = workspace()
    container.wait_for_log(r"^show +\| FROM_PROFILE=yes$", 20)
    container.wait_for_log(r"^show +\| HOME=/root$", 5)
    container.wait_for_log(r"^show +\| PATH=.*/from/profile.*", 5)


def test_unlimited_cpu_and_memory_are_said_to_be_unlimited(root, workspace):
    container = workspace()
    container.wait_for_boot()
    # A version 2 hierarchy without limits, in place of the machine's own.
    container.exec("mount", "-t", "tmpfs", "cgroup", "/sys/fs/cgroup")
    container.exec("sh", "-c", "cd /sys/fs/cgroup && echo 'max 100000' >cpu.max && echo max >memory.max && "
                               "echo cpu memory >cgroup.controllers")
    shown = container.exec("bash", "-ic", "source /etc/matrixdc-motd").stdout
    for word in ("CPU", "Memory"):
        line = next(line for line in shown.splitlines() if word in line)
        assert "unlimited" in line, shown
    for word in ("error", "division"):
        assert word not in shown
