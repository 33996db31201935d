"""Programs at their worst: hung, paused, deaf, escaped, breeding; the init and the other units go on."""

import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest

from lib import hung_mount
from lib.container import eventually

BESIDE = '''
[service.beside]
command = ["sh", "-c", "echo beside; exec sleep 1234"]
restart = { delay = "10ms" }
'''


def other_units_go_on(container):
    """Probes are answered at once, and a unit that is killed comes back."""
    begun = time.monotonic()
    assert container.status("/health/live") == 200 and container.status("/health") == 200
    assert time.monotonic() - begun < 2
    first = container.process_with("sleep 1234")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: any(pid != first and "sleep 1234" in line for pid, line in container.processes().items()),
               15, "the killed unit is back")


def zombies(container):
    result = 0
    for pid in container.processes():
        try:
            result += Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
    return result


def test_unit_whose_directory_hangs_holds_nobody_up(root, boot):
    root.write("/root/hung.py", hung_mount.SOURCE)
    container = boot('''
[service.files]
command = ["/usr/bin/python3", "/root/hung.py", "/mnt/hung"]
ready = { log = "silent from now on" }
stop = { timeout = "500ms" }

[service.stuck]
command = ["sleep", "1"]
directory = "/mnt/hung/below"
requires = ["files"]
timeout = "1s"
stop = { timeout = "500ms" }
''' + BESIDE)
    said = container.wait_for_log(r"^(.* cannot mount: .*|.*stuck: its program is not executed after .*: does /mnt/hung/below hang\?)$", 30)
    if "cannot mount" in said[0]:
        pytest.skip(f"no file system of its own can be mounted here: {said[0]}")
    other_units_go_on(container)
    shown = container.bootsman("status", "stuck").stdout
    assert "does /mnt/hung/below hang?" in shown
    begun = time.monotonic()
    assert container.stop(timeout=20) == 0
    assert time.monotonic() - begun < 12, "a process that nothing can end does not hold the stop up for ever"


@pytest.mark.long
def test_ten_seconds_of_pause_are_no_failure(boot):
    container = boot('''
[service.checked]
command = ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "7777"]
ready = { http = "http://127.0.0.1:7777/", every = "100ms", timeout = "1s" }
health = { http = "http://127.0.0.1:7777/", every = "200ms", timeout = "1s", failures = 1, on_unhealthy = "restart" }

[service.asked]
command = ["sleep", "2345"]
health = { exec = ["true"], every = "200ms", timeout = "1s", failures = 1, on_unhealthy = "restart" }
''' + BESIDE)
    container.wait_for_http("/health/ready")
    before = container.processes()
    everyone = [*before, container.init]
    for pid in everyone:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(10)
    for pid in everyone:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:  # A check that was under way.
            pass
    time.sleep(1)
    assert container.status("/health/ready") == 200
    for word in ("7777", "sleep 2345", "sleep 1234"):
        assert container.process_with(word) in before, f"{word} was not restarted"
    assert not re.search(r"warning|error", container.log), container.log


def test_daemon_that_leaves_session_group_and_pipes_is_ended_with_the_container(root, boot):
    root.write("/root/escape.py", '''
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(64):
            try: os.close(fd)
            except OSError: pass
        os.execv("/bin/sleep", ["sleep", "3456"])
    os._exit(0)
os.wait()
print("gone", flush=True)
time.sleep(0.1)
''')
    container = boot('[service.escape]\ncommand = ["/usr/bin/python3", "/root/escape.py"]\n'
                     'restart = { when = "never" }\non_failure = "ignore"\n' + BESIDE)
    container.process_with("sleep 3456")
    container.wait_for_log(r"escape: (done|failed|stopped|exited).*", 15)
    other_units_go_on(container)
    assert container.stop() == 0
    assert "waiting for what no unit owns: sleep (pid" in container.log


def test_fork_bomb_of_2000_processes(root, boot):
    root.write("/root/bomb.py", '''
import os, time
for _ in range(2000):
    if os.fork() == 0:
        time.sleep(1000)
        os._exit(0)
print("exploded", flush=True)
time.sleep(1000)
''')
    container = boot('[service.bomb]\ncommand = ["/usr/bin/python3", "/root/bomb.py"]\nstop = { timeout = "20s" }\n'
                     'restart = { when = "never" }\n[shutdown]\ntimeout = "60s"\n' + BESIDE)
    container.wait_for_log("exploded", 60)
    other_units_go_on(container)
    container.bootsman("stop", "bomb", timeout=60)
    eventually(lambda: not any("bomb.py" in line for line in container.processes().values()), 30, "all are gone")
    eventually(lambda: zombies(container) == 0, 10, "no zombie stays")
    assert container.stop(timeout=60) == 0


@pytest.mark.long
def test_20000_orphans_at_once_leave_no_zombie(boot):
    """Their parent never waits for them; with its end all of them are the init's at the same moment."""
    script = '$| = 1; for (1..20000) { defined(my $p = fork) or last; exit 0 unless $p; $n++ } print "there $n\\n"'
    container = boot(f'[service.maker]\ncommand = ["perl", "-e", \'\'\'{script}; sleep 1; kill 9, $$$$\'\'\']\n'
                     'restart = { when = "never" }\non_failure = "ignore"\n' + BESIDE)
    made = int(container.wait_for_log(r"there (\d+)", 200)[1])
    if made < 20000:
        pytest.skip(f"this machine allows {made} processes only")
    container.wait_for_log(r"maker: failed: killed by SIGKILL", 60)
    probes = []
    eventually(lambda: probes.append(container.status("/health")) or zombies(container) == 0, 60, "no zombie stays")
    assert set(probes) == {200}
    other_units_go_on(container)
    assert container.stop() == 0


def test_hundred_units_stop_in_one_wave(boot):
    units = "".join(f'[service.u{i}]\ncommand = ["sleep", "1000"]\n' for i in range(100))
    container = boot(units)
    container.wait_for_http("/health/ready", timeout=60)
    begun = time.monotonic()
    assert container.stop(timeout=30) == 0
    assert time.monotonic() - begun < 5
    assert "SIGKILL" not in container.log


@pytest.mark.parametrize("policy", ["other", "idle"])
def test_the_scheduling_policy_is_what_the_container_has(boot, root, policy):
    """The init changes its own while it starts processes, to one that none of them may keep."""
    constant = {"other": os.SCHED_OTHER, "idle": os.SCHED_IDLE}[policy]
    units = "".join(f'[service.u{i}]\ncommand = ["sleep", "200{i}"]\n' for i in range(20))
    own = os.sched_getscheduler(0)
    os.sched_setscheduler(0, constant, os.sched_param(0))
    try:
        container = boot(units)
    finally:
        os.sched_setscheduler(0, own, os.sched_param(0))
    container.wait_for_boot()
    assert [os.sched_getscheduler(container.process_with(f"sleep 200{i}")) for i in range(20)] == [constant] * 20
    eventually(lambda: os.sched_getscheduler(container.init) == constant, 5, "the init has its own policy again")


def test_crash_loop_backs_off_and_ends_at_its_limit(boot):
    container = boot('[service.crash]\ncommand = ["sh", "-c", "exit 3"]\nrestart = { delay = "100ms", factor = 2, '
                     'jitter = 0, limit = 4, within = "1m" }\n' + BESIDE)
    container.wait_for_log(r"error: crash: failed: exited 3 .*gave up after 4 restarts within 1 min", 30)
    assert re.findall(r"crash: exited 3 .*restart in (.*)", container.log) == ["0.1 s", "0.2 s", "0.4 s", "0.8 s"]
    assert container.status("/health") == 503
    assert container.log.count("crash: started") == 5


def test_signals_reach_no_stranger_while_pids_are_used_again(root, boot):
    """Numbers come around within a second here; whoever gets a dead unit's number is left alone."""
    container = boot('[service.brief]\ncommand = ["sh", "-c", "sleep 0.02 & exit 0"]\n'
                     'restart = { delay = "1ms", max_delay = "1ms" }\nstop = { kill = "tree" }\n' + BESIDE)
    container.wait_for_http("/health/ready")
    over = threading.Event()

    def use_up():
        while not over.is_set():
            container.exec("sh", "-c", "echo 300 >/proc/sys/kernel/ns_last_pid; sh -c :; sh -c :", check=False)

    worker = threading.Thread(target=use_up)
    beside = container.process_with("sleep 1234")
    worker.start()
    try:
        eventually(lambda: container.log.count("brief: ") > 300, 60, "hundreds of runs")
    finally:
        over.set()
        worker.join()
    assert container.process_with("sleep 1234") == beside
    assert container.status("/health/live") == 200
