"""What units write appears on the init's stdout: line by line, prefixed, whole."""

import re
import time

from lib.container import eventually
from lib.root import BINARY_INSIDE

PIECES = "import sys, time\nfor piece in ('first ', 'half', '\\n'):\n    sys.stdout.write(piece); sys.stdout.flush(); time.sleep(0.2)\ntime.sleep(600)\n"


def test_both_streams_are_prefixed(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "echo to stdout; echo to stderr >&2; exec sleep 600"]\n')
    container.wait_for_log(r"^web +\| to stdout$")
    container.wait_for_log(r"^web +\| to stderr$")


def test_line_written_in_pieces_appears_whole(root, boot):
    root.write("/root/pieces.py", PIECES)
    container = boot('[service.web]\ncommand = ["/usr/bin/python3", "/root/pieces.py"]\n')
    container.wait_for_log(r"^web +\| first half$")


def test_line_without_an_end_appears_after_a_second(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "printf Password:; exec sleep 600"]\n')
    container.wait_for_log(r"^web +\| Password:", 5)


def test_last_words_without_an_end_are_not_lost(boot):
    container = boot('[service.web]\ncommand = ["printf", "last words"]\nrestart = { when = "never" }\n')
    container.wait_for_log(r"^web +\| last words$", 5)


def test_bytes_pass_unchanged(boot):
    container = boot('[service.web]\ncommand = ["printf", "\\\\303\\\\251 \\\\377 \\\\033[1mbold\\\\033[0m\\\\n"]\n'
                     'restart = { when = "never" }\n')
    container.wait_for_log("bold", 5)
    assert b"\xc3\xa9 \xff \x1b[1mbold\x1b[0m\n" in container.stdout.bytes


def test_overlong_line_is_split_and_complete(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "head -c 50000 /dev/zero | tr \'\\\\0\' x; echo; echo end"]\n'
                     'restart = { when = "never" }\n')
    container.wait_for_log(r"^web +\| end$", 10)
    lines = [line for line in container.log.splitlines() if re.match(r"web +\|[ +]x", line)]
    assert len(lines) >= 4 and max(map(len, lines)) <= 16 * 1024
    assert sum(line.count("x") for line in lines) >= 50000


def test_ten_writers_tear_and_lose_no_line(boot):
    script = "i=0; while [ $i -lt 2000 ]; do echo \\\"$NAME line $i \\\"the quick brown fox jumps over the lazy dog; i=$((i+1)); done; exec sleep 600"
    names = [f"w{number}" for number in range(10)]
    container = boot("".join(
        f'[service.{name}]\ncommand = ["sh", "-c", "{script}"]\nenv = {{ NAME = "{name}" }}\n'
        for name in names).replace("$NAME", "$$NAME").replace("$i", "$$i").replace("$((", "$$(("))
    for name in names:
        container.wait_for_log(rf"^{name} +\| {name} line 1999 .*dog$", 60)
    lines = [line for line in container.log.splitlines() if "quick" in line or "lazy" in line]
    whole = re.compile(r"(w\d) +\| \1 line (\d+) the quick brown fox jumps over the lazy dog")
    seen = [whole.fullmatch(line) for line in lines]
    assert all(seen), next(line for line, match in zip(lines, seen) if not match)
    for name in names:
        numbers = [int(match[2]) for match in seen if match[1] == name]
        assert numbers == list(range(2000))


def test_unread_output_holds_up_neither_health_nor_the_stop(root, maker):
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n[service.flood]\ncommand = ["yes", "a line of the flood"]\n')
    container = maker.start(root, command=["bash", "-c", f"exec {BINARY_INSIDE} run > >(exec sleep 1000)"])
    container.wait_for_boot()
    container.process_with("yes a line")
    for _ in range(20):
        assert container.status("/health") == 200
    begun = time.monotonic()
    container.signal()
    assert container.process.wait(15) == 0
    assert time.monotonic() - begun < 12


FLOOD = r"""
import sys, time
sys.stdout.buffer.write(b"".join(b"%099d\n" % i for i in range(600000)) + b"end\n")
sys.stdout.flush()
time.sleep(1000)
"""
SLOW_READER = r"""
import os, time
lines, rest = 0, b""
while b"flood | end" not in rest and (chunk := os.read(0, 65536)):
    time.sleep(0.002)
    whole, _, rest = (rest + chunk).rpartition(b"\n")
    lines += whole.count(b"flood | 0")
    rest = rest if b"flood | end" not in whole else whole
with open("/root/lines.new", "w") as file:
    file.write(str(lines))
os.rename("/root/lines.new", "/root/lines")
while os.read(0, 65536):
    pass
"""


def test_reader_that_is_slower_than_the_writer_loses_nothing(root, maker):
    root.write("/root/flood.py", FLOOD)
    root.write("/root/slow.py", SLOW_READER)
    root.write("/etc/bootsman/bootsman.toml",
               'extends = "empty"\n[service.flood]\ncommand = ["python3", "/root/flood.py"]\n')
    maker.start(root, command=["bash", "-c", f"exec {BINARY_INSIDE} run > >(exec python3 /root/slow.py)"])
    lines = root.changes / "root/lines"
    eventually(lines.exists, 60, "the reader has come to the end")
    assert int(lines.read_text()) == 600000
