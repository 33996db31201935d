"""How a unit is asked to end: a row of signals, a command, and which of its processes are meant."""

import time

from lib.container import eventually

# Deaf to the first signals, it tells of each.
TELLER = '''#!/usr/bin/python3
import os, signal, sys, time
def tell(number, frame):
    os.write(1, f"got {signal.Signals(number).name}\\n".encode())  # Safe at any point.
    if signal.Signals(number).name == sys.argv[1]:
        sys.exit(0)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP):
    signal.signal(number, tell)
os.write(1, f"up {os.getpid()}\\n".encode())
while True:
    time.sleep(1000)
'''


def told(container, name="web"):
    return [line.split("got ", 1)[1] for line in container.log.splitlines() if f"{name} | got " in line]


def unit(stop, argument="SIGTERM", more=""):
    return f'[service.web]\ncommand = ["/root/teller", "{argument}"]\nstop = {{ {stop} }}\n{more}'


def started(boot, root, config):
    root.write("/root/teller", TELLER, 0o755)
    container = boot(config)
    container.wait_for_log(r"^web \| up", 20)
    return container


def test_signals_follow_each_other_until_one_is_obeyed(boot, root):
    container = started(boot, root, unit('signal = ["SIGINT 200ms", "SIGUSR1 200ms", "SIGTERM"]'))
    begun = time.monotonic()
    assert container.stop() == 0
    assert told(container) == ["SIGINT", "SIGUSR1", "SIGTERM"]
    assert time.monotonic() - begun >= 0.4
    assert "SIGKILL" not in container.log


def test_signal_that_is_obeyed_is_the_last(boot, root):
    container = started(boot, root, unit('signal = ["SIGINT 5s", "SIGTERM"]', "SIGINT"))
    assert container.stop(timeout=4) == 0
    assert told(container) == ["SIGINT"]


def test_all_signals_in_vain_end_in_a_kill_in_time(boot, root):
    container = started(boot, root, unit('signal = ["SIGINT 100ms", "SIGTERM"], timeout = "600ms"', "none"))
    begun = time.monotonic()
    assert container.stop() == 0
    assert 0.5 < time.monotonic() - begun < 5
    assert told(container) == ["SIGINT", "SIGTERM"]
    container.wait_for_log("did not end within 0.6 s of SIGINT: SIGKILL", 1)


def test_stop_command_asks_as_the_unit_would(boot, root):
    root.write("/root/ask", '#!/bin/sh\necho "asking $MAINPID as $(id -u) in $(pwd) for $WHAT"\nkill -USR1 $MAINPID\n', 0o755)
    root.path("/root").chmod(0o755)
    container = started(boot, root, unit('command = ["/root/ask"]', "SIGUSR1",
                                         'user = "1101"\ndirectory = "/usr"\nenv = { WHAT = "the end" }\n'))
    pid = container.wait_for_log(r"^web \| up (\d+)", 1)[1]
    answer = container.bootsman("stop", "web")
    assert answer.returncode == 0
    container.wait_for_log(rf"^web \| asking {pid} as 1101 in /usr for the end$", 5)
    assert told(container) == ["SIGUSR1"]
    assert container.stop() == 0


def test_stop_command_that_fails_gives_way_to_the_signal_at_once(boot, root):
    container = started(boot, root, unit('command = ["sh", "-c", "exit 3"], timeout = "30s"'))
    begun = time.monotonic()
    container.bootsman("stop", "web")
    assert time.monotonic() - begun < 10
    container.wait_for_log("web: its stop command failed: exited 3; SIGTERM instead", 1)
    assert told(container) == ["SIGTERM"]


def test_stop_command_that_is_missing_is_named(boot, root):
    container = started(boot, root, unit('command = ["/no/such"]'))
    container.bootsman("stop", "web")
    container.wait_for_log("web: its stop command failed: cannot execute /no/such: no such file or directory; SIGTERM instead", 1)


def test_stop_command_that_hangs_has_half_of_the_time(boot, root):
    container = started(boot, root, unit('command = ["sh", "-c", "exec sleep 4567"], timeout = "1s"'))
    assert container.stop() == 0
    container.wait_for_log("web: has not ended by its stop command: SIGTERM", 1)
    assert told(container) == ["SIGTERM"]


def test_stop_command_ends_with_the_unit(boot, root):
    container = started(boot, root, unit('command = ["sh", "-c", "kill -TERM $MAINPID; exec sleep 4567"]'))
    container.bootsman("stop", "web")
    eventually(lambda: not any("4567" in line for line in container.processes().values()), 5, "the command is gone")


# A child in a session of its own, which is deaf, and outlives its parent.
FAMILY = '''#!/bin/sh
setsid sh -c 'trap "echo got SIGTERM" TERM; echo child; while :; do sleep 0.1; done' &
trap "exit 0" TERM
while :; do sleep 0.1; done
'''


def family(boot, root, kill):
    root.write("/root/family", FAMILY, 0o755)
    container = boot(f'[service.web]\ncommand = ["/root/family"]\nstop = {{ kill = "{kill}", timeout = "700ms" }}\n'
                     'restart = { delay = "10ms" }\n')
    container.wait_for_log(r"^web \| child$", 20)
    return container, container.process_with("trap \"echo got")


def test_tree_is_stopped_wherever_its_members_have_gone(boot, root):
    container, child = family(boot, root, "tree")
    container.bootsman("stop", "web")
    assert told(container) == ["SIGTERM"], "asked once, and only once"
    assert child not in container.processes(), "killed in the end, although its parent was long gone"
    assert container.stop() == 0


def test_group_leaves_alone_who_has_left_it(boot, root):
    container, child = family(boot, root, "group")
    container.bootsman("stop", "web")
    assert told(container) == []
    assert child in container.processes()
    assert container.stop() == 0


def test_process_leaves_its_group_alone(boot, root):
    root.write("/root/parent", "#!/bin/sh\nsleep 5678 &\ntrap 'exit 0' TERM\nwhile :; do sleep 0.1; done\n", 0o755)
    container = boot('[service.web]\ncommand = ["/root/parent"]\nstop = { kill = "process" }\n')
    child = container.process_with("sleep 5678")
    container.bootsman("stop", "web")
    assert child in container.processes()
    assert container.stop() == 0
