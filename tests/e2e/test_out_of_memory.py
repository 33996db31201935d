"""The kernel kills for lack of memory: the init says so, as far as it knows."""

import os
import re
import signal

import pytest

from lib.container import eventually
from lib.memory import EATER, MIB, memory_group
from lib.root import BINARY_INSIDE

pytestmark = pytest.mark.guest_too

FAIL = 'on_failure = "shutdown"\nrestart = { when = "never" }\n'


def test_service_that_takes_all_memory_is_told_from_one_that_is_killed(limited, root):
    root.write("/dev/termination-log", "")
    root.write("/root/eat", f"#!/bin/sh\nexec {EATER}\n", 0o755)
    container = limited(f'[service.eater]\ncommand = ["/root/eat"]\n{FAIL}')
    assert container.wait(60) == 101
    sentence = (r"killed by SIGKILL after .*, probably out of memory \(limit 96 MiB; (it had taken up to|the largest "
                r"process, python3, PID \d+, peaked at) \d+(\.\d)? MiB\)")
    container.wait_for_log(sentence, 1)
    assert "probably out of memory" in root.read("/dev/termination-log")


def test_kill_by_hand_is_not_laid_to_memory(limited):
    container = limited(f'[service.web]\ncommand = ["sleep", "1000"]\n{FAIL}')
    os.kill(container.process_with("sleep 1000"), signal.SIGKILL)
    assert container.wait() == 137
    told = [line for line in container.log.splitlines() if "killed by SIGKILL" in line]
    assert told and not any("memory" in line for line in told)


def test_job_keeps_its_code(limited, root):
    root.write("/root/eat", f"#!/bin/sh\nexec {EATER}\n", 0o755)
    container = limited("", "--", "/root/eat")
    assert container.wait(60) == 137
    assert "probably out of memory" in container.log


def test_process_below_a_shell_is_told_as_such(limited, root):
    root.write("/root/eat", f"#!/bin/sh\n{EATER}\nexit $?\n", 0o755)
    container = limited("", "--", "/root/eat")
    assert container.wait(60) == 137
    assert "exited 137" in container.log
    assert "a process below it was probably killed for lack of memory" in container.log


def test_loss_that_no_unit_accounts_for_is_told_at_the_next_death(limited, root):
    """The shell goes on after its program was killed, and ends by itself later."""
    root.write("/root/eat", f"#!/bin/sh\n{EATER}\nexit 5\n", 0o755)
    container = limited("", "--", "/root/eat")
    assert container.wait(60) == 5
    assert "the kernel has killed 1 process of the container for lack of memory" in container.log


# Version 1 tells of thresholds only where its files can be written to; version 2 needs no more than to be read.
WITH_THRESHOLDS = ["sh", "-c", "mount -o remount,rw,bind /sys/fs/cgroup/memory 2>/dev/null; "
                               f"exec {BINARY_INSIDE} run"]
SLOW = """#!/usr/bin/python3
import os, time
kept = [b"x" * (72 << 20)]
while not os.path.exists("/root/enough"):
    kept.append(b"x" * (1 << 18))
    time.sleep(0.05)
time.sleep(1000)
"""


def test_largest_processes_are_written_down_before_memory_runs_out(limited, root):
    """Who ends the init together with all others (memory.oom.group = 1) leaves it no time to say why."""
    root.write("/dev/termination-log", "")
    root.write("/root/hog", SLOW, 0o755)
    container = limited('[service.web]\ncommand = ["sh", "-c", "/root/hog & wait"]\n', command=WITH_THRESHOLDS)
    said = eventually(lambda: root.read("/dev/termination-log"), 60, "the shortage is written down")
    root.write("/root/enough", "")
    assert re.match(r"\d\d:\d\d:\d\d UTC: memory is nearly used up: \d+(\.\d)? MiB of 96 MiB are used; "
                    r"the largest: (hog|python3) \(PID \d+\) \d+(\.\d)? MiB", said), said
    assert container.log.count("memory is nearly used up") == 1
    assert container.status("/health") == 200
    # What memory.oom.group = 1 does, by hand: all of it ends at once.
    for pid in (*container.processes(), container.init):
        os.kill(pid, signal.SIGKILL)
    container.wait()
    assert "memory is nearly used up" in root.read("/dev/termination-log")


@pytest.mark.guest
@pytest.mark.parametrize("together", ["0", "1"])
def test_memory_oom_group_decides_whether_the_init_is_there_to_tell(group_v2, boot, root, together):
    (group_v2.group / "memory.oom.group").write_text(together)
    root.write("/dev/termination-log", "")
    root.write("/root/enough", "")
    root.write("/root/eat", SLOW.replace("time.sleep(1000)", "while True: kept.append(b'x' * (1 << 16))"), 0o755)
    root.remove("/root/enough")
    with group_v2():
        container = boot('[service.web]\ncommand = ["sleep", "1000"]\n'
                         '[service.eater]\ncommand = ["/root/eat"]\nrestart = { when = "never" }\n')
    last_words = eventually(lambda: root.read("/dev/termination-log"), 60, "the shortage is written down")
    assert ("memory.oom.group is 1, so a lack of memory ends the whole container" in last_words) == (together == "1")
    root.write("/root/enough", "")
    if together == "1":
        assert container.wait(60) == 137
        assert "memory.oom.group is 1" in root.read("/dev/termination-log")
        assert not re.search("eater: (failed|done)", container.log)
        return
    container.wait_for_log(r"eater: failed: killed by SIGKILL after .*, probably out of memory \(limit 96 MiB; ", 60)
    assert container.status("/health/live") == 200 and container.process_with("sleep 1000")
    assert container.stop() == 0


def test_short_memory_names_the_process_below_that_took_it(limited, root):
    root.write("/root/hog", SLOW, 0o755)
    root.write("/root/eat", "#!/bin/sh\n/root/hog\nexit $?\n", 0o755)
    container = limited("", command=[*WITH_THRESHOLDS[:2], WITH_THRESHOLDS[2] + " -- /root/eat"])
    assert container.wait(90) == 137
    container.wait_for_log(r"exited 137 .*, a process below it was probably killed for lack of memory \(limit 96 MiB; the "
                           r"largest process below, (hog|python3), PID \d+, peaked at \d+(\.\d)? MiB\)", 1)
