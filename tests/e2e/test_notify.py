"""Units that say themselves that they are ready: sd_notify(3), and the notification descriptor of s6."""

import json
import re
import shutil
import socket
import subprocess

import pytest

from lib.container import eventually

# What a program does by itself: no library, no other program.
SAY = """
import os, socket, sys, time
def say(text, fds=()):
    name = os.environ["NOTIFY_SOCKET"]
    to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    to.connect(name.replace("@", "\\0", 1))
    socket.send_fds(to, [text.encode()], fds) if fds else to.send(text.encode())
"""


def program(root, name, text):
    root.write(f"/srv/{name}.py", SAY + text)
    return f'["python3", "-u", "/srv/{name}.py"]'


def unit(container, name):
    answer = json.loads(container.bootsman("status", "--json").stdout)
    return next(one for one in answer["units"] if one["name"] == name)


def state_becomes(container, name, state):
    eventually(lambda: unit(container, name)["state"] == state, 20, f"{name} is {state}")


def test_ready_when_it_says_so_as_another_user(boot, root):
    command = program(root, "web", """
print("up")
while not os.path.exists("/run/go"): time.sleep(0.05)
say("READY=1\\nSTATUS=serves three clients")
time.sleep(1000)
""")
    container = boot(f"""
[service.web]
command = {command}
user = "nobody"
ready = {{ notify = true }}
[service.behind]
command = ["sh", "-c", "echo starts; exec sleep 1000"]
after = ["service.web"]
""")
    container.wait_for_log(r"^web \| up$")
    assert unit(container, "web")["state"] == "running"
    assert unit(container, "behind")["state"] == "waiting"
    root.write("/run/go", "")
    container.wait_for_log(r"^behind \| starts$")
    assert unit(container, "web")["state"] == "ready"
    assert unit(container, "web")["says"] == "serves three clients"
    assert 'says "serves three clients"' in container.bootsman("status").stdout


def test_a_child_of_the_unit_may_speak_and_be_gone(boot, root):
    """The sender is dead and reaped by the shell long before anybody can look at it."""
    program(root, "say", 'say("READY=1")')
    container = boot("""
[service.web]
command = ["sh", "-c", "python3 /srv/say.py; echo said; exec sleep 1000"]
ready = { notify = true }
""")
    container.wait_for_log(r"^web \| said$")
    state_becomes(container, "web", "ready")


@pytest.mark.skipif(not shutil.which("systemd-notify"), reason="systemd-notify is not installed")
def test_systemd_notify_in_a_script(boot):
    """It waits until the descriptor that it sent (BARRIER=1) is closed."""
    container = boot("""
[service.web]
command = ["sh", "-c", "systemd-notify --ready --status=well; echo said $?; exec sleep 1000"]
ready = { notify = true }
""".replace("$?", "$$?"))
    container.wait_for_log(r"^web \| said 0$", 20)
    state_becomes(container, "web", "ready")


def test_another_unit_is_not_believed(boot, root):
    """It finds the socket of the other, as root can, and has the same user."""
    thief = program(root, "thief", """
while not os.path.exists("/run/name"): time.sleep(0.05)
os.environ["NOTIFY_SOCKET"] = open("/run/name").read()
for i in range(3): say("READY=1\\nSTATUS=stolen")
print("spoke")
time.sleep(1000)
""")
    web = program(root, "web", """
open("/run/name.new", "w").write(os.environ["NOTIFY_SOCKET"])
os.rename("/run/name.new", "/run/name")
while not os.path.exists("/run/go"): time.sleep(0.05)
say("READY=1")
time.sleep(1000)
""")
    container = boot(f"""
[service.thief]
command = {thief}
[service.web]
command = {web}
ready = {{ notify = true }}
""")
    container.wait_for_log(r"^thief \| spoke$")
    assert unit(container, "web")["state"] == "running"
    assert unit(container, "web")["says"] == ""
    root.write("/run/go", "")
    state_becomes(container, "web", "ready")


def test_a_process_from_outside_is_not_believed(boot, root):
    web = program(root, "web", """
print("name " + os.environ["NOTIFY_SOCKET"])
time.sleep(1000)
""")
    container = boot(f"[service.web]\ncommand = {web}\nready = {{ notify = true }}\n")
    name = container.wait_for_log(r"^web \| name @(.*)$")[1]
    script = (f"import socket, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect('\\0{name}'); "
              "s.send(b'READY=1'); time.sleep(1)")
    container.exec("python3", "-c", script)
    assert unit(container, "web")["state"] == "running"


def test_the_watchdog_restarts_what_falls_silent(boot, root):
    web = program(root, "web", """
print("watchdog", os.environ["WATCHDOG_USEC"], os.environ.get("WATCHDOG_PID"))
for i in range(4):
    say("WATCHDOG=1")
    time.sleep(0.2)
print("silent")
time.sleep(1000)
""")
    container = boot(f"""
[service.web]
command = {web}
health = {{ watchdog = "2s", on_unhealthy = "restart" }}
restart = {{ delay = "10ms" }}
""")
    container.wait_for_log(r"^web \| watchdog 2000000 None$")
    container.wait_for_log(r"^web \| silent$")
    container.wait_for_log(r"web: unhealthy: no sign of life for 2 s; stopping it to restart", 20)
    eventually(lambda: unit(container, "web")["restarts"] == 1, 20, "it was restarted")


def test_reloading_and_stopping_are_shown(boot, root):
    web = program(root, "web", """
say("READY=1")
say("RELOADING=1")
while not os.path.exists("/run/go"): time.sleep(0.05)
say("READY=1")
say("STOPPING=1")
time.sleep(1000)
""")
    container = boot(f"[service.web]\ncommand = {web}\nready = {{ notify = true }}\n")
    container.wait_for_log(r"web: it reads its own configuration again")
    assert unit(container, "web")["why"] == "it reads its own configuration again"
    root.write("/run/go", "")
    container.wait_for_log(r"web: it has read its own configuration")
    container.wait_for_log(r"web: it says that it is stopping")


def test_a_flood_of_words_starves_nobody(boot, root):
    flood = program(root, "flood", """
say("READY=1")
print("floods")
while True: say("STATUS=x" * 100 + "\\nWATCHDOG=1")
""")
    container = boot(f"""
[service.flood]
command = {flood}
ready = {{ notify = true }}
[service.beside]
command = ["sh", "-c", "while sleep 0.1; do echo tick; done"]
""")
    container.wait_for_log(r"^flood \| floods$")
    for _ in range(10):
        assert container.http("/health/live")[0] == 200
    assert unit(container, "beside")["state"] == "ready"
    assert container.stop() == 0


def test_descriptors_that_come_along_are_closed(boot, root):
    web = program(root, "web", """
ours, theirs = socket.socketpair()
say("BARRIER=1", [theirs.fileno()] * 50)
theirs.close()
print("closed", ours.recv(1))
say("READY=1")
time.sleep(1000)
""")
    container = boot(f"[service.web]\ncommand = {web}\nready = {{ notify = true }}\n")
    container.wait_for_log(r"^web \| closed b''$")
    state_becomes(container, "web", "ready")


@pytest.mark.parametrize("fd", [3, 7, 200])
def test_a_line_on_the_notification_descriptor(boot, fd):
    container = boot(f"""
[service.web]
command = ["python3", "-uc", "import os, time; print('up'); os.write({fd}, b'almost'); time.sleep(0.2); os.write({fd}, b'\\\\n'); time.sleep(1000)"]
ready = {{ notify_fd = {fd} }}
""")
    container.wait_for_log(r"^web \| up$")
    state_becomes(container, "web", "ready")


def test_a_notification_descriptor_that_is_closed_says_nothing(boot):
    container = boot("""
[service.web]
command = ["sh", "-c", "exec 3>&-; echo closed; exec sleep 1000"]
ready = { notify_fd = 3 }
""")
    container.wait_for_log(r"web: it closed its notification descriptor without a line")
    assert unit(container, "web")["state"] == "running"


def test_the_socket_of_who_started_the_init_reaches_no_unit(boot):
    container = boot("""
[service.web]
command = ["sh", "-c", "echo socket ${NOTIFY_SOCKET:-none}; exec sleep 1000"]
""".replace("${", "$${"), env={"NOTIFY_SOCKET": "/run/outer.sock"})
    container.wait_for_log(r"^web \| socket none$")
