"""What the init costs when nothing happens, and when the same thing happens often."""

import os
import time
from pathlib import Path

from lib.container import eventually, switches


def resident(pid):
    """Resident memory in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("/proc tells no resident memory")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_idle_init_never_wakes_up(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\n')
    container.wait_for_http("/health/ready")
    # What the boot left to do ends within a moment: two looks without a difference.
    eventually(lambda: switches(container.init) == (time.sleep(0.5) or switches(container.init)), 15,
               "the init goes quiet")
    before = switches(container.init)
    time.sleep(4)
    assert switches(container.init) == before


def test_many_restarts_leak_neither_descriptors_nor_memory(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "echo run; exit 1"]\n'
                     'restart = { delay = "1ms", max_delay = "1ms" }\n'
                     '[service.beside]\ncommand = ["sleep", "1000"]\n')

    def runs():
        return container.log.count("web | run")

    eventually(lambda: runs() >= 100, 30, "the first hundred restarts")
    fds, memory = descriptors(container.init), resident(container.init)
    eventually(lambda: runs() >= 600, 60, "five hundred more")
    assert abs(descriptors(container.init) - fds) <= 6
    assert resident(container.init) < memory + 2048


def test_many_requests_leak_no_descriptors(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\n')
    container.wait_for_http("/health/ready")
    before = descriptors(container.init)
    for _ in range(300):
        assert container.status("/health") == 200
    eventually(lambda: descriptors(container.init) <= before, 5, "the connections are gone")
