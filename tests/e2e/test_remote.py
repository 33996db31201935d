"""[step.remote]: an overlay of the configuration, and a script, from an https server inside the container's network."""

import hashlib
import time
from pathlib import Path

import pytest

from lib.root import BINARY_INSIDE

SERVER = Path(__file__).with_name("lib") / "file_server.py"
PORT = 4430
URL = f"https://localhost:{PORT}"
OVERLAY = '[service.more]\ncommand = ["sh", "-c", "echo from the overlay; exec sleep 1000"]\n'
SCRIPT = "#!/bin/sh\necho $((1 + $(cat /srv/count 2>/dev/null || echo 0))) > /srv/count\n"
# The server must be up before the init asks it, so it is there before the init is; then it is the init's orphan.
SERVE = (f"python3 /srv/server.py /srv/www /srv/server.pem {PORT} & "
         f"until exec 3<>/dev/tcp/127.0.0.1/{PORT}; do sleep 0.05; done 2>/dev/null; exec 3>&-; exec \"$@\"")


# One that takes connections and says nothing.
SILENT = SERVE.replace("python3 /srv/server.py /srv/www /srv/server.pem", "python3 /srv/silent.py")
SILENT_SERVER = "import socket, sys, time\nkept = socket.create_server(('127.0.0.1', int(sys.argv[1])))\ntime.sleep(99)\n"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def start(maker, root, authority):
    """start(settings of the step, overlay=…, script=…): a boot beside a server that has these files; None: no server."""

    def boot(settings, overlay=None, script=None, served=True, config="", **options):
        root.write("/etc/bootsman/bootsman.toml", f'extends = "empty"\n[http]\nenabled = true\n[step.remote]\n'
                   f'ca_file = "/srv/ca.pem"\n{settings}\n{config}')
        root.write("/srv/ca.pem", authority.certificate.read_text())
        root.write("/srv/server.pem", authority.localhost.read_text())
        root.write("/srv/server.py", SERVER.read_text())
        root.write("/srv/www/empty", "")
        if overlay is not None:
            root.write("/srv/www/overlay.toml", overlay)
        if script is not None:
            root.write("/srv/www/script", script)
        command = [BINARY_INSIDE, "run"]
        if served:
            command = ["bash", "-c", SERVE if served is True else served, "bash", *command]
        return maker.start(root, command=command, **options)

    return boot


def overlay_key(name="overlay.toml"):
    return f'overlay = "{URL}/{name}"\n'


def test_an_overlay_is_laid_over_and_serves_while_the_server_is_away(start):
    settings = overlay_key() + 'allow_unverified = true\ntimeout = "5s"\n'
    container = start(settings, OVERLAY)
    container.wait_for_log(r"^more \| from the overlay$", 20)
    assert container.wait_for_log(r"bootsman [^,]*, \d+ units of (.*)$").group(1).endswith("bootsman.toml, overlay")
    assert container.stop() == 0
    container = start(settings, served=False)
    container.wait_for_log(r"remote: the overlay is that of an earlier start: connection refused", 20)
    container.wait_for_log(r"^more \| from the overlay$")
    assert container.stop() == 0


def test_the_right_hash_is_taken_and_needs_no_server_the_second_time(start):
    settings = overlay_key() + f'overlay_sha256 = "{sha256(OVERLAY).upper()}"\n'
    for served in (True, False):
        container = start(settings, OVERLAY, served=served)
        container.wait_for_log(r"^more \| from the overlay$", 20)
        container.wait_for_boot()
        assert "warning" not in container.log
        assert container.stop() == 0


def test_a_wrong_hash_is_no_overlay_and_no_end(start):
    container = start(overlay_key() + f'overlay_sha256 = "{sha256("other")}"\n', OVERLAY, config='''
        [service.own]
        command = ["sh", "-c", "echo here; exec sleep 1000"]''')
    container.wait_for_log(r"remote: failed: cannot fetch https://localhost:4430/overlay.toml: its SHA-256 is ", 20)
    container.wait_for_log(r"^own \| here$")
    container.wait_for_boot()
    assert "from the overlay" not in container.log


def test_an_overlay_that_makes_the_configuration_wrong_is_left_out(start):
    container = start(overlay_key() + "allow_unverified = true\n", '[service.more]\ncomand = ["x"]\n', config='''
        [service.own]
        command = ["sh", "-c", "echo here; exec sleep 1000"]''')
    container.wait_for_log(r"remote: failed: cannot use the overlay, as if there were none: overlay:2:1: error: "
                           r"service.more.comand: unknown key", 20)
    container.wait_for_log(r"^own \| here$")


def test_without_server_and_copy_the_boot_goes_on(start):
    container = start(overlay_key() + 'allow_unverified = true\ntimeout = "2s"\n', served=False)
    container.wait_for_log(r"remote: failed: cannot fetch .*: connection refused", 20)
    container.wait_for_boot()
    assert container.http("/health").status == 200


def test_probes_are_answered_while_the_overlay_is_fetched(start, root):
    root.write("/srv/silent.py", SILENT_SERVER)
    container = start(overlay_key() + 'allow_unverified = true\ntimeout = "4s"\n', served=SILENT)
    container.wait_for_http("/health/live")
    answer = container.http("/health/ready")
    assert answer.status == 503 and "the overlay is being fetched" in answer.body
    assert container.status("/health") == 200 and container.status("/health/startup") == 503
    assert container.status("/elsewhere") == 503
    container.wait_for_boot()
    assert "remote: failed: cannot fetch" in container.log
    assert container.stop() == 0


def test_a_stop_ends_the_waiting_for_an_overlay(start, root):
    root.write("/srv/silent.py", SILENT_SERVER)
    container = start(overlay_key() + 'allow_unverified = true\ntimeout = "60s"\n', served=SILENT)
    container.wait_for_http("/health/live")
    assert container.stop(timeout=15) == 0


def test_without_server_and_copy_the_container_ends_where_that_is_asked(start):
    container = start(overlay_key() + 'allow_unverified = true\ntimeout = "2s"\non_failure = "shutdown"\n',
                      served=False)
    assert container.wait(30) == 1
    assert "remote" in container.log and "connection refused" in container.log


def test_an_overlay_on_a_read_only_root(start):
    container = start(overlay_key() + f'overlay_sha256 = "{sha256(OVERLAY)}"\n', OVERLAY, read_only=True)
    container.wait_for_log(r"^more \| from the overlay$", 20)


def test_a_server_that_hangs_holds_no_stop_up(start):
    container = start(overlay_key("hang") + 'allow_unverified = true\ntimeout = "60s"\n')
    container.process_with("helper fetch")
    begun = time.monotonic()
    assert container.stop(30) == 0
    assert time.monotonic() - begun < 15
    assert "helper" not in container.log or "the container is to stop" in container.log


def test_a_script_is_run_at_each_start_and_insecure_is_warned_of_each_time(root, start):
    settings = f'script = "{URL}/script"\nscript_sha256 = "{sha256(SCRIPT)}"\ninsecure = true\n'
    for count in (1, 2):
        container = start(settings, script=SCRIPT)
        container.wait_for_log(r"warning: remote: insecure = true: the server is not checked", 20)
        container.wait_for_boot()
        assert root.read("/srv/count") == f"{count}\n"
        assert container.stop() == 0


def test_a_script_that_is_done_once_is_run_once(root, start):
    settings = f'script = "{URL}/script"\nscript_sha256 = "{sha256(SCRIPT)}"\nwhen = "once"\n'
    for _ in range(2):
        container = start(settings, script=SCRIPT)
        container.wait_for_boot()
        assert container.stop() == 0
    assert root.read("/srv/count") == "1\n"


def test_a_script_that_fails_is_said_with_its_words(start):
    script = "#!/bin/sh\necho no such course >&2\nexit 3\n"
    container = start(f'script = "{URL}/script"\nallow_unverified = true\n', script=script)
    container.wait_for_log(r"remote: failed: cannot run the script: .*/script exited 3", 20)
    container.wait_for_log(r"no such course$")
    container.wait_for_boot()
