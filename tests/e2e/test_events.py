"""What happened, for people and their programs: the events of the control socket."""

import json
import re
import subprocess

from lib.container import eventually
from lib.root import BINARY_INSIDE

SOCKET = "/run/bootsman/control.sock"
WEB = '[service.web]\ncommand = ["sleep", "1000"]\n'


def inside(container, *words, **options):
    return subprocess.Popen(["nsenter", f"--target={container.init}", "--all", "--", *words],
                            stdout=subprocess.PIPE, text=True, **options)


def test_events_of_a_boot_can_be_read_later(boot):
    container = boot(WEB + '[service.loop]\ncommand = ["sh", "-c", "exit 3"]\n'
                     'restart = { delay = "1h", max_delay = "1h" }\n')
    container.wait_for_boot()
    eventually(lambda: "-> backoff" in container.bootsman("events", "loop").stdout, 10, "the loop waits")
    text = container.bootsman("events").stdout
    assert re.search(r"^\d{4}-\S+Z service\.web starting -> ready$", text, re.MULTILINE)
    assert re.search(r"service\.loop .*-> backoff: exited 3", text)
    assert re.search(r"bootsman boot-done: boot done in ", text)
    events = [json.loads(line) for line in container.bootsman("events", "--json", "web").stdout.splitlines()]
    assert [event["to"] for event in events if event["type"] == "state"] == ["waiting", "starting", "ready"]
    assert all(event.get("unit", "service.web") == "service.web" for event in events)
    assert container.bootsman("events", "wbe", check=False).returncode == 1


def test_events_follow_until_the_end_and_name_who_asked(boot):
    # The end takes long enough for the follower, which is ended with all the rest, to hear of it.
    container = boot(WEB + '[service.slow]\ncommand = ["sh", "-c", "trap \'sleep 1; exit 0\' TERM; while :; do sleep 0.1; done"]\n')
    container.wait_for_boot()
    follower = inside(container, BINARY_INSIDE, "events", "-f", "-n", "1")
    first = follower.stdout.readline()
    assert "boot-done" in first
    container.bootsman("restart", "web")
    lines = [follower.stdout.readline() for _ in range(4)]
    assert re.search(r"command: restart service\.web, asked for by uid 0 \(pid \d+\)", lines[0])
    assert "service.web ready -> stopping" in lines[1]
    assert "service.web waiting -> starting" in "".join(lines[2:])
    assert container.stop() == 0
    assert "bootsman stopping: SIGTERM" in follower.stdout.read()
    assert follower.wait(20) in (0, -9, -15)


def test_the_stream_by_curl_is_one_of_server_sent_events(boot):
    container = boot(WEB)
    container.wait_for_boot()
    follower = inside(container, "curl", "-sSNi", "--unix-socket", SOCKET, "http://bootsman/v1/events?n=1")
    head = "".join(iter(follower.stdout.readline, "\n"))
    assert "text/event-stream" in head and "chunked" in head
    assert re.fullmatch(r"id: \d+\n", follower.stdout.readline())
    assert follower.stdout.readline() == "event: boot-done\n"
    assert json.loads(follower.stdout.readline().removeprefix("data: "))["type"] == "boot-done"
    follower.kill()
    follower.wait()


def test_followers_that_read_nothing_cost_nothing(boot):
    container = boot('[service.loop]\ncommand = ["true"]\nrestart = { delay = "1ms", max_delay = "1ms" }\n')
    container.wait_for_boot()
    stuck = [inside(container, "sh", "-c", f"curl -sSN --unix-socket {SOCKET} http://bootsman/v1/events | sleep 1000")
             for _ in range(10)]
    last = lambda: json.loads(container.bootsman("events", "-n", "1", "--json").stdout)["sequence"]  # noqa: E731
    eventually(lambda: last() > 2000, 60, "more happened than is remembered")
    assert container.status("/health") == 200
    assert container.stop() == 0
    for follower in stuck:
        follower.kill()
        follower.wait()
