"""What a unit's process is started with, seen from inside by the process itself."""

import pytest

PEOPLE = "worker:x:1101:1101::/data/worker:/bin/sh\n"
SHOW = '''#!/bin/sh
echo "uids $(awk '/^Uid/{print $2,$3,$4,$5}' /proc/self/status)"
echo "gids $(awk '/^Gid/{print $2,$3,$4,$5}' /proc/self/status)"
echo "groups $(awk '/^Groups/{$1=""; print}' /proc/self/status)"
echo "people $HOME $USER $LOGNAME"
echo "mask $(awk '/^Umask/{print $2}' /proc/self/status)"
echo "files $(awk '/^Max open files/{print $4,$5}' /proc/self/limits)"
echo "nice $(nice) io $(ionice) oom $(cat /proc/self/oom_score_adj)"
echo "sealed $(awk '/^NoNewPrivs/{print $2}' /proc/self/status)"
echo "bounding $(awk '/^CapBnd/{print $2}' /proc/self/status)"
echo "effective $(awk '/^CapEff/{print $2}' /proc/self/status)"
echo "vars $A $B $C"
echo "place $(pwd)"
exec sleep 1000
'''
ATTRIBUTES = '''[service.show]
command = ["/root/show"]
user = "worker"
directory = "/usr"
umask = "0027"
no_new_privileges = true
env_file = ["/etc/app.env", "-/etc/none.env"]
env = { C = "own" }
capabilities = { drop = "ALL", keep = "NET_BIND_SERVICE", ambient = "NET_BIND_SERVICE" }
limits = { nofile = 77, nice = 7, ioprio = "best-effort:6", oom_score_adj = 300 }
'''


@pytest.fixture
def people(root):
    root.append("/etc/passwd", PEOPLE)
    root.append("/etc/group", "worker:x:1101:\nextra:x:4242:root,worker\n")
    root.write("/root/show", SHOW, 0o755)
    root.path("/root").chmod(0o755)
    root.write("/etc/app.env", "# of the image\nA=from the file\nC=overruled\nB='quoted'\n")


def test_everything_that_the_configuration_says_reaches_the_process(boot, people):
    container = boot(ATTRIBUTES)
    for line in ("uids 1101 1101 1101 1101", "gids 1101 1101 1101 1101", "groups  1101 4242",
                 "people /data/worker worker worker", "mask 0027", "files 77 77",
                 "nice 7 io best-effort: prio 6 oom 300", "sealed 1", "bounding 0000000000000400",
                 "effective 0000000000000400", "vars from the file quoted own", "place /usr"):
        container.wait_for_log(rf"^show +\| {line}$", 15)
    assert "warning" not in container.log


def test_missing_environment_file_stops_the_start(boot):
    container = boot('[service.web]\ncommand = ["sleep", "1000"]\nenv_file = "/etc/none.env"\n')
    assert container.wait() == 78
    assert "service.web.env_file: cannot read /etc/none.env" in container.stderr.text


def test_what_the_init_may_not_do_is_one_line_and_the_unit_runs(boot):
    """Without any capability, as an unprivileged container has it."""
    container = boot('[service.low]\ncommand = ["sh", "-c", "echo runs; sleep 0.2"]\nrestart = { delay = "50ms" }\n'
                     'limits = { nice = -5, oom_score_adj = -900, nofile = 100000000 }\n'
                     'capabilities = { drop = ["NET_RAW"] }\n',
                     command=["setpriv", "--reuid", "1101", "--clear-groups", "--inh-caps=-all", "--bounding-set=-net_raw",
                              "/opt/bootsman/bootsman", "run"])
    container.wait_for_log(r"(?s)(low +\| runs.*){3}", 20)
    for what in ("limits.nice", "limits.oom_score_adj", "limits.nofile"):
        lines = [line for line in container.log.splitlines() if f"cannot set {what}" in line]
        assert len(lines) == 1, lines
    assert container.status("/health") == 200
    assert container.stop() == 0


def test_capability_dropped_by_an_init_that_may_not_lower_the_bound_is_sealed_off(boot):
    container = boot('[service.low]\ncommand = ["sh", "-c", "grep -E \'NoNewPrivs|CapEff\' /proc/self/status; sleep 1000"]\n'
                     'capabilities = { drop = "ALL" }\n',
                     command=["setpriv", "--reuid", "1101", "--clear-groups", "/opt/bootsman/bootsman", "run"])
    container.wait_for_log(r"low +\| CapEff:\s0000000000000000$", 15)
    container.wait_for_log(r"low +\| NoNewPrivs:\s1$", 5)
    assert container.stop() == 0


def test_unit_on_a_terminal_writes_to_the_log(boot):
    container = boot('[service.console]\ncommand = ["bash", "-c", "tty; stty size; [ -t 0 ] && [ -t 1 ] && echo $TERM; '
                     'echo here >/dev/tty; read -r line"]\ntty = true\n')
    container.wait_for_log(r"^console +\| /dev/pts/\d+$", 15)
    for line in ("24 80", "xterm", "here"):
        container.wait_for_log(rf"^console +\| {line}$", 5)
    assert "\r" not in container.log
    container.wait_for_boot()
    assert container.stop() == 0
