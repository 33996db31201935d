"""What the init says of the container's limits, read from control groups of version 2 as the kernel has them."""

import re

import pytest

from lib.root import BINARY_INSIDE

LIMITS = {"memory.max": str(96 << 20), "cpu.max": "150000 100000", "pids.max": "40"}
# As container runtimes do: the container's own group is the root of what it sees.
OWN_NAMESPACE = ["unshare", "--cgroup", "sh", "-c",
                 f"umount -R /sys/fs/cgroup && mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup && exec {BINARY_INSIDE} run"]


@pytest.mark.guest
@pytest.mark.parametrize("command", [OWN_NAMESPACE, None], ids=["own namespace", "the machine's namespace"])
def test_limits_and_usage_of_the_containers_own_group_are_said(group_v2, boot, command):
    for file, text in LIMITS.items():
        (group_v2.group / file).write_text(text)
    with group_v2():
        container = boot('[service.busy]\ncommand = ["sh", "-c", "while :; do :; done"]\n', command=command)
    container.wait_for_boot()

    numbers = dict(re.findall(r"^bootsman_(\S+) (\S+)$", container.http("/-/metrics").body, re.MULTILINE))
    assert numbers["cgroup_memory_limit_bytes"] == LIMITS["memory.max"]
    used = int((group_v2.group / "memory.current").read_text())
    assert used / 4 < float(numbers["cgroup_memory_bytes"]) < used * 4
    usage = re.search(r"usage_usec (\d+)", (group_v2.group / "cpu.stat").read_text())
    assert 0 < float(numbers["cgroup_cpu_seconds_total"]) <= int(usage[1]) / 1e6
    assert float(numbers["cgroup_cpu_periods_total"]) > 0 and numbers["oom_kills_total"] == "0"

    with group_v2():  # Where a runtime starts what is run in a container.
        findings = container.bootsman("doctor", check=False).stdout
        assert "the container may use only 96 MiB of memory" in findings
        assert "the container may have only 40 processes" in findings
        assert "memory.oom.group" not in findings
        (group_v2.group / "memory.oom.group").write_text("1")
        assert "memory.oom.group is set" in container.bootsman("doctor", check=False).stdout
        motd = container.bootsman("motd").stdout
        assert re.search(r"CPU.*1\.5", motd) and re.search(r"Memory.*96", motd), motd
