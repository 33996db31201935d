"""Units' own log files: whatever is killed, filled or taken away, no line is torn, doubled or lost in silence."""

import os
import re
import signal
import time

import pytest

from lib.container import eventually

WRITER = """
import itertools, os, time
for first in itertools.count(0, 100):
    block = b"".join(b"%s %08d %s\\n" % (os.environb[b"RUN"], number, b"." * 200) for number in range(first, first + 100))
    while block:
        block = block[os.write(1, block):]
    time.sleep(0.005)
"""
UNIT = ('[service.web]\ncommand = ["python3", "/root/writer.py"]\nenv = {{ RUN = "{}" }}\n'
        'log.file = {{ path = "/var/log/web.log", size = "1MiB", count = 900 }}\n')
LINE = re.compile(rb"(\w+) (\d{8}) \.{200}")
NOTICE = re.compile(rb"\[bootsman: .*\]")


def files(root, folder="/var/log"):
    """Of that log, the oldest first."""
    found = [path for path in (root.changes / folder[1:]).glob("web.log*")]
    return sorted(found, key=lambda path: -int(path.suffix[1:]) if path.suffix[1:].isdigit() else 0)


def written(root):
    """Bytes in all of them."""
    total = 0
    for path in files(root):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # It has just been renamed.
            continue
    return total


def check(paths):
    """No line twice, none out of order, and nothing torn but what a kill cut off at its end. Gives {run: numbers}."""
    runs, cut = {}, 0
    for path in paths:
        text = path.read_bytes()
        assert len(text) <= 1024 * 1024, path
        for line in text.splitlines():
            if match := LINE.fullmatch(line):
                runs.setdefault(match[1], []).append(int(match[2]))
            elif not NOTICE.fullmatch(line):
                assert re.fullmatch(rb"\w*( \d{0,8}( \.{0,199})?)?", line), line[:60]
                cut += 1
    for numbers in runs.values():
        assert all(one < next_one for one, next_one in zip(numbers, numbers[1:]))
    return runs, cut


def kill_the_helper(boot, root, times):
    root.write("/root/writer.py", WRITER)
    container = boot(UNIT.format("a"))
    for _ in range(times):
        pid = container.process_with("helper log-file")
        size = written(root)
        eventually(lambda: written(root) > size + 300_000, 30, "the file grows")
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: pid not in container.processes(), 10, "it is gone")
    container.process_with("helper log-file")
    container.stop()
    runs, cut = check(files(root))
    # A write that was interrupted leaves a line's beginning; what the next helper gets begins with a whole one.
    assert len(runs[b"a"]) > 1000 * times and cut <= times


def test_a_killed_writer_of_a_log_file_tears_and_doubles_no_line(boot, root):
    kill_the_helper(boot, root, 3)


@pytest.mark.long
def test_fifty_killed_writers_of_a_log_file(boot, root):
    kill_the_helper(boot, root, 50)


def kill_all(boot, root, times):
    root.write("/root/writer.py", WRITER)
    for number in range(times):
        container = boot(UNIT.format(f"run{number}"))
        size = written(root)
        eventually(lambda: written(root) > size + 20_000 * (number % 7), 30, "the file grows")
        container.kill()
    runs, cut = check(files(root))
    assert cut <= times
    for numbers in runs.values():
        assert numbers == list(range(len(numbers))), "a line is missing in the middle"
    assert list(runs) == sorted(runs, key=lambda run: int(run[3:]))


def test_a_container_that_is_killed_leaves_a_log_file_that_goes_on(boot, root):
    kill_all(boot, root, 5)


@pytest.mark.long
def test_a_hundred_containers_that_are_killed(boot, root):
    kill_all(boot, root, 100)


def test_a_full_disk_below_a_log_file(boot, root):
    container = boot('[step.disk]\ncommand = ["sh", "-c", "mkdir /disk && mount -t tmpfs -o size=256k tmpfs /disk && head -c 253952 /dev/zero >/disk/filler"]\n'
                     '[service.web]\ncommand = ["sh", "-c", "i=10000; while :; do i=$$((i+1)); echo line $$i with some more text; sleep 0.002; done"]\n'
                     'log.file = { path = "/disk/web.log", size = "0B" }\n')
    container.wait_for_log(r"cannot write the log file /disk/web.log: no space left on device; its lines are lost until that is mended", 30)
    assert container.status("/health") == 200
    container.exec("rm", "/disk/filler")
    read = lambda: container.exec("cat", "/disk/web.log").stdout
    eventually(lambda: re.search(r"were lost here\]\n(line \d+ .*\n){20}", read()), 20, "it goes on")
    container.signal(signal.SIGSTOP)
    lines = read().splitlines()
    container.signal(signal.SIGCONT)
    whole = [re.fullmatch(r"line (\d+) with some more text|\[bootsman: \d.* were lost here\]", line) for line in lines]
    assert whole.count(None) <= 1, "only the line that the disk had no room for is cut"
    assert len(re.findall("cannot write the log file", container.log)) == 1
    numbers = [int(match[1]) for match in whole if match and match[1]]
    assert numbers == sorted(set(numbers))


def test_a_log_file_that_is_taken_away_comes_back(boot, root):
    container = boot('[service.web]\ncommand = ["sh", "-c", "while :; do echo line; sleep 0.02; done"]\nlog.file.path = "/var/log/deep/web.log"\n')
    file = root.changes / "var/log/deep/web.log"
    for what in ("/var/log/deep/web.log", "/var/log/deep"):
        eventually(lambda: file.exists() and file.stat().st_size > 20, 10, "lines are in the file")
        container.exec("rm", "-r", what)
    eventually(lambda: file.exists() and file.stat().st_size > 20, 10, "it is made anew")
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_symbolic_link_is_not_followed(boot):
    container = boot('[step.link]\ncommand = ["ln", "-s", "/etc/shadow", "/var/log/web.log"]\n'
                     '[service.web]\ncommand = ["sh", "-c", "while :; do echo root::0; sleep 0.02; done"]\nlog.file.path = "/var/log/web.log"\n')
    before = container.exec("cat", "/etc/shadow").stdout
    container.wait_for_log(r"cannot open the log file /var/log/web.log: it is a symbolic link; name the file that it leads to;")
    time.sleep(0.2)
    assert container.exec("cat", "/etc/shadow").stdout == before
    assert container.bootsman("logs", "web").stdout.count("root::0") > 3
