"""The init's stdout is a pipe that nobody reads, a socket, a terminal, a file, a full disk, or nothing."""

import hashlib
import json
import os
import re
import time
from pathlib import Path

import pytest

from lib import ssh
from lib.container import eventually
from lib.root import BINARY_INSIDE

KINDS = Path(__file__).parent / "lib/stdout_kinds.py"
LONG = os.environ.get("BOOTSMAN_TEST_LONG") == "1"

# Numbered lines, then (once the reader has caught up) an end.
WRITER = r"""
import os, sys, time
count = int(sys.argv[1])
for first in range(0, count, 1000):
    block = b"".join(b"%06d %s\n" % (i, b"." * 92) for i in range(first, min(first + 1000, count)))
    while block:
        block = block[os.write(1, block):]
open(sys.argv[2], "w").close()
while not os.path.exists("/root/go.quiet"):
    time.sleep(0.1)
print("the end", flush=True)
time.sleep(1000)
"""
SEQUENCE = b"".join(b"%06d %s\n" % (i, b"." * 92) for i in range(1000))


@pytest.fixture
def start(root, maker):
    """start(config, shell): `bootsman run` from a shell that has prepared stdout."""

    def run(config, shell):
        root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n' + config)
        root.write("/root/stdout_kinds.py", KINDS.read_text())
        root.write("/root/writer.py", WRITER)
        return maker.start(root, command=["bash", "-c", f"exec {shell}"])

    return run


def unread(kind):
    return f"python3 /root/stdout_kinds.py {kind} /root/go {BINARY_INSIDE} run"


def flags_of_stdout(container):
    text = container.exec("cat", "/proc/1/fdinfo/1").stdout
    return int(re.search(r"flags:\s*(\d+)", text)[1], 8)


def writer(name, count, when_blocked):
    return (f'[service.{name}]\ncommand = ["python3", "/root/writer.py", "{count}", "/root/{name}.written"]\n'
            f'log.when_blocked = "{when_blocked}"\n')


def lines_of(output, name):
    return [line.split(" | ", 1)[1] for line in output.splitlines() if line.startswith(f"{name} | ")]


def stuck_reader(root, start, kind, seconds, count):
    """Nobody reads for so long; then somebody does. Gives back what they read."""
    container = start(
        '[log]\ncolour = "never"\n' + writer("patient", count, "wait") + writer("hasty", count, "drop")
        + '[service.web]\ncommand = ["sh", "-c", "trap \'touch /root/hup\' HUP; while :; do sleep 0.1; done"]\n'
        'forward = ["SIGHUP"]\n', unread(kind))
    container.wait_for_boot(said=False)
    flags = flags_of_stdout(container)
    eventually((root.changes / "root/hasty.written").exists, 60, "the writer whose lines may be dropped goes on")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert container.status("/health") == 200
        rows = {row["id"]: row for row in json.loads(container.bootsman("status", "--json").stdout)["units"]}
        assert rows["service.patient"]["state"] == "ready"
        container.bootsman("restart", "web")
        time.sleep(0.2)
    container.signal(1)
    eventually((root.changes / "root/hup").exists, 10, "a signal is passed on")
    assert not (root.changes / "root/patient.written").exists(), "the patient writer was not held up"
    assert flags_of_stdout(container) == flags
    root.write("/root/go", "")
    output = root.changes / "root/go.out"
    eventually(lambda: output.exists() and b"patient | the end" in output.read_bytes()
               and b"hasty | the end" in output.read_bytes(), 120, "both writers have come to their end")
    return output.read_bytes().decode()


@pytest.mark.parametrize("kind", ["pipe", "socket", "terminal"])
def test_stuck_reader_holds_up_nothing_but_who_agreed_to_wait(root, start, kind):
    count = 60_000
    check_counts(stuck_reader(root, start, kind, 3, count), count)


def check_counts(output, count):
    """Not one line of who waits is lost, and those that were dropped of the other are said."""
    assert lines_of(output, "patient") == [f"{i:06d} {'.' * 92}" for i in range(count)] + ["the end"]
    hasty = lines_of(output, "hasty")
    dropped = sum(int(match[1]) for line in hasty if (match := re.match(r"\[bootsman: (\d+) lines? ", line)))
    kept = [line for line in hasty if re.fullmatch(r"\d{6} \.{92}", line)]
    assert dropped > 0 and len(kept) + dropped == count
    assert kept == sorted(kept)


@pytest.mark.long
def test_reader_that_is_stuck_for_a_minute(root, start):
    check_counts(stuck_reader(root, start, "pipe", 60, 300_000), 300_000)


@pytest.mark.ssh
def test_logins_go_on_while_nobody_reads(root, maker):
    root.write("/sync/root-passwd", f"root:{ssh.PASSWORD}\n", 0o600)
    # A few logins write more than a pipe holds: an sshd that waits in its log lets nobody in.
    root.append("/etc/ssh/sshd_config", "LogLevel DEBUG3\n")
    root.write("/root/stdout_kinds.py", KINDS.read_text())
    root.write("/root/writer.py", WRITER)
    root.write("/etc/bootsman/conf.d/10-flood.toml", writer("hasty", 60_000, "drop"))
    container = maker.start(root, command=["bash", "-c", f"exec {unread('pipe')}"])
    eventually((root.changes / "root/hasty.written").exists, 60, "stdout is full")
    eventually(lambda: ssh.ssh(container, "true").returncode == 0, 20, "sshd listens")
    for number in range(6):
        assert ssh.ssh(container, f"echo {number}").stdout == f"{number}\n"
    assert "debug3" in container.bootsman("logs", "sshd").stdout


def test_terminal_gets_the_lines_and_colours(root, start):
    root.write("/root/go", "")
    container = start(writer("loud", 20_000, "wait"), unread("terminal"))
    container.wait_for_boot(said=False)
    output = root.changes / "root/go.out"
    eventually(lambda: b"the end" in output.read_bytes(), 60, "the writer has come to its end")
    lines = [line for line in output.read_text().splitlines() if "mloud" in line]
    assert lines == [lines[0][:-99] + f"{i:06d} {'.' * 92}" for i in range(20_000)] + [lines[0][:-99] + "the end"]
    assert re.match(r"\033\[\d+mloud\033\[0m \| ", lines[0])


@pytest.mark.parametrize("word", ["NO_COLOR=1", "TERM=dumb"])
def test_terminal_gets_no_colours_where_they_are_unwanted(root, start, word):
    root.write("/root/go", "")
    container = start('[service.web]\ncommand = ["sh", "-c", "echo up; exec sleep 600"]\n', f"env {word} {unread('terminal')}")
    container.wait_for_boot(said=False)
    output = root.changes / "root/go.out"
    eventually(lambda: b"web | up\n" in output.read_bytes(), 10, "the line is there")
    assert b"\033" not in output.read_bytes()


def test_file_gets_the_lines(root, start):
    root.write("/root/go.quiet", "")
    container = start(writer("loud", 50_000, "drop"), f"{BINARY_INSIDE} run >>/root/out.log")
    container.wait_for_boot(said=False)
    output = root.changes / "root/out.log"
    eventually(lambda: b"the end" in output.read_bytes(), 60, "the writer has come to its end")
    assert len(lines_of(output.read_text(), "loud")) == 50_001


def test_full_disk_loses_lines_but_says_so_and_goes_on(root, start):
    root.write("/root/go.quiet", "")
    container = start(
        '[service.web]\ncommand = ["sh", "-c", "while :; do echo a line of some length, more than a few bytes; sleep 0.01; done"]\n',
        f"sh -c 'mkdir /disk; mount -t tmpfs -o size=16k tmpfs /disk; exec {BINARY_INSIDE} run >>/disk/out.log'")
    container.wait_for_boot(said=False)
    eventually(lambda: "no space left on device" in container.bootsman("logs", "bootsman").stdout, 20,
               "the log speaks of the full disk")
    assert container.status("/health") == 200
    container.exec("sh", "-c", "cp /disk/out.log /root/before; : >/disk/out.log")
    read = lambda: container.exec("cat", "/disk/out.log").stdout
    eventually(lambda: re.search(r"^bootsman \| \[.* were lost here: no space left on device\]$", read(), re.MULTILINE), 20,
               "the loss is said where it happened")
    whole = re.compile(r"web \| a line of some length, more than a few bytes|bootsman \| .*|")
    assert all(whole.fullmatch(line) for line in read().splitlines()[1:-1])


def test_a_device_that_is_always_full_does_no_harm(start):
    container = start('[service.web]\ncommand = ["sh", "-c", "while :; do echo line; sleep 0.01; done"]\n',
                      f"{BINARY_INSIDE} run >/dev/full")
    container.wait_for_boot(said=False)
    eventually(lambda: "cannot write to the init's stdout: no space left on device" in container.bootsman("logs", "bootsman").stdout,
               20, "the log says that the device is full")
    assert container.bootsman("logs", "bootsman").stdout.count("cannot write") == 1
    assert "line" in container.bootsman("logs", "web").stdout
    assert container.status("/health") == 200
    assert container.stop() == 0


@pytest.mark.parametrize("stdout", [">&-", "> >(exec true)"], ids=["closed", "reader is gone"])
def test_no_reader_does_no_harm(start, stdout):
    container = start(
        '[service.web]\ncommand = ["sh", "-c", "while :; do echo line; sleep 0.01; done"]\n',
        f"{BINARY_INSIDE} run {stdout}")
    container.wait_for_boot(said=False)
    if stdout != ">&-":  # A closed one is /dev/null from the start.
        eventually(lambda: "cannot write to the init's stdout: broken pipe" in container.bootsman("logs", "bootsman").stdout,
                   20, "the log says that nobody reads")
    assert "line" in container.bootsman("logs", "web").stdout
    assert container.status("/health") == 200
    assert container.stop() == 0


def flood_of_ten(root, start, blocks):
    """Ten units write a thousand known lines so many times; what comes of each has the right hash."""
    # The hashes are made by the reader, not by the file system: gigabytes do not fit there.
    root.write("/root/flood.py", "import os, sys\nblock = b''.join(b'%06d %s\\n' % (i, b'.' * 92) for i in range(1000))\n"
               "for _ in range(int(sys.argv[1])):\n    rest = block\n    while rest:\n        rest = rest[os.write(1, rest):]\n"
               "print('the end', flush=True)\n")
    root.write("/root/hash.py", r"""
import hashlib, json, os
hashes, ends, rest = {}, 0, b""
while ends < 10:
    chunk = os.read(0, 1 << 20)
    if not chunk:
        break
    lines = (rest + chunk).split(b"\n")
    rest = lines.pop()
    groups = {}
    for line in lines:
        name, _, text = line.partition(b" | ")
        groups.setdefault(name, []).append(text)
    for name, texts in groups.items():
        if texts[-1] == b"the end":
            texts.pop()
            ends += 1
        if texts:
            hashes.setdefault(name.decode(), hashlib.sha256()).update(b"\n".join(texts) + b"\n")
with open("/root/hashes.new", "w") as file:
    json.dump({name: made.hexdigest() for name, made in hashes.items()}, file)
os.rename("/root/hashes.new", "/root/hashes")
while os.read(0, 1 << 20):
    pass
""")
    names = [f"w{number}" for number in range(10)]
    config = "".join(f'[service.{name}]\ncommand = ["python3", "/root/flood.py", "{blocks}"]\nrestart = {{ when = "never" }}\n'
                     'log.when_blocked = "wait"\n' for name in names)
    start(config, f"{BINARY_INSIDE} run > >(exec python3 /root/hash.py)")
    hashes = root.changes / "root/hashes"
    eventually(hashes.exists, 120 + blocks / 50, "all ten writers have come to their end")
    expected = hashlib.sha256()
    for _ in range(blocks):
        expected.update(SEQUENCE)
    found = json.loads(hashes.read_text())
    assert {name: found.get(name) for name in names} == dict.fromkeys(names, expected.hexdigest())


def test_ten_units_write_200_megabytes_and_no_byte_is_lost(root, start):
    flood_of_ten(root, start, 200)


@pytest.mark.long
def test_ten_units_write_ten_gigabytes_and_no_byte_is_lost(root, start):
    flood_of_ten(root, start, 10_740)
