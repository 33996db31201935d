"""What a runtime may leave out, close, ignore or overdo before it starts the init: it runs, and says what it lacks."""

import itertools
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from lib.container import eventually
from lib.root import BINARY_INSIDE

CONFIG = 'extends = "empty"\n[service.web]\ncommand = ["sh", "-c", "echo hi; exec sleep 1000"]\n'
RUN = f"exec {BINARY_INSIDE} run"


def exec_by_python(words, variables, before=""):
    """As execve(2) takes them, whatever a shell thinks of them."""
    return ["/usr/bin/python3", "-c", f"""
import ctypes, signal
{before}
def block(words):
    return (ctypes.c_char_p * (len(words) + 1))(*words, None)
ctypes.CDLL(None).execve({BINARY_INSIDE.encode()!r}, block({words!r}), block({variables}))
"""]


def shell(text):
    return ["sh", "-c", text]


WORDS = [b"bootsman", b"run"]
PLAIN = "[b'PATH=/usr/bin:/bin']"
CLOSED = {f"without the descriptors {', '.join(map(str, closed))}":
          shell(RUN + "".join(f" {number}{'>' if number else '<'}&-" for number in closed))
          for count in (1, 2, 3) for closed in itertools.combinations((0, 1, 2), count)}
SURROUNDINGS = {
    **CLOSED,
    "without /dev/null and any stream": shell(f"mount -t tmpfs empty /dev; {RUN} <&- >&- 2>&-"),
    "without /run, and with /tmp read-only": shell("umount -R /run 2>/dev/null; rm -rf /run; [ ! -e /run ] || exit 9; "
                                                   f"mount -t tmpfs -o ro empty /tmp; {RUN}"),
    "with /tmp and /run full": shell("mount -t tmpfs -o size=4k,nr_inodes=1 full /tmp; "
                                     f"mount -t tmpfs -o size=4k,nr_inodes=1 full /run; {RUN}"),
    "without /etc": shell(f"mount -t tmpfs empty /etc; {RUN} --config /srv/bootsman.toml"),
    "in a folder that is gone": shell(f"mkdir /srv/gone; cd /srv/gone; rmdir /srv/gone; {RUN}"),
    "with 64 descriptors": shell(f"ulimit -n 64; {RUN}"),
    "with 8 MB of address space": shell(f"ulimit -v 8000; {RUN}"),
    "that may write no file": shell(f"ulimit -f 0; {RUN}"),
    "with an empty name of its own": exec_by_python([b"", b"run"], PLAIN),
    "without even a name": exec_by_python([], PLAIN),
    "without a variable": exec_by_python(WORDS, "[]"),
    "with 10,000 variables": exec_by_python(WORDS, f"{PLAIN} + [b'V%d=%s' % (i, b'x' * 100) for i in range(10000)]"),
    "with variables of 128 KiB": exec_by_python(WORDS, f"{PLAIN} + [b'V%d=%s' % (i, b'x' * 131060) for i in range(8)]"),
    "with variables that are none": exec_by_python(WORDS, rf"{PLAIN} + [b'', b'=x', b'NO', b'A=\xff', b'A=2', b'A B=3']"),
    "with all signals blocked and ignored": exec_by_python(WORDS, PLAIN, """
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
"""),
}


@pytest.fixture
def configured(root):
    root.write("/etc/bootsman/bootsman.toml", CONFIG)
    root.write("/srv/bootsman.toml", CONFIG)
    return root


@pytest.mark.parametrize("command", SURROUNDINGS.values(), ids=SURROUNDINGS.keys())
def test_runs_and_stops_in_order(configured, maker, command):
    container = maker.start(configured, command=command)
    container.wait_for_http("/health/ready")
    container.signal()
    # Quicker than shutdown.timeout: the service hears its signal, and its end is heard.
    assert container.wait(8) == 0
    assert "have not ended" not in container.transcript()


@pytest.mark.parametrize("number", [6, 10, 14, 16])
def test_too_few_descriptors_are_said(configured, maker, number):
    container = maker.start(configured, command=shell(f"ulimit -n {number}; {RUN}"))
    assert container.wait() in (70, 78)
    assert "oo many open files" in container.stderr.text


def test_clocks_that_began_ten_years_ago(configured, maker):
    container = maker.start(configured, command=[
        "unshare", "--time", "--boottime", "315360000", "--monotonic", "315360000", "--pid", "--fork", "--mount-proc",
        "--kill-child", BINARY_INSIDE, "run"])
    container.wait_for_http("/health/ready")
    (inner,) = Path(f"/proc/{container.init}/task/{container.init}/children").read_text().split()
    os.kill(int(inner), signal.SIGTERM)
    assert container.wait(8) == 0


def test_faults_that_others_send_do_nothing(configured, maker):
    container = maker.start(configured)
    container.wait_for_http("/health/ready")
    container.exec("kill", "-SEGV", "1")
    container.exec("kill", "-ABRT", "1")
    container.signal(signal.SIGBUS)
    assert container.status("/health") == 200
    assert container.stop() == 0


def test_a_user_without_a_process_left(configured, maker):
    container = maker.start(configured, command=["setpriv", "--reuid", "1101", "--clear-groups", "prlimit", "--nproc=1",
                                                 "--", BINARY_INSIDE, "run"])
    container.wait_for_log(r"warning: web: cannot make a process: resource temporarily unavailable.*; restart in ")
    assert container.status("/health") == 200
    assert container.stop() == 0


def test_used_up_address_space_is_survived_and_said(configured, maker):
    """At its limit from one moment on, and free of it later."""
    configured.append("/etc/bootsman/bootsman.toml", """
[service.flood]
command = ["sh", "-c", "while [ ! -e /srv/go ]; do sleep 0.02; done; seq 1000000 1300000; exec sleep 1000"]
""")
    container = maker.start(configured)
    container.wait_for_http("/health/ready")
    limit = ["prlimit", f"--pid={container.init}"]
    size = re.search(r"^VmSize:\s+(\d+)", Path(f"/proc/{container.init}/status").read_text(), re.MULTILINE)
    subprocess.run([*limit, f"--as={int(size[1]) * 1024}:"], check=True)
    configured.write("/srv/go", "")
    container.wait_for_log("cannot get more memory from the kernel", 20)
    subprocess.run([*limit, "--as=unlimited:"], check=True)
    eventually(lambda: container.bootsman("restart", "web", check=False).returncode == 0, 10, "it obeys again")
    container.wait_for_http("/health/ready")
    assert container.stop() == 0
