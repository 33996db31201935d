"""A workspace with long names, long reasons and lines in Chinese, looked at on a terminal of 80 columns and in a pipe."""

import json
import re

import pytest

from lib.cells import cells
from lib.container import eventually
from lib.pty import run_on_terminal
from lib.root import BINARY_INSIDE, REPOSITORY

LONG = "a-model-server-with-a-name-that-somebody-took-time-for"
PROGRAM = "/opt/a/folder/below/which/everything/of/this/image/was/installed/some/years/ago/serve-the-model"
BLOCKED = "blocked-by-the-one-above-which-can-not-start"
CONFIG = f"""
[service.{LONG}-1]
command = ["sh", "-c", "echo 第一个模型已经加载完毕，可以接受请求了，请通过网关的地址访问它，谢谢大家的耐心等待; exec sleep 1000"]
[service.{LONG}-2]
command = ["sh", "-c", "echo RuntimeError: 端口 8888 已被占用，请先停止占用它的进程，或者在配置里换一个别的端口再试一次; exit 3"]
restart = {{ delay = "1h", max_delay = "1h" }}
[service.no-such-program]
command = ["{PROGRAM}", "--port", "8000"]
on_failure = "ignore"
[service.{BLOCKED}]
command = ["sleep", "1000"]
requires = ["service.no-such-program"]
[service.sick]
command = ["sleep", "1000"]
health.exec = ["false"]
health.every = "100ms"
health.failures = 1
[service.console]
command = ["cat"]
tty = true
[step.fetch-course-material-and-notebooks-for-all]
command = ["sh", "-c", "echo cannot reach the server of the course material, though it was tried again and again; exit 5"]
[step.skipped]
command = ["true"]
if_exists = ["/a/file/that/is/not/there/in/a/folder/that/is/not/there/either/whoever/may/look/for/it"]
[mount.scratch-space-of-the-training-runs]
type = "tmpfs"
target = "/scratch/space/of/the/training/runs"
[service.sshd]
enabled = false
"""

# What may be wider than the terminal, and why.
WHOLE = {
    "logs": "lines of others are shown as they are",
    "status NAME": "below the table stand the unit's lines, as they are",
    "plan --diff": "texts of files are shown as they are",
    "plan --dot": "for dot(1)",
    "check": "FILE:LINE:COLUMN: error, one a line, as editors read them",
    "import": "TOML, for a file",
    "completion": "a script, for a file",
    "boot-report --svg": "an image, for a file",
    "health": "JSON, as the probe gets it",
    "help --man": "for man(1)",
    "help --reference": "Markdown, for a file",
    "motd": "a drawing of fixed width, as the image's users know it",
}

# Everything else, and its exit code; None: that depends on the machine.
COMMANDS = [
    (["status"], 0), (["status", "--json"], 0), (["plan"], 0), (["events", "-n", "1024"], 0), (["boot-report"], 0),
    (["doctor"], None), (["version"], 0), (["help"], 0), (["help", "service.x.restart"], 0), (["help", "motd"], 0),
    (["help", "restart.dela"], 2), (["start", "no-such-program"], 1), (["start", BLOCKED], 1),
    (["restart", f"{LONG}-1"], 0), (["restart", f"{LONG}-2", "--timeout", "300ms"], None),
    (["stop", f"{LONG}-1"], 0), (["start", f"{LONG}-1"], 0), (["stop", f"{LONG}-3"], 1), (["signal", "CONT", f"{LONG}-1"], 0),
    (["signal", "HUP", f"{LONG}-2"], 1), (["attach", f"{LONG}-1"], 1), (["shell", f"{LONG}-3"], 1),
    (["logs", "rotate"], 0), (["logs", "nobody-of-that-name"], 1), (["events", "nobody-of-that-name"], 1), (["reload"], 0),
    (["run-step", "skipped"], 0), (["run-step", "motd"], None), (["run-step", "nobody-of-that-name"], 1),
    (["boot-report", "--no-such-option"], 2), (["logs", "-n", "many"], 2), (["logs", "--since", "soon"], 2),
    (["shutdown", "--exit-code", "300"], 2),
]
TABLES = {"status", "boot-report", "help", "version"}


def on_a_terminal(container, words):
    code, text = run_on_terminal(["nsenter", f"--target={container.init}", "--all", "--", "env", "-i", "PATH=/usr/bin:/bin",
                                  "HOME=/root", "LANG=C.UTF-8", BINARY_INSIDE, *words])
    return code, re.sub(r"\x1b\[[0-9;]*m", "", text)


def too_wide(words, text):
    """Its lines of more than 80 columns; outside of tables a single word, as a path, is never broken."""
    wide = [line for line in text.splitlines() if cells(line) > 80]
    if words[0] in TABLES:
        return wide
    return [line for line in wide if " " in line.strip()]


@pytest.fixture
def container(maker, root):
    root.write("/etc/bootsman/bootsman.toml", CONFIG)
    container = maker.start(root)
    container.wait_for_boot(60)
    def in_trouble():
        units = {unit["name"]: unit for unit in json.loads(container.bootsman("status", "--json").stdout)["units"]}
        return units[f"{LONG}-2"]["state"] == "backoff" and units["sick"]["health"] == "unhealthy"

    eventually(in_trouble, 30, "one waits and one is sick")
    return container


def test_no_command_is_wider_than_its_terminal(container):
    wide, codes = [], []
    for words, expected in COMMANDS:
        code, text = on_a_terminal(container, words)
        if expected not in (None, code):
            codes.append((words, code, text))
        if "--json" not in words:
            wide += [f"{' '.join(words)}: {line}" for line in too_wide(words, text)]
    assert not codes
    assert not wide, "\n".join(wide)


def test_the_whole_reason_stands_below_its_row(container):
    text = on_a_terminal(container, ["status"])[1]
    plain = re.sub(r"\n +", " ", text)
    assert re.search(r"^service\.a-m…k-time-for-2 +backoff ", text, re.MULTILINE)
    for reason in ("端口 8888 已被占用，请先停止占用它的进程，", f"cannot execute {PROGRAM}"[:60],
                   "requires service.no-such-program, which failed: ", " unhealthy: the check exited 1\n"):
        assert reason in plain, text
    assert re.search(r"^step\.jupyter +done .*…$", text, re.MULTILINE)  # What went well is told by `status jupyter`.
    one = on_a_terminal(container, ["status", f"{LONG}-2"])[1]
    assert "换一个别的端口再试一次" in re.sub(r"\n *", "", one.split("its last lines")[0])


def test_a_pipe_gets_whole_names_and_whole_lines(container):
    for words in (["status"], ["boot-report"], ["plan"], ["events", "-n", "1024"]):
        text = container.bootsman(*words).stdout
        assert f"service.{LONG}-1" in text and f"service.{LONG}-2" in text, words
        assert "…" not in text, words
    rows = container.bootsman("status").stdout.splitlines()
    assert all(re.match(r"UNIT|job|[a-z]+\.\S+ +[a-z]+ ", row) for row in rows), rows


def test_what_may_be_wider_is_little_and_all_commands_are_looked_at(container):
    names = set(re.findall(r"^  ([a-z-]+)  +\S", container.bootsman("help").stdout, re.MULTILINE))
    seen = {words[0] for words, _ in COMMANDS} | {name.split()[0] for name in WHOLE}
    # wrap has no output of its own, run is the init, and top has its own test.
    assert names - seen == {"wrap", "run", "top"}


def keys_of_the_reference():
    """Each with what leads to it: the name of its step, or that it is a route's."""
    before = ""
    for line in (REPOSITORY / "docs/config.md").read_text().splitlines():
        if line.startswith("#"):
            step = re.match(r"### `\[(step\.[\w-]+)\]`", line)
            before = f"{step[1]}." if step else "gateway.routes.*." if "Routes of the gateway" in line else ""
        if key := re.match(r"\| `([\w.-]+)` \|", line):
            yield before + key[1]


def test_every_key_of_the_reference_is_explained(container):
    keys = list(keys_of_the_reference())
    assert len(keys) > 150
    script = f"for key in {' '.join(keys)}; do {BINARY_INSIDE} help \"$key\" >/dev/null || echo \"$key\"; done"
    assert not container.exec("bash", "-fc", script, timeout=120).stdout
