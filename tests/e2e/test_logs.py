"""What units write appears on the init's stdout: line by line, prefixed, whole."""

import json
import os
import re
import signal
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
    container.wait_for_boot(said=False)
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


def test_json_lines_can_be_read_whatever_a_unit_writes(boot):
    container = boot('[log]\nformat = "json"\ntime = true\n'
                     '[service.web]\ncommand = ["printf", "\\\\303\\\\251 \\\\377 \\\\001 \\\\\\"quoted\\\\\\"\\\\n"]\n'
                     'restart = { when = "never" }\n')
    container.wait_for_log('quoted', 10)
    lines = [json.loads(line) for line in container.stdout.bytes.decode().splitlines() if line]
    said = next(line for line in lines if line["unit"] == "web")
    assert said["text"] == 'é \ufffd \x01 "quoted"' and said["stream"] == "stdout"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said["time"])
    assert any(line["unit"] == "bootsman" for line in lines)


def test_time_and_the_mark_of_stderr(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "echo out; echo err >&2; exec sleep 600"]\n'
                     'log = { time = true, mark_stderr = true }\n')
    container.wait_for_log(r"^\d{4}-\d\d-\d\dT[\d:.]+Z web \| out$")
    container.wait_for_log(r"^\d{4}-\d\d-\d\dT[\d:.]+Z web ! err$")


def test_progress_bar_is_folded(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "i=0; while [ $$i -le 100 ]; do printf \\"\\\\r$$i%%\\"; i=$$((i+1)); done; '
                     'echo; echo done; exec sleep 600"]\nlog.fold = "1m"\n')
    container.wait_for_log(r"^web \| done$")
    assert [line for line in container.log.splitlines() if line.startswith("web")] == ["web | 100%", "web | done"]


def test_traceback_is_one_json_object(boot):
    container = boot('[service.web]\ncommand = ["python3", "-c", "1/0"]\nrestart = { when = "never" }\n'
                     'log = { join = "indent", format = "json" }\n')
    container.wait_for_log("ZeroDivisionError", 10)
    text = next(json.loads(line)["text"] for line in container.log.splitlines() if "Traceback" in line)
    assert text.startswith("Traceback (most recent call last):\n  File") and text.endswith("division by zero")


def test_lines_above_the_rate_are_counted(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "seq 1000; exec sleep 600"]\nlog.rate = 10\n')
    dropped = sum(int(number) for number in re.findall(
        r"^web \| \[bootsman: (\d+) lines? \(.*\) were left out here: more than log.rate = 10 in a second\]$",
        (container.wait_for_log(r"were left out here.*\]$", 10), container.log)[1], re.MULTILINE))
    kept = len(re.findall(r"^web \| \d+$", container.log, re.MULTILINE))
    assert 10 <= kept < 1000 and kept + dropped == 1000
    assert container.bootsman("logs", "-n", "2000", "web").stdout.count("\n") == 1000


LOG_FILE = ('[service.web]\ncommand = ["sh", "-c", "seq 60000; exec sleep 600"]\n'
            'log.file = { path = "/var/log/deep/web.log", size = "64KiB", count = 2 }\n')


def test_log_file_is_rotated_and_nothing_else_changes(boot, root):
    container = boot(LOG_FILE)
    container.wait_for_log(r"^web +\| 60000$")
    folder = root.changes / "var/log/deep"
    eventually(lambda: (folder / "web.log").exists() and (folder / "web.log").read_text().endswith("60000\n"), 10,
               "the last line is in the file")
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["web.log", "web.log.1", "web.log.2"]
    numbers = "".join((folder / name).read_text() for name in reversed(names)).splitlines()
    assert numbers == [str(number) for number in range(60001 - len(numbers), 60001)]
    assert all((folder / name).stat().st_size <= 64 * 1024 for name in names)


def test_logs_rotate_and_a_killed_writer(boot, root):
    container = boot('[service.web]\ncommand = ["sh", "-c", "while :; do echo line; sleep 0.05; done"]\n'
                     'log.file.path = "/var/log/web.log"\n')
    file, aside = (root.changes / "var/log" / name for name in ("web.log", "web.log.1"))
    eventually(lambda: file.exists() and file.stat().st_size > 20, 10, "lines are in the file")
    assert container.bootsman("logs", "rotate").stdout == "1 log file is put aside\n"
    eventually(lambda: aside.exists() and file.exists() and file.stat().st_size > 0, 10, "a new file is begun")
    container.signal(signal.SIGHUP)
    eventually((root.changes / "var/log/web.log.2").exists, 10, "SIGHUP does the same")
    eventually(lambda: file.exists() and file.stat().st_size > 0, 10, "a new file is begun then, too")
    os.kill(container.process_with("helper log-file"), signal.SIGKILL)
    size = file.stat().st_size
    container.wait_for_log("cannot write a log file: the helper .* killed by SIGKILL", 10)
    eventually(lambda: file.stat().st_size > size + 20, 10, "another helper goes on with the file")
    assert set(file.read_text().splitlines()) == {"line"}


def test_last_lines_are_in_the_log_file_at_the_end(boot, root):
    container = boot('[service.web]\ncommand = ["sh", "-c", "trap \'echo the last words; exit 0\' TERM; echo up; '
                     'while :; do sleep 0.05; done"]\nlog.file.path = "/var/log/web.log"\n')
    container.wait_for_log(r"^web +\| up$")
    assert container.stop() == 0
    lines = (root.changes / "var/log/web.log").read_text().splitlines()
    assert lines[0] == "up" and lines[-1] == "the last words"
