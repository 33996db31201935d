"""Watching units: memory, status --watch in a pipe, the logs since a time; and who may ask."""

import json
import re
import signal
import subprocess

from lib.root import BINARY_INSIDE

SOCKET = "/run/bootsman/control.sock"
WEB = '[service.web]\ncommand = ["sh", "-c", "echo up as $$$$; exec sleep 1000"]\n'


EATER = '''[service.eater]
command = ["sh", "-c", """
python3 -c 'import time; x = b"1" * 60_000_000; print(1, flush=True); time.sleep(1000)'; true"""]
'''


def inside(container, *words):
    return ["nsenter", f"--target={container.init}", "--all", "--", BINARY_INSIDE, *words]


def test_status_shows_memory_of_a_units_processes(boot):
    container = boot(WEB + EATER)
    container.wait_for_log(r"eater \| 1")
    table = container.bootsman("status").stdout
    megabytes = float(re.search(r"service\.eater +\S+ +\S+ +\d+ +\d+ +([\d.]+) MiB", table).group(1))
    assert 60 < megabytes < 120
    units = json.loads(container.bootsman("status", "--json", "eater").stdout)["units"]
    assert units[0]["processes"] == 2 and units[0]["cpu_seconds"] >= 0


def test_status_watch_in_a_pipe_is_the_table_again_and_again(boot):
    container = boot(WEB)
    container.wait_for_boot()
    watcher = subprocess.Popen(inside(container, "status", "--watch"), stdout=subprocess.PIPE, text=True)
    lines = [watcher.stdout.readline() for _ in range(6)]
    assert lines[0] == lines[3] and lines[0].startswith("UNIT")
    assert "CPU" in lines[0] and lines[1].startswith("service.web")
    watcher.kill()
    watcher.wait()
    assert container.bootsman("top", check=False).returncode == 2
    nobody = container.bootsman("status", "--watch", "wbe", check=False)
    assert nobody.returncode == 1 and 'did you mean "web"' in nobody.stderr


def test_logs_since_a_time_and_as_json(boot):
    container = boot(WEB)
    container.wait_for_log("up as")
    assert "up as" in container.bootsman("logs", "--since", "1h", "web").stdout
    assert container.bootsman("logs", "--since", "2999-01-01T00:00:00Z").stdout == ""
    assert container.bootsman("logs", "--since", "soon", check=False).returncode == 2
    line = json.loads(container.bootsman("logs", "--json", "web").stdout)
    assert line["unit"] == "service.web" and line["stream"] == "stdout" and line["text"].startswith("up as")


def test_following_logs_end_when_their_reader_has_seen_enough(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "echo up; exec sleep 600"]\n')
    container.wait_for_log(r"web \| up")
    # No further line comes that could tell it.
    ended = container.exec("bash", "-c", f"timeout 20 {BINARY_INSIDE} logs -f -n1 web | head -n 1; exit ${{PIPESTATUS[0]}}")
    assert ended.stdout.endswith("service.web | up\n")


def test_logs_follow_a_unit_across_its_restart(boot):
    container = boot(WEB)
    container.wait_for_log("up as")
    follower = subprocess.Popen(inside(container, "logs", "-f", "web"), stdout=subprocess.PIPE, text=True)
    first = follower.stdout.readline()
    container.bootsman("restart", "web")
    second = follower.stdout.readline()
    assert "up as" in first and "up as" in second and first.split()[-1] != second.split()[-1]
    follower.kill()
    follower.wait()


def test_following_logs_say_where_lines_are_missing(boot, root):
    container = boot('[service.web]\ncommand = ["sh", "-c", """echo up; until [ -e /root/go ]; do sleep 0.05; done; '
                     'yes 0123456789 | head -n 1500000; echo over; exec sleep 600"""]\n')
    container.wait_for_log(r"web \| up")
    follower = subprocess.Popen(inside(container, "logs", "-f", "web"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert follower.stdout.readline().endswith("up\n")
    # Held, so that more is written meanwhile than is remembered.
    container.exec("pkill", "-STOP", "-f", "logs -f web")
    root.write("/root/go", "")
    container.wait_for_log(r"web \| over", 60)
    container.exec("pkill", "-CONT", "-f", "logs -f web")
    follower.send_signal(signal.SIGCONT)  # nsenter stops with its child.
    assert follower.stderr.readline().startswith("lines are missing here")
    assert follower.stdout.readline().endswith("0123456789\n")
    container.exec("pkill", "-KILL", "-f", "logs -f web")
    follower.communicate()


def test_groups_may_read_or_do_all(boot):
    container = boot(WEB + '[control]\nreader_group = "3001"\nadmin_group = "3002"\n')
    container.wait_for_boot()

    def ask(groups, *words):
        return container.exec("setpriv", "--reuid=65534", "--regid=65534", groups, BINARY_INSIDE, *words, check=False)

    def asked(groups, path, *options):
        return container.exec("setpriv", "--reuid=65534", "--regid=65534", groups, "curl", "-sS", "-o", "/dev/null",
                              "-w", "%{http_code}", "--unix-socket", SOCKET, *options,
                              f"http://bootsman{path}").stdout

    assert ask("--groups=3001", "status").returncode == 0
    assert asked("--groups=3001", "/v1/logs") == "200"
    refused = ask("--groups=3001", "restart", "web")
    assert refused.returncode == 1 and "may read, and change nothing" in refused.stderr
    assert asked("--groups=3001", "/v1/exec?word=id", "-X", "POST") == "403"
    assert asked("--clear-groups", "/v1/units") == "403"
    assert ask("--groups=3002", "restart", "web").returncode == 0
    container.wait_for_log(r"control: restart service\.web, asked for by uid 65534 \(pid \d+\)")


def test_a_group_that_is_not_there_is_an_error_of_the_configuration(boot):
    container = boot(WEB + '[control]\nreader_group = "nosuchgroup"\n')
    assert container.wait() == 78
    assert 'control.reader_group: cannot find the group "nosuchgroup"' in container.stderr.text
