"""What a service runs as, and what becomes of it when it ends."""

import os
import signal
from pathlib import Path

from lib.container import eventually


def test_user_directory_environment_limits_and_umask(boot):
    container = boot("""
[service.web]
command = ["sh", "-c", "echo $(id -u) $(id -g) $(pwd) $COLOUR $(ulimit -n) $(umask) $HOME $USER; exec sleep 1000"]
user = "nobody"
directory = "/usr"
env = { COLOUR = "green" }
limits = { nofile = 512 }
umask = "0027"
""".replace("$(", "$$(").replace("$C", "$$C").replace("$H", "$$H").replace("$U", "$$U"))
    container.wait_for_log(r"^web \| 65534 65534 /usr green 512 0027 /nonexistent nobody$")


def test_missing_directory_is_named(boot):
    container = boot('[service.web]\ncommand = ["true"]\ndirectory = "/no/such/folder"\n'
                     '[service.beside]\ncommand = ["sleep", "1000"]\n')
    container.wait_for_log(r"web: .*/no/such/folder")


def test_limits_of_the_init_itself_do_not_leak(boot):
    """The init raises its own soft limit of open files; its children get the inherited one."""
    container = boot('[service.web]\ncommand = ["sh", "-c", "ulimit -Sn; exec sleep 1000"]\n')
    shown = container.wait_for_log(r"^web \| (\d+)$")[1]
    with open("/proc/self/limits", encoding="utf-8") as limits:
        soft = next(line.split()[3] for line in limits if line.startswith("Max open files"))
    assert shown == soft


def test_signals_are_neither_blocked_nor_ignored_in_a_service(boot):
    container = boot('[service.web]\ncommand = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]\n'
                     'restart = { when = "never" }\n')
    container.wait_for_log(r"^web \| SigBlk:\t0000000000000000$")
    container.wait_for_log(r"^web \| SigIgn:\t0000000000000000$")


def test_no_descriptor_of_the_init_leaks_into_a_service(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\n')
    # Looked at from outside: a shell that looks has descriptors of its own making.
    pid = container.process_with("sleep 1000")
    # The program's loader may still have one of its own.
    eventually(lambda: sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2"], 5, "it has these three alone")


def test_killed_service_comes_back(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\nrestart = { delay = "0ms" }\n')
    first = container.process_with("sleep 1000")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: [pid for pid, line in container.processes().items()
                        if "sleep 1000" in line and pid != first], 5, "the service is back")
    container.wait_for_log("SIGKILL")


def test_children_of_a_crashed_service_are_cleaned_before_it_comes_back(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "sleep 2000 & echo up; wait; exit 1"]\n'
                     'restart = { delay = "10ms" }\n')

    def sleepers():
        return [pid for pid, line in container.processes().items() if line == "sleep 2000"]

    first = eventually(sleepers, 5, "the child of the first run is there")
    os.kill(container.process_with("sh -c sleep 2000"), signal.SIGKILL)
    second = eventually(lambda: first != sleepers() and sleepers(), 5, "the service is back with a new child")
    assert len(second) == 1 and first[0] not in second
    assert not Path(f"/proc/{first[0]}").exists()


def test_service_starts_after_what_it_names_is_ready(boot):
    container = boot("""
[service.web]
command = ["sh", "-c", "echo web starts; exec sleep 1000"]
after = ["service.database"]
[service.database]
command = ["sh", "-c", "sleep 0.5; echo database accepts; exec sleep 1000"]
ready = { log = "database accepts" }
""")
    container.wait_for_log("web starts")
    assert container.log.index("database accepts") < container.log.index("web starts")


def test_service_is_blocked_by_a_failed_requirement(boot):
    container = boot("""
[service.web]
command = ["sh", "-c", "echo web starts; exec sleep 1000"]
requires = ["service.database"]
[service.database]
command = ["/no/such/database"]
[service.beside]
command = ["sleep", "1000"]
""")
    container.wait_for_log(r"web: blocked.*database")
    assert "web starts" not in container.log


def test_hung_service_is_restarted_when_that_is_asked_for(root, boot):
    container = boot("""
[service.web]
command = ["sh", "-c", "touch /root/alive; echo run of $$$$; exec sleep 1000"]
health = { exec = ["test", "-e", "/root/alive"], every = "100ms", failures = 2, on_unhealthy = "restart" }
stop = { timeout = "1s" }
""")
    container.wait_for_log("run of")
    root.remove("/root/alive")
    container.wait_for_log(r"(?s)run of .*run of ", 15)


def test_service_of_another_user_can_open_its_standard_output(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "echo out >/dev/stdout; echo err >/dev/stderr; exec sleep 1000"]\n'
                     'user = "nobody"\n')
    container.wait_for_log(r"^web \| out$")
    container.wait_for_log(r"^web \| err$")
