"""bootsman shell: a command in the shape of a unit, joined to the client's terminal or pipes."""

import fcntl
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import time

from lib.container import eventually
from lib.root import BINARY_INSIDE

SOCKET = "/run/bootsman/control.sock"
WEB = ('[service.web]\ncommand = ["sleep", "1000"]\nuser = "1101:1102"\ndirectory = "/tmp"\n'
       'env = { COLOUR = "blue and green" }\nlimits = { nofile = 77 }\numask = "027"\n')


def start(container, *words, **options):
    return subprocess.Popen(["nsenter", f"--target={container.init}", "--all", "--", BINARY_INSIDE, "shell", *words],
                            **options)


def run(container, *words, given=b""):
    return subprocess.run(["nsenter", f"--target={container.init}", "--all", "--", BINARY_INSIDE, "shell", *words],
                          input=given, capture_output=True, timeout=60, check=False)


def below(process):
    """The client itself: nsenter waits for it."""
    children = open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii").read().split()
    return int(children[0])


class Terminal:
    """A client on a terminal of our own, as a person has it."""

    def __init__(self, container, *words, rows=24, columns=80):
        self.ours, theirs = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(theirs)
        self.theirs = theirs
        self.process = start(container, *words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                             preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.text = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.ours, text.encode())

    def wait_for(self, pattern, seconds=30):
        deadline = time.monotonic() + seconds
        os.set_blocking(self.ours, False)
        while not re.search(pattern, self.text):
            assert time.monotonic() < deadline, f"{pattern} did not come; came: {self.text!r}"
            try:
                self.text += os.read(self.ours, 65536).decode(errors="replace")
            except (BlockingIOError, OSError):
                time.sleep(0.02)
        return re.search(pattern, self.text)

    def as_before(self):
        return termios.tcgetattr(self.theirs) == self.before

    def close(self):
        os.close(self.ours)
        os.close(self.theirs)


def test_a_command_has_the_units_shape_and_its_exit_code(boot):
    container = boot(WEB)
    container.wait_for_boot()
    done = run(container, "web", "--", "sh", "-c",
               'id -u; id -g; pwd; echo "$COLOUR"; ulimit -n; umask; echo oops >&2; exit 7')
    assert done.stdout.decode().split("\n")[:6] == ["1101", "1102", "/tmp", "blue and green", "77", "0027"]
    assert done.stderr == b"oops\n"
    assert done.returncode == 7
    assert run(container, "web", "--", "sh", "-c", "kill -9 $$").returncode == 137
    assert run(container, "--", "id", "-u").stdout == b"0\n"
    container.wait_for_log(r"control: run sh with 2 arguments as service\.web, asked for by uid 0 \(pid \d+\)")
    assert "oops" not in container.log


def test_bytes_go_through_a_command_unchanged(boot):
    container = boot(WEB)
    container.wait_for_boot()
    given = os.urandom(3_000_000)
    done = run(container, "web", "--", "cat", given=given)
    assert done.stdout == given
    assert done.returncode == 0


def test_what_can_not_be_run_is_said(boot):
    container = boot(WEB)
    container.wait_for_boot()
    done = run(container, "web", "--", "/no/such/program")
    assert done.returncode == 127
    assert b"/no/such/program" in done.stderr
    assert run(container, "wbe").returncode == 1
    assert run(container, "web", "more").returncode == 2


def test_a_shell_on_a_terminal_types_resizes_and_ends(boot):
    container = boot(WEB)
    container.wait_for_boot()
    person = Terminal(container, "web", rows=30, columns=100)
    person.type("stty size; tty\n")
    person.wait_for(r"30 100\r\n/dev/pts/\d+\r\n")
    person.resize(41, 132)
    person.process.send_signal(signal.SIGWINCH)
    # The new size is on its way.
    person.type("until stty size | grep '41 132'; do sleep 0.05; done; echo re''sized\n")
    person.wait_for(r"resized\r\n")
    person.type("sleep 1000\n")
    eventually(lambda: sum("sleep 1000" in line for line in container.processes().values()) == 2, 20, "sleep runs")
    person.type("\x03")
    person.type("echo code $? ; exit 5\n")
    person.wait_for(r"code 130")
    assert person.process.wait(20) == 5
    assert person.as_before()
    person.close()


def test_a_client_that_is_killed_takes_its_command_along(boot):
    container = boot(WEB)
    container.wait_for_boot()
    person = Terminal(container, "--", "sleep", "1234")
    piped = start(container, "--", "sleep", "4321", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for which in ("1234", "4321"):
        container.process_with(f"sleep {which}")
    for client in (person.process, piped):
        os.kill(below(client), signal.SIGKILL)
        client.wait(20)
    eventually(lambda: not any(which in line for line in container.processes().values()
                               for which in ("1234", "4321")), 20, "both are gone")
    person.close()
    assert "internal fault" not in container.log


def test_a_signal_to_the_client_restores_the_terminal(boot):
    container = boot(WEB)
    container.wait_for_boot()
    person = Terminal(container, "--", "sleep", "1234")
    container.process_with("sleep 1234")
    eventually(lambda: not person.as_before(), 20, "keys go through as they are")
    os.kill(below(person.process), signal.SIGTERM)
    assert person.process.wait(20) in (143, -15)
    eventually(person.as_before, 20, "the terminal is as before")
    person.close()


def test_the_end_of_the_container_ends_shells_at_once(boot):
    container = boot(WEB)
    container.wait_for_boot()
    person = Terminal(container)
    person.type("echo he''re\n")
    person.wait_for("here")
    begin = time.monotonic()
    assert container.stop() == 0
    assert time.monotonic() - begin < 5
    person.process.wait(20)
    person.close()


def frames(kind, payload):
    return bytes([kind]) + struct.pack(">I", len(payload)) + payload


def raw_session(container, query, rest=b""):
    """Asks for a session and sends what is taken at once; a command that reads nothing holds the rest back."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(f"/proc/{container.init}/root{SOCKET}")
    client.sendall(f"POST /v1/exec?{query} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                   "Upgrade: bootsman-session/1\r\nContent-Length: 0\r\n\r\n".encode())
    client.settimeout(0)
    try:
        client.send(rest)
    except BlockingIOError:
        pass
    client.settimeout(20)
    return client


def test_clients_that_leave_in_each_phase(boot):
    container = boot(WEB)
    container.wait_for_boot()
    pieces = [b"", frames(0, b"hello\n"), frames(0, b"hello\n")[:3], frames(0, b"x" * 65536) * 8, frames(4, b""),
              b"\x09garbage", frames(3, b"12"), b"\xff" * 100]
    for piece in pieces:
        for query in ("word=cat", "word=cat&terminal=true", "word=yes", "word=/none"):
            raw_session(container, query, piece).close()
            client = raw_session(container, query, piece)
            client.recv(200)
            client.close()
    eventually(lambda: not any(line.endswith(("/cat", "/yes")) for line in container.processes().values()), 20,
               "the commands are gone")
    assert run(container, "--", "echo", "fine").stdout == b"fine\n"
    assert "internal fault" not in container.log
    assert container.stop() == 0


def test_a_client_that_reads_nothing_holds_only_its_own_command(boot):
    container = boot(WEB)
    container.wait_for_boot()
    stuck = [raw_session(container, "word=yes") for _ in range(20)]
    eventually(lambda: sum(line.endswith("/yes") for line in container.processes().values()) == 20, 20, "all run")
    assert container.status("/health") == 200
    memory = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{container.init}/status").read()).group(1))
    assert memory < 60_000, "what nobody reads stays in the commands' pipes"
    for client in stuck:
        client.close()
    eventually(lambda: not any(line.endswith("/yes") for line in container.processes().values()), 20, "all are gone")


def test_without_an_upgrade_nothing_is_run(boot):
    container = boot(WEB)
    container.wait_for_boot()
    answer = container.exec("curl", "-sS", "-X", "POST", "--unix-socket", SOCKET, "-w", "%{http_code}",
                            "http://bootsman/v1/exec?word=touch&word=/root/made").stdout
    assert answer.endswith("426")
    assert not container.root.path("/root/made").exists()
