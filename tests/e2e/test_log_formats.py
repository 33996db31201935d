"""Whatever bytes a unit writes, in each format: nothing is lost, and what can be told apart stays so."""

import json
import os
import re
import signal
import subprocess

import pytest

from lib.container import eventually
from lib.root import BINARY_INSIDE

# Three bytes each, so that reads of any power of two, and the limit of a line, fall within one.
CJK = "汉字" * 12_000
LINES = [
    b"plain", b"", b" ", b"nul \0 in it", b"\0", b"latin1 \xe9 \xff\xfe", b"cut \xe6\xb1", b"overlong \xc0\xaf", b"surrogate \xed\xa0\x80",
    "line separators \u2028 \u2029 \x85".encode(), b"lone \r return", b"windows\r", b"delete \x7f, escape \x1b[31mred\x1b[0m, bell \a",
    b"\xef\xbb\xbfBOM", '"quotes" \\ and / and \u0001 \U0001f600'.encode(), b"tab\tand \v \f \b", b'{"already": "json"}',
    *(b"x" * length for length in range(16 * 1024 - 8, 16 * 1024 + 3)), *(b"x" * length for length in (32_767, 32_768, 65_535, 65_536, 65_537)),
    *(b"y" * shift + CJK.encode() for shift in range(3)), *(("é" * count).encode() for count in range(8180, 8200)),
    b"the last full line"]
WHOLE = b"".join(line + b"\n" for line in LINES)
# One reading and writing of all, so that the reader's reads, not the lines, decide where it is cut.
CAT = 'command = ["cat", "/root/zoo"]\nrestart = { when = "never" }\n'


@pytest.fixture
def zoo(root, boot):
    def run(config, tail=b"and one without an end"):
        target = root.path("/root") / "zoo"
        target.write_bytes(WHOLE + tail)
        container = boot(config)
        container.wait_for_log(re.escape(tail.decode()))
        return container

    return run


def test_text_keeps_every_byte_and_marks_what_it_cut(zoo):
    container = zoo("[service.web]\n" + CAT)
    lines = []
    for line in container.stdout.bytes.split(b"\n"):
        assert len(line) <= 16 * 1024
        if line.startswith(b"web | "):
            lines.append(line[6:])
        elif line.startswith(b"web |+"):
            lines[-1] += line[6:]
            assert line[6] & 0xc0 != 0x80, "it is cut within a character"
    assert lines == [*LINES, b"and one without an end"]


def test_raw_gives_the_bytes_and_nothing_else(root, maker):
    (root.path("/root") / "zoo").write_bytes(WHOLE)
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n')
    container = maker.start(root, "--", "cat", "/root/zoo")
    assert container.wait() == 0
    theirs = [line for line in container.stdout.bytes.split(b"\n") if not line.startswith(b"bootsman | ")]
    assert theirs == [*LINES, b""]


def parse(line):
    """Strictly: no NaN, no control characters, no key twice."""

    def pairs(members):
        assert len(dict(members)) == len(members)
        return dict(members)

    return json.loads(line.decode("utf-8"), object_pairs_hook=pairs, parse_constant=lambda word: 1 / 0)


def test_json_is_read_back_by_strict_parsers(zoo):
    container = zoo('[log]\nformat = "json"\n[service.web]\n' + CAT)
    raw = [line for line in container.stdout.bytes.split(b"\n") if line]
    assert max(map(len, raw)) <= 16 * 1024
    texts = []
    for line in map(parse, raw):
        if line["unit"] != "web":
            continue
        assert line["stream"] == "stdout" and set(line) <= {"unit", "stream", "text", "continues"}
        if line.get("continues"):
            texts[-1] += line["text"]
        else:
            texts.append(line["text"])
    for text, written in zip(texts, [*LINES, b"and one without an end"], strict=True):
        try:
            assert text == written.decode("utf-8")
        except UnicodeDecodeError:
            assert re.fullmatch(re.sub("\ufffd+", "\ufffd+", re.escape(written.decode("utf-8", "replace")), flags=re.DOTALL), text)
    by_jq = subprocess.run(["jq", "-j", 'select(.unit == "web") | .text'], input=b"\n".join(raw), capture_output=True, check=True).stdout
    assert by_jq.decode("utf-8") == "".join(texts)


TRACEBACK = """
import sys, time
name = sys.argv[1]

def 读取(文件):
    raise ValueError(name + ": 找不到文件 " + 文件)

class Slow:
    '''Each line by itself, so that another unit's would come in between.'''
    def write(self, text):
        for line in text.splitlines(True):
            sys.__stderr__.write(line)
            sys.__stderr__.flush()
            time.sleep(0.01)
    def flush(self):
        pass

sys.stderr = Slow()
for _ in range(5):
    try:
        读取("数据.csv")
    except ValueError:
        sys.excepthook(*sys.exc_info())
"""
JAVA = r"""
for i in 1 2 3 4 5; do
  for line in 'Exception in thread "main" java.lang.IllegalStateException: 启动失败' '\tat com.example.Main.run(Main.java:12)' \
      '\tat com.example.Main.main(Main.java:5)' 'Caused by: java.io.IOException: 连接被拒绝' '\tat com.example.Net.open(Net.java:7)' '\t... 2 more'; do
    printf "$line\n"; sleep 0.01
  done
done
"""


def test_tracebacks_of_two_programs_stay_apart(root, boot):
    root.write("/root/traceback.py", TRACEBACK)
    root.write("/root/java.sh", JAVA)
    container = boot("".join(
        f'[service.{name}]\ncommand = [{command}]\nrestart = {{ when = "never" }}\nlog = {{ join = "indent", format = "{kind}" }}\n'
        for name, command, kind in (("one", '"python3", "/root/traceback.py", "one"', "text"), ("java", '"sh", "/root/java.sh"', "text"),
                                    ("two", '"python3", "/root/traceback.py", "two"', "json"))))
    for name in ("one", "two", "java"):
        container.wait_for_log(rf"bootsman \| {name}: done")
    lines = [line for line in container.log.splitlines() if not line.startswith("bootsman | ")]
    starts = [index for index, line in enumerate(lines) if line == "one | Traceback (most recent call last):"]
    assert len(starts) == 5
    for start in starts:
        end = next(i for i in range(start, len(lines)) if lines[i].startswith("one | ValueError: one: 找不到文件 数据.csv"))
        assert all(line.startswith("one | ") for line in lines[start:end])
    starts = [index for index, line in enumerate(lines) if line.startswith("java | Exception in thread")]
    assert len(starts) == 5
    for start in starts:
        assert [line[:16] for line in lines[start:start + 6]] == ["java | Exception", "java | \tat com.e", "java | \tat com.e", "java | Caused by",
                                                                  "java | \tat com.e", "java | \t... 2 mo"]
    found = [json.loads(line) for line in lines if line.startswith("{")]
    assert len(found) == 5
    for one in found:
        assert one["text"].startswith("Traceback (most recent call last):\n  File") and "读取" in one["text"]
        assert one["text"].endswith("ValueError: two: 找不到文件 数据.csv")


TQDM = """
import sys, time
from tqdm import tqdm
for _ in tqdm(range(200), desc="下载模型", mininterval=0, ncols=80):
    time.sleep(0.01)
bar = tqdm(total=100, desc="killed", mininterval=0, ncols=80)
for _ in range(42):
    bar.update()
    time.sleep(0.01)
sys.stderr.flush()
__import__("os").kill(__import__("os").getpid(), 9)
"""


def test_the_bars_of_tqdm_are_folded(root, boot):
    root.write("/root/bar.py", TQDM)
    container = boot('[service.web]\ncommand = ["/usr/bin/python3", "/root/bar.py"]\nrestart = { when = "never" }\nlog.fold = "500ms"\n')
    container.wait_for_log(r"bootsman \| .*web: .*killed by SIGKILL", 30)
    bars = [line for line in container.log.splitlines() if line.startswith("web | ")]
    assert "\r" not in "".join(bars)
    model = [line for line in bars if "下载模型" in line]
    assert 2 <= len(model) < 40 and "200/200" in model[-1]
    assert "42/100" in bars[-1], "the last state of a bar that was cut short"


def test_a_unit_that_closes_its_output_lives_on(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "echo before; exec >&- 2>&-; exec sleep 600.5"]\n')
    container.wait_for_log(r"^web \| before$")
    container.process_with("sleep 600.5")
    assert json.loads(container.bootsman("status", "--json", "web").stdout)["units"][0]["state"] == "ready"
    assert container.stop() == 0


def test_what_a_daemon_writes_after_its_unit_ended_still_comes(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "setsid sh -c \'until [ -e /root/go ]; do sleep 0.1; done; echo from the daemon; printf cut\' & '
                     'printf main"]\nrestart = { when = "never" }\nstop.kill = "process"\n')
    container.wait_for_log(r"bootsman \| web: done")
    assert re.search(r"^web \| main$", container.log, re.MULTILINE), "a partial last line does not wait for the daemon"
    container.root.write("/root/go", "")
    container.wait_for_log(r"^web \|\+from the daemon$")
    container.wait_for_log(r"^web \| cut$")


def test_a_partial_line_is_there_after_a_kill(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "printf half a line; kill -9 $$$$"]\nrestart = { when = "never" }\n')
    container.wait_for_log(r"bootsman \| .*web: .*killed by SIGKILL")
    assert re.search(r"^web \| half$", container.log, re.MULTILINE)


def test_a_partial_line_is_there_after_the_stop(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "trap \'printf farewell; exit 0\' TERM; echo up; while :; do sleep 0.05; done"]\n')
    container.wait_for_log(r"^web \| up$")
    assert container.stop() == 0
    assert re.search(r"^web \| farewell$", container.log, re.MULTILINE)


def test_what_the_rate_left_out_is_said_before_the_end(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "seq 1000; exec sleep 600"]\nlog.rate = 10\n')
    container.wait_for_log(r"^web \| 10$")
    eventually(lambda: container.bootsman("logs", "-n", "1000", "web").stdout.count("\n") == 1000, 10, "all lines are read")
    container.signal(signal.SIGTERM)
    container.wait()
    left_out = sum(map(int, re.findall(r"^web \| \[bootsman: (\d+) lines? \(.*\) were left out here", container.log, re.MULTILINE)))
    assert left_out + len(re.findall(r"^web \| \d+$", container.log, re.MULTILINE)) == 1000


def test_stdout_and_stderr_in_one_pipe_tear_no_line(root, maker):
    root.write("/root/slow.py", "import os, time\nout = open('/root/got', 'wb', buffering=0)\n"
               "while chunk := os.read(0, 3000):\n    out.write(chunk)\n    time.sleep(0.0002)\n")
    root.write("/root/write.py", "import os, sys\nfd = int(sys.argv[2])\nrest = b''.join(b'%s %05d %s\\n' % (sys.argv[1].encode(), i, b'.' * 90) "
               "for i in range(8000))\nwhile rest:\n    rest = rest[os.write(fd, rest[:65536]):]\n")
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n' + "".join(
        f'[service.{name}]\ncommand = ["python3", "/root/write.py", "{name}", "{fd}"]\nrestart = {{ when = "never" }}\n'
        f'log = {{ format = "{kind}", when_blocked = "wait" }}\n' for name, fd, kind in (("out", 1, "text"), ("err", 2, "raw"))))
    maker.start(root, command=["bash", "-c", f"exec {BINARY_INSIDE} run > >(exec python3 /root/slow.py) 2>&1"])
    got = root.changes / "root/got"
    eventually(lambda: got.exists() and got.read_bytes().count(b" 07999 ") == 2, 60, "both writers have come to their end")
    whole = re.compile(r"(out \| out|err) \d{5} \.{90}|bootsman \| .*")
    assert [line for line in got.read_text().splitlines() if not whole.fullmatch(line)] == []


def test_merged_streams_keep_the_order_of_their_lines(root, boot):
    root.write("/root/both.py", "import os\nfor i in range(3000):\n    os.write(1 + i % 2, b'%d\\n' % i)\n")
    container = boot('[service.web]\ncommand = ["python3", "/root/both.py"]\nrestart = { when = "never" }\nlog.merge = true\n')
    container.wait_for_log(r"^web \| 2999$")
    assert re.findall(r"^web \| (\d+)$", container.log, re.MULTILINE) == [str(number) for number in range(3000)]
