"""The init adopts what others leave, and no zombie stays."""

from pathlib import Path

from lib.container import eventually

# Each child leaves a grandchild and goes; the grandchildren wait for a lock and then die at once.
MAKER = """
import os, sys
gate, keep = os.pipe()
for _ in range(5000):
    if os.fork() == 0:
        if os.fork() == 0:
            os.close(keep)
            os.read(gate, 1)
            os._exit(0)
        os._exit(0)
    os.wait()
print("all there", flush=True)
os.close(keep)
sys.stdin.read()
"""


def states(container):
    result = []
    for pid in container.processes():
        try:
            result.append(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0])
        except OSError:
            continue
    return result


def test_5000_orphans_that_die_at_once_are_reaped(root, boot):
    root.write("/root/orphans.py", MAKER)
    container = boot('[service.maker]\ncommand = ["/usr/bin/python3", "/root/orphans.py"]\n'
                     'restart = { when = "never" }\n')
    container.wait_for_log("all there", 60)
    eventually(lambda: len(states(container)) <= 1, 20, "all orphans are gone")
    assert container.status("/health") == 200
    assert container.stop() == 0
