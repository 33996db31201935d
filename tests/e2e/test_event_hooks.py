"""[hooks]: programs and a server are told what people want to know of, and the init waits for neither."""

import json
import re
import subprocess
import time

import pytest

from lib.container import eventually
from lib.memory import EATER

GOOD = '[service.good]\ncommand = ["sleep", "1000"]\n'
BAD = GOOD + '[service.bad]\ncommand = ["/no/such/program"]\non_failure = "ignore"\n'
HOOK = "#!/bin/sh\n{ echo \"$BOOTSMAN_EVENT $BOOTSMAN_UNIT $BOOTSMAN_WHY\"; cat; } >> /root/told\n"
SERVER = '''
import http.server, json, sys
answers = [int(word) for word in sys.argv[2:]]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = answers.pop(0) if answers else 200
        with open("/root/posts", "a") as file:
            file.write(json.dumps([status, dict(self.headers), json.loads(body)]) + "\\n")
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:8080/")
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''
PORT = 4480
WEBHOOK = f'[hooks.webhook]\nurl = "http://127.0.0.1:{PORT}/in?key=1"\nbearer = "a-token"\ninsecure = true\n'


def told(container, name="told"):
    path = container.root.path(f"/root/{name}")
    return path.read_text() if path.exists() else ""


def with_hook(root, text=HOOK, name="hook"):
    root.write(f"/root/{name}", text)
    root.path(f"/root/{name}").chmod(0o755)
    return f'[hooks]\non_event = ["/root/{name}"]\n'


@pytest.fixture
def server(root):
    """server(container, *statuses): takes POSTs in the container's network, and answers with these first."""
    started = []

    def start(container, *statuses):
        root.write("/root/server.py", SERVER)
        started.append(subprocess.Popen(
            ["nsenter", f"--target={container.init}", "--all", "--", "python3", "/root/server.py", str(PORT),
             *map(str, statuses)]))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def posts(container):
    return [json.loads(line) for line in told(container, "posts").splitlines()]


def test_a_program_gets_the_event_as_json_and_in_its_environment(boot, root):
    container = boot(with_hook(root) + BAD)
    eventually(lambda: told(container).endswith("}\n"), 20, "the program was run")
    said, event = told(container).split("\n", 1)
    assert said.startswith("failed service.bad cannot execute /no/such/program")
    event = json.loads(event)
    assert event["event"] == "failed" and event["unit"] == "service.bad" and event["to"] == "failed"
    assert event["sequence"] > 0 and abs(event["time_us"] / 1e6 - time.time()) < 3600 and event["host"]


def test_unhealthy_and_a_lost_mount_are_told(boot, root):
    container = boot(with_hook(root) + '[service.sick]\ncommand = ["sleep", "1000"]\n'
                     'health = { exec = ["false"], every = "50ms", failures = 2 }\n'
                     '[mount.scratch]\ntype = "tmpfs"\ntarget = "/scratch"\n'
                     'health = { every = "50ms", failures = 1 }\n')
    eventually(lambda: "unhealthy service.sick" in told(container), 20, "the check failed")
    eventually(lambda: "ready" in container.bootsman("status", "scratch").stdout, 20, "the mount is there")
    container.exec("umount", "/scratch")
    eventually(lambda: "mount-lost mount.scratch" in told(container), 30, "the mount is lost")


def test_a_server_gets_it_by_post_again_when_it_could_not_take_it(boot, root, server):
    container = boot(WEBHOOK + '[service.web]\ncommand = ["sleep", "1000"]\n'
                     'health = { file = "/root/well", every = "50ms", failures = 1 }\n')
    container.wait_for_boot()
    server(container, 503)
    eventually(lambda: len(posts(container)) >= 2, 30, "the second try")
    first, second = posts(container)[:2]
    assert (first[0], second[0]) == (503, 200)
    assert first[2] == second[2] and second[2]["event"] == "unhealthy" and second[2]["unit"] == "service.web"
    assert second[1]["Authorization"] == "Bearer a-token" and second[1]["Content-Type"] == "application/json"


def test_an_answer_that_is_no_yes_is_said_and_not_followed(boot, root, server):
    root.write("/root/well", "")
    container = boot(WEBHOOK + '[service.web]\ncommand = ["sleep", "1000"]\n'
                     'health = { file = "/root/well", every = "50ms", failures = 1 }\n')
    container.wait_for_boot()
    server(container, 302)
    container.exec("sh", "-c", f"until curl -s -o /dev/null http://127.0.0.1:{PORT}/; do sleep 0.05; done")
    root.path("/root/well").unlink()
    container.wait_for_log(rf"webhook: cannot tell http://127\.0\.0\.1:{PORT}/in\?…: it answers 302$", 20)
    assert "a-token" not in container.log and "key=1" not in container.log
    assert len(posts(container)) == 1


def test_each_kind_of_event_reaches_the_program_and_the_server(limited, root, server):
    root.write("/root/eat", f"#!/bin/sh\nuntil [ -e /root/go ]; do sleep 0.05; done\nexec {EATER}\n", 0o755)
    root.write("/root/well", "")
    once = 'restart = { when = "never" }\non_failure = "ignore"\n'
    container = limited(with_hook(root) + WEBHOOK + GOOD + f'[service.eater]\ncommand = ["/root/eat"]\n{once}'
                        '[service.bad]\ncommand = ["sh", "-c", "until [ -e /root/go ]; do sleep 0.05; done; exit 7"]\n'
                        f'{once}[service.sick]\ncommand = ["sleep", "2000"]\n'
                        'health = { file = "/root/well", every = "50ms", failures = 1 }\n'
                        '[mount.scratch]\ntype = "tmpfs"\ntarget = "/scratch"\n'
                        'health = { every = "50ms", failures = 1 }\n')
    container.wait_for_http("/health/ready", timeout=30)
    server(container)
    container.exec("sh", "-c", f"until curl -s -o /dev/null http://127.0.0.1:{PORT}/; do sleep 0.05; done")
    container.exec("umount", "/scratch")
    root.path("/root/well").unlink()
    root.write("/root/go", "")
    expected = {("out-of-memory", "service.eater"), ("failed", "service.eater"), ("failed", "service.bad"),
                ("unhealthy", "service.sick"), ("mount-lost", "mount.scratch")}
    eventually(lambda: expected <= {(event["event"], event.get("unit")) for _, _, event in posts(container)}, 60,
               "the server was told of all")
    eventually(lambda: expected <= set(re.findall(r"^(failed|unhealthy|out-of-memory|mount-lost) (\S+) \S",
                                                  told(container), re.MULTILINE)), 60, "the program was told of all")
    assert re.search(r"^out-of-memory service\.eater .*(out of memory|lack of memory)", told(container), re.MULTILINE)
    assert container.status("/health") == 200


def test_nobody_waits_for_a_program_that_hangs_and_what_has_no_room_is_counted(boot, root):
    many = "".join(f'[service.bad{i}]\ncommand = ["/no/such/program"]\non_failure = "ignore"\n' for i in range(90))
    hook = with_hook(root, "#!/bin/sh\ntouch /root/began\nuntil [ -e /root/go ]; do sleep 0.1; done\n" + HOOK)
    container = boot(hook + GOOD + many)
    eventually(lambda: root.path("/root/began").exists(), 20, "the program runs")
    container.wait_for_boot()
    assert container.status("/health") == 200
    root.write("/root/go", "")
    container.wait_for_log(r"hooks: \d+ events were not told: too many came at once", 30)
    eventually(lambda: told(container).count("failed service.bad") == 65, 60, "the others are told")


def test_a_program_that_fails_or_is_not_there_is_said(boot, root):
    root.write("/root/bad-hook", "#!/bin/sh\necho from the hook\nexit 3\n")
    root.path("/root/bad-hook").chmod(0o755)
    container = boot('[hooks]\non_event = ["/root/bad-hook", "/no/such/hook"]\n' + BAD)
    container.wait_for_log(r"hooks: /root/bad-hook: exited 3", 20)
    container.wait_for_log(r"hooks: cannot run /no/such/hook: ", 20)
    container.wait_for_log(r"bootsman \| from the hook", 20)


def test_the_end_of_the_container_is_told_too(boot, root, server):
    container = boot(WEBHOOK + with_hook(root) + '[service.main]\ncommand = ["sh", "-c", '
                     '"until [ -e /root/go ]; do sleep 0.05; done; exit 7"]\n'
                     'restart = { when = "never" }\non_failure = "shutdown"\n')
    container.wait_for_boot()
    server(container)
    container.exec("sh", "-c", f"until curl -s -o /dev/null http://127.0.0.1:{PORT}/; do sleep 0.05; done")
    root.write("/root/go", "")
    assert container.wait(30) == 7
    assert "failed service.main" in told(container)


def test_a_hook_has_no_more_time_than_the_stop_of_the_container(boot, root):
    container = boot(with_hook(root, "#!/bin/sh\nexec sleep 60\n") + """
[shutdown]
timeout = "500ms"
[service.bad]
command = ["sh", "-c", "exit 4"]
restart = { when = "never" }
on_failure = "shutdown"
""")
    container.wait_for_log(r"bootsman \| stopping: ", 20)
    begun = time.monotonic()
    assert container.wait(20) == 4
    assert time.monotonic() - begun < 2.9  # Three seconds it has where there is time.


@pytest.mark.parametrize("config, complaint", [
    ('[hooks]\non_event = ["page-me"]\n', "absolute path"),
    ('[hooks.webhook]\nurl = "http://127.0.0.1/"\n', "insecure = true"),
    ('[hooks]\non_event = [' + '"/a", ' * 9 + ']\n', "8 programs"),
], ids=["relative", "plain", "many"])
def test_what_can_not_be_is_an_error_of_the_configuration(boot, config, complaint):
    container = boot(config + BAD)
    assert container.wait() == 78
    assert complaint in container.stderr.text


def test_a_reload_names_hooks_that_wait_for_a_new_container(boot, root):
    container = boot(with_hook(root) + GOOD)
    container.wait_for_boot()
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n' + GOOD)
    assert "left as it is: [hooks]" in container.bootsman("reload").stdout
