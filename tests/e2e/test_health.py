"""The health page: alive is not the same as ready, and only a failure for good is unhealthy."""

import json

from lib.container import eventually
from lib.root import BINARY_INSIDE

GIVES_UP = """
[service.web]
command = ["sh", "-c", "echo trying; exit 9"]
restart = { delay = "10ms", limit = 3, within = "1m" }
"""


def test_healthy_workspace_answers_as_the_platform_expects(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\n')
    container.wait_for_boot()
    answer = container.http("/health")
    assert (answer.status, answer.body.strip()) == (200, '{"health": "true"}')
    for path in ("/health/live", "/health/ready", "/health/startup"):
        container.wait_for_http(path)


def test_head_and_unknown_paths(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\n')
    container.wait_for_boot()
    assert container.http("/health", method="HEAD").status == 200
    assert container.status("/no/such/page") == 404


def test_unit_that_failed_for_good_makes_it_503_and_is_named(boot):
    container = boot(GIVES_UP)
    container.wait_for_http("/health", status=503)
    body = json.loads(container.http("/health").body)
    assert body["health"] == "false"
    assert [reason["unit"] for reason in body["reasons"]] == ["service.web"]
    assert "9" in body["reasons"][0]["why"]
    assert container.status("/health/live") == 200
    assert container.bootsman("health", check=False).returncode == 1


def test_ignored_failure_stays_200(boot):
    container = boot(GIVES_UP + 'on_failure = "ignore"\n')
    container.wait_for_log(r"(?s)(trying.*){4}")
    container.wait_for_boot()
    assert container.status("/health") == 200


def test_crash_loop_without_a_limit_stays_200(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "echo trying; exit 9"]\n'
                     'restart = { delay = "10ms", max_delay = "20ms" }\n')
    container.wait_for_log(r"(?s)(trying.*){20}")
    assert container.status("/health") == 200


def test_failure_that_shuts_down_ends_the_container_with_its_code(boot):
    assert boot(GIVES_UP + 'on_failure = "shutdown"\n').wait() == 9


def test_failed_step_does_not_stop_the_boot(boot):
    container = boot('[step.broken]\ncommand = ["sh", "-c", "exit 1"]\n'
                     '[service.web]\ncommand = ["sleep", "1000"]\n')
    container.process_with("sleep 1000")
    assert container.status("/health") == 200


def test_not_started_up_while_a_step_runs(boot):
    container = boot('[step.slow]\ncommand = ["sh", "-c", "while [ ! -e /root/go ]; do sleep 0.02; done"]\n'
                     '[service.web]\ncommand = ["sleep", "1000"]\n')
    container.wait_for_http("/health/live")
    assert container.status("/health/startup") == 503
    assert container.status("/health/ready") == 503
    assert container.status("/health") == 200
    container.root.write("/root/go", "")
    container.wait_for_http("/health/ready")


def test_readiness_follows_the_ready_check(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\n'
                     'ready = { file = "/root/ready", every = "50ms" }\n')
    container.process_with("sleep 1000")
    assert container.status("/health/ready") == 503
    container.root.write("/root/ready", "")
    container.wait_for_http("/health/ready")


def test_health_command_agrees_with_the_page(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\n')
    container.wait_for_http("/health/ready")
    for option in ([], ["--live"], ["--ready"], ["--startup"]):
        assert container.bootsman("health", *option).returncode == 0


def test_answers_during_a_flood_of_log_lines(boot):
    container = boot('[service.flood]\ncommand = ["yes", "a line of the flood"]\n')
    container.wait_for_log("a line of the flood")
    for _ in range(50):
        assert container.status("/health") == 200
    eventually(lambda: len(container.stdout.bytes) > 10_000_000, 30, "the flood is forwarded")


SQUATTER = """
import os, socket, time
port = socket.create_server(("0.0.0.0", 8080))
open("/root/taken", "w").close()
while not os.path.exists("/root/free"):
    time.sleep(0.02)
"""


def test_taken_port_is_said_and_taken_over_when_it_is_free(root, maker):
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n[service.a]\ncommand = ["sleep", "1000"]\n')
    root.write("/root/squatter.py", SQUATTER)
    script = (f"python3 /root/squatter.py & until [ -e /root/taken ]; do sleep 0.02; done; exec {BINARY_INSIDE} run")
    container = maker.start(root, command=["sh", "-c", script])
    container.wait_for_log("cannot listen on 0.0.0.0:8080: address already in use")
    container.wait_for_log("boot done")
    root.write("/root/free", "")
    container.wait_for_log("listening on 0.0.0.0:8080 now", 15)
    assert container.status("/health") == 200


def test_a_unix_socket_is_one_more_place_to_ask(boot, root):
    path = "/run/web/http.sock"
    container = boot(f'http.listen = ["127.0.0.1:8080", "unix:{path}"]\n' + GIVES_UP)
    container.wait_for_http("/health", status=503)

    def ask(what="/health/live"):
        return container.exec("curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", path,
                              "http://any" + what, check=False).stdout
    assert ask() == "200" and ask("/health") == "503"
    assert container.exec("stat", "-c", "%a", path).stdout == "666\n"
    # Units of another user may ask too; nothing of the control socket is there.
    assert container.exec("setpriv", "--reuid=65534", "curl", "-s", "-m", "5", "--unix-socket", path,
                          "http://any/health/live").stdout == '{"health": "true"}'
    assert ask("/v1/units") == "404"
    container.stop()
    assert not root.path(path).exists()


def test_health_is_asked_by_a_unix_socket_where_there_is_no_port(boot, root):
    container = boot('http.listen = ["unix:/run/only.sock"]\n[service.web]\ncommand = ["sleep", "1000"]\n')
    container.wait_for_log("boot done", 15)
    assert container.bootsman("health", "--ready").stdout.strip() == '{"health": "true"}'
    container.kill()
    # What a killed init left is no obstacle to the next.
    again = boot('http.listen = ["unix:/run/only.sock"]\n[service.web]\ncommand = ["sleep", "1000"]\n')
    again.wait_for_log("boot done", 15)
    assert again.bootsman("health").stdout.strip() == '{"health": "true"}'
    assert again.bootsman("stop", "--timeout", "5s", "web").returncode == 0
