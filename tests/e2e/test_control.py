"""The control socket: an operator sees what is wrong and why, and nobody else gets in."""

import json
import os
import re
import shlex
import socket
import stat
import struct
import subprocess
import threading

import pytest

from lib.container import eventually
from lib.pty import run_on_terminal
from lib.root import BINARY_INSIDE, REPOSITORY

SOCKET = "/run/bootsman/control.sock"
WEB = '[service.web]\ncommand = ["sh", "-c", "echo up as $$$$; exec sleep 1000"]\n'
LOOP = ('[service.loop]\ncommand = ["sh", "-c", "echo port 8888 is taken; exit 3"]\n'
        'restart = { delay = "1h", max_delay = "1h" }\n')


def units(container):
    return {unit["id"]: unit for unit in json.loads(container.bootsman("status", "--json").stdout)["units"]}


def curl(container, path, *options):
    return container.exec("curl", "-sS", "--max-time", "20", "--unix-socket", SOCKET, *options,
                          f"http://bootsman{path}").stdout


def connect(container):
    """A client in the container's mount namespace, as root."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(f"/proc/{container.init}/root{SOCKET}")
    return client


def test_status_shows_state_and_why(boot):
    container = boot(WEB + LOOP + '[service.lost]\ncommand = ["sleep", "1"]\nif_exists = ["/no/such/file"]\n')
    container.wait_for_boot()
    eventually(lambda: units(container)["service.loop"]["state"] == "backoff", 10, "the loop waits")
    table = container.bootsman("status").stdout
    assert re.search(r"^UNIT +STATE +SINCE +PID +RESTARTS +MEM +WHY$", table, re.MULTILINE)
    assert re.search(r"^service\.web +ready +\d+s +\d+ +0", table, re.MULTILINE)
    assert re.search(r'^service\.loop +backoff +\d+s +- +\d .*exited 3.*"port 8888 is taken"$', table, re.MULTILINE)
    assert re.search(r"^service\.lost +skipped .*/no/such/file", table, re.MULTILINE)
    assert "\x1b" not in table
    one = container.bootsman("status", "loop").stdout
    assert "port 8888 is taken" in one and "service.web" not in one


def on_a_terminal(container, *words, env=()):
    code, text = run_on_terminal(["nsenter", f"--target={container.init}", "--all", "--", "env", "TERM=xterm", *env,
                                  BINARY_INSIDE, *words])
    assert code == 0
    return text


def test_a_second_init_beside_pid_1_is_refused_and_touches_nothing(boot, root):
    container = boot(WEB)
    container.wait_for_boot()
    before = units(container)["service.web"]["pid"]
    root.write("/root/bad.toml", "this is no configuration")
    ended = container.bootsman("run", "--config", "/root/bad.toml", check=False)
    assert ended.returncode == 78
    assert "PID 1 of this container is a Bootsman" in ended.stderr and SOCKET in ended.stderr
    assert units(container)["service.web"]["pid"] == before
    # One that is meant has a socket of its own.
    root.write("/root/own.toml", 'extends = "empty"\nhttp = { enabled = false }\n[job]\ncommand = ["sh", "-c", "exit 5"]\n')
    own = container.exec("env", "BOOTSMAN_SOCKET=/run/second.sock", BINARY_INSIDE, "run", "--config", "/root/own.toml",
                         check=False)
    assert own.returncode == 5, own.stderr


def test_status_on_a_terminal_has_colours_and_fits(boot):
    container = boot(WEB + LOOP.replace("is taken", "is taken by some other process which nobody knows about"))
    container.wait_for_log("loop: exited 3")
    eventually(lambda: units(container)["service.loop"]["state"] == "backoff", 10, "the loop waits")
    text = on_a_terminal(container, "status")
    assert "\x1b[33mbackoff\x1b[0m" in text
    assert "\n    exited 3 after " in text
    assert "taken by some other process which nobody knows about" in re.sub(r"\s+", " ", text)
    assert max(len(re.sub("\x1b\\[[0-9]*m", "", line)) for line in text.splitlines()) <= 80
    assert "\x1b" not in on_a_terminal(container, "status", env=["NO_COLOR=1"])


def test_status_of_a_unit_that_is_not_there(boot):
    container = boot(WEB)
    container.wait_for_boot()
    result = container.bootsman("status", "wbe", check=False)
    assert result.returncode == 1
    assert 'did you mean "web"' in result.stderr


def test_without_an_init_the_commands_say_where_they_looked(maker, root, binary):
    container = maker.start(root, command=[BINARY_INSIDE, "status"])
    assert container.wait() == 69
    assert SOCKET in container.stderr.text


def test_logs_shows_lines_of_all_or_of_some(boot):
    container = boot(WEB + LOOP)
    container.wait_for_log("8888 is taken")
    container.wait_for_log("up as")
    everything = container.bootsman("logs").stdout
    assert "service.loop | port 8888 is taken" in everything
    assert re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z service\.web \| up as \d+$", everything, re.MULTILINE)
    assert "bootsman | " in everything
    some = container.bootsman("logs", "-n", "1", "web").stdout
    assert re.fullmatch(r"\S+ service\.web \| up as \d+\n", some)


def test_logs_follow_without_a_gap(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "n=0; while :; do n=$$((n+1)); echo line $$n; sleep 0.01; done"]\n')
    container.wait_for_log("line 3")
    lines = []
    follower = subprocess.Popen(["nsenter", f"--target={container.init}", "--all", "--", BINARY_INSIDE, "logs",
                                 "-n", "3", "-f", "web"], stdout=subprocess.PIPE, text=True)
    for line in follower.stdout:
        lines.append(int(line.split()[-1]))
        if len(lines) == 100:
            container.signal()
    assert follower.wait(20) in (0, -15)  # It is in the container, so the end of that may end it first.
    container.wait()
    assert lines == list(range(lines[0], lines[0] + len(lines)))


def test_socket_is_the_owners_alone(boot):
    container = boot(WEB)
    container.wait_for_boot()
    path = f"/proc/{container.init}/root{SOCKET}"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    status = container.exec("setpriv", "--reuid=65534", "--clear-groups", BINARY_INSIDE, "status", check=False)
    assert status.returncode == 69
    assert "permission denied" in status.stderr
    os.chmod(path, 0o666)
    status = container.exec("setpriv", "--reuid=65534", "--clear-groups", BINARY_INSIDE, "status", check=False)
    assert status.returncode == 1
    assert "cannot answer user 65534" in status.stderr
    assert container.bootsman("status").returncode == 0


def test_socket_of_an_earlier_life_is_replaced_and_the_own_one_removed(boot, root):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\n', env={"BOOTSMAN_SOCKET": "/root/control.sock"})
    container.wait_for_boot()
    container.kill()
    assert root.path("/root/control.sock").exists()
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\n', env={"BOOTSMAN_SOCKET": "/root/control.sock"})
    container.wait_for_boot()
    shown = container.exec("env", "BOOTSMAN_SOCKET=/root/control.sock", BINARY_INSIDE, "status").stdout
    assert "service.web" in shown
    assert container.stop() == 0
    assert not root.path("/root/control.sock").exists()


def test_socket_can_be_turned_off(boot):
    container = boot(WEB + "[control]\nenabled = false\n")
    container.wait_for_boot()
    assert container.bootsman("status", check=False).returncode == 69


def test_a_place_that_takes_no_socket_is_one_warning(boot):
    container = boot(WEB, env={"BOOTSMAN_SOCKET": "/proc/control.sock"})
    container.wait_for_log(r"no control socket.*/proc/control\.sock")
    container.wait_for_boot()
    assert container.stop() == 0


def test_nothing_of_the_api_is_served_on_tcp(boot):
    container = boot(WEB)
    container.wait_for_boot()
    assert container.status("/v1/units") == 404
    assert container.status("/v1/logs") == 404


def test_two_hundred_clients_at_once_and_none_of_them_slows_the_health_page(boot):
    container = boot(WEB)
    container.wait_for_boot()
    waiting = [connect(container) for _ in range(200)]
    for client in waiting:
        client.sendall(b"GET /v1/logs?unit=web&after=99999999&wait=30s HTTP/1.1\r\nHost: a\r\n\r\n")
    half = [connect(container) for _ in range(20)]
    for client in half:
        client.sendall(b"GET /v1/un")
    answers = []

    def ask():
        with connect(container) as client:
            client.sendall(b"GET /v1/units HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            answers.append(client.makefile("rb").read().split(b"\r\n")[0])

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [b"HTTP/1.1 200 OK"] * 20
    assert container.status("/health") == 200
    for client in waiting + half:
        client.close()
    assert container.stop() == 0


def test_restart_waits_until_the_unit_is_ready_again(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "rm -f /root/ready; sleep 0.3; touch /root/ready; exec sleep 1000"]\n'
                     'ready = { file = "/root/ready", every = "50ms" }\n')
    container.wait_for_http("/health/ready")
    before = units(container)["service.web"]["pid"]
    said = container.bootsman("restart", "web").stdout
    after = units(container)["service.web"]
    assert "service.web" in said
    assert after["state"] == "ready" and after["pid"] != before
    container.wait_for_log(r"control: restart service\.web, asked for by uid 0 \(pid \d+\)")


def test_each_change_leaves_a_line_that_names_who_asked(boot):
    container = boot(WEB + '[service.console]\ncommand = ["cat"]\ntty = true\n')
    container.wait_for_boot()
    changes = [(["stop", "web"], r"stop service\.web"), (["start", "web"], r"start service\.web"),
               (["restart", "web"], r"restart service\.web"), (["signal", "CONT", "web"], r"signal service\.web SIGCONT"),
               (["reload"], "reload"), (["logs", "rotate"], "put the log files aside"),
               (["shell", "web", "--", "true"], r"run true as service\.web"), (["shell", "--", "true"], "run true"),
               (["attach", "console"], r"attach to service\.console")]
    for words, _ in changes:
        container.bootsman(*words, check=False, input="")
    for words in (["status"], ["status", "web"], ["logs"], ["events"], ["boot-report"], ["stop", "nobody"]):
        container.bootsman(*words, check=False)
    container.bootsman("shutdown", "--exit-code", "3", check=False)
    assert container.wait() == 3
    told = re.findall(r"control: (.*), asked for by uid 0 \(pid \d+\)$", container.log, re.MULTILINE)
    expected = [text for _, text in changes] + ["shutdown with exit code 3"]
    assert len(told) == len(expected), told
    assert all(re.fullmatch(text, line) for text, line in zip(expected, told)), told


def test_stop_keeps_it_stopped_until_it_is_started(boot):
    container = boot(WEB + '[service.beside]\ncommand = ["sleep", "2000"]\n')
    container.wait_for_boot()
    container.bootsman("stop", "web")
    assert units(container)["service.web"]["state"] == "stopped"
    assert not any("sleep 1000" in line for line in container.processes().values())
    assert container.status("/health") == 200
    container.bootsman("restart", "beside")
    assert units(container)["service.web"]["state"] == "stopped"
    container.bootsman("start", "web")
    assert units(container)["service.web"]["state"] == "ready"


def test_start_that_fails_says_so(boot):
    container = boot('[service.web]\ncommand = ["/no/such/program"]\n[service.beside]\ncommand = ["sleep", "2000"]\n')
    container.wait_for_boot()
    result = container.bootsman("start", "web", check=False)
    assert result.returncode == 1
    assert "/no/such/program" in result.stderr


def test_start_that_takes_longer_than_the_timeout_goes_on(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\nready = { file = "/root/ready", every = "50ms" }\n')
    container.process_with("sleep 1000")
    result = container.bootsman("restart", "web", "--timeout", "300ms", check=False)
    assert result.returncode == 1
    assert "goes on" in result.stderr
    container.root.write("/root/ready", "")
    eventually(lambda: units(container)["service.web"]["state"] == "ready", 10, "the unit is ready")


def test_signal_reaches_the_process(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "trap \'echo got it\' HUP; echo up; while :; do sleep 0.05; done"]\n')
    container.wait_for_log(r"web \| up")
    container.bootsman("signal", "HUP", "web")
    container.wait_for_log(r"web \| got it")
    assert container.bootsman("signal", "NOSUCH", "web", check=False).returncode == 2


def test_shutdown_stops_the_container_with_its_exit_code(boot):
    container = boot(WEB)
    container.wait_for_boot()
    container.bootsman("shutdown", "--exit-code", "7", check=False)  # The end may take this client with it.
    assert container.wait() == 7


def test_client_that_disappears_while_it_waits(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\nready = { file = "/root/ready", every = "50ms" }\n')
    container.process_with("sleep 1000")
    for _ in range(50):
        with connect(container) as client:
            client.sendall(b"POST /v1/units/web/restart HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    container.root.write("/root/ready", "")
    eventually(lambda: units(container)["service.web"]["state"] == "ready", 20, "the unit is ready")
    assert "internal fault" not in container.log
    assert container.stop() == 0


def test_the_api_by_curl(boot):
    container = boot(WEB)
    container.wait_for_boot()
    assert json.loads(curl(container, "/v1/units/web"))["state"] == "ready"
    assert "text" in json.loads(curl(container, "/v1/units/web/stop?timeout=10s", "-X", "POST"))
    assert "error" in json.loads(curl(container, "/v1/units/nobody/stop", "-X", "POST"))
    assert json.loads(curl(container, "/v1/units/web"))["state"] == "stopped"


def test_garbage_is_answered_with_400(boot):
    container = boot(WEB)
    container.wait_for_boot()
    with connect(container) as client:
        client.sendall(b"\x16\x03\x01 garbage\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def documented_requests():
    """Every `curl --unix-socket` of the documentation."""
    pages = [REPOSITORY / "README.md", REPOSITORY / "packaging/openapi.yaml", *(REPOSITORY / "docs").glob("*.md")]
    found = set()
    for page in pages:
        text = re.sub(r"\s+", " ", page.read_text())
        found |= set(re.findall(r"curl [^`$]*?--unix-socket \S+ [^`$]*?http://bootsman/[\w/.?=&-]+", text))
    return sorted(found)


@pytest.mark.parametrize("request_line", documented_requests())
def test_curl_examples_of_the_documentation(boot, request_line):
    container = boot(WEB)
    container.wait_for_boot()
    answer = container.exec(*shlex.split(request_line), "-sS", "--max-time", "20", "-w", "\n%{http_code}").stdout
    body, code = answer.rsplit("\n", 1)
    assert code == "200"
    assert json.loads(body)


def test_there_are_curl_examples():
    assert documented_requests()


PHASES = ["GET /v1/units?usage=true", "GET /v1/units/web", "GET /v1/logs?n=100", "GET /v1/logs?after=99999999&wait=30s",
          "GET /v1/events?n=10", "GET /v1/boot", "POST /v1/units/web/restart", "POST /v1/units/web/signal?signal=CONT",
          "POST /v1/reload", "POST /v1/logs/rotate", "POST /v1/exec?word=sleep&word=30", "POST /v1/units/web/exec?word=yes",
          "POST /v1/units/tty/attach?rows=5&columns=10", "GET /nowhere", "BREW /v1/units"]


def leave(client, rudely):
    if rudely:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def test_a_client_may_go_in_each_phase_of_each_request(boot):
    container = boot(WEB + '[service.tty]\ncommand = ["cat"]\ntty = true\n')
    container.wait_for_boot()
    curl(container, "/v1/units")
    descriptors = len(os.listdir(f"/proc/{container.init}/fd"))
    for line in PHASES:
        upgrade = "Connection: Upgrade\r\nUpgrade: bootsman-session/1\r\n" if "exec" in line or "attach" in line else ""
        whole = f"{line} HTTP/1.1\r\nHost: a\r\n{upgrade}Content-Length: 0\r\n\r\n".encode()
        for rudely in (False, True):
            for cut in (0, 1, len(line), len(whole) - 2, len(whole)):
                client = connect(container)
                client.sendall(whole[:cut])
                leave(client, rudely)
            client = connect(container)
            client.sendall(whole)
            if "wait=" not in line and "restart" not in line:
                assert client.recv(1)
            leave(client, rudely)
            client = connect(container)
            client.sendall(whole + whole[:7])  # The next one is begun.
            leave(client, rudely)
    eventually(lambda: units(container)["service.web"]["state"] == "ready", 30, "the unit is ready")
    eventually(lambda: not any(line.endswith(("/sleep 30", "yes")) for line in container.processes().values()), 20,
               "what they have started is gone")
    # Pipes and terminals of the unit that was restarted may be others, not more.
    eventually(lambda: len(os.listdir(f"/proc/{container.init}/fd")) <= descriptors + 2, 30, "nothing is left open")
    assert "internal fault" not in container.log
    assert container.stop() == 0


def test_readers_that_take_nothing_cost_the_init_little(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "seq -f %01000.0f 3000; exec sleep 1000"]\n')
    container.wait_for_boot()
    eventually(lambda: container.bootsman("logs", "-n", "1", "web").stdout.rstrip().endswith("3000"), 20, "all is written")

    def memory():
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{container.init}/status").read()).group(1))

    before = memory()
    clients = [connect(container) for _ in range(200)]
    for client in clients:
        client.sendall(b"GET /v1/logs?n=10000 HTTP/1.1\r\nHost: a\r\n\r\n")
    curl(container, "/v1/units")
    assert container.status("/health") == 200
    assert memory() - before < 50_000
    assert clients[0].recv(12) == b"HTTP/1.1 200" and clients[-1].recv(12) == b"HTTP/1.1 503"
    assert "clients do not take" in curl(container, "/v1/logs?n=10000")
    assert "units" in json.loads(curl(container, "/v1/units"))
    for client in clients:
        client.close()
    eventually(lambda: "lines" in json.loads(curl(container, "/v1/logs?n=10000")), 20, "there is room again")
    assert container.stop() == 0
