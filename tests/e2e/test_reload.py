"""A new configuration while the container runs: only what has changed is touched, or nothing at all."""

import json
import os
import re
import signal
import threading

import pytest

from lib import hung_mount
from lib.container import eventually

CONFIG = "/etc/bootsman/bootsman.toml"
EMPTY = 'extends = "empty"\n'
WEB = '[service.web]\ncommand = ["sh", "-c", "echo web one; exec sleep 1001"]\n'
WEB_TWO = WEB.replace("one", "two").replace("1001", "1002")
BESIDE = '[service.beside]\ncommand = ["sleep", "2000"]\n'


def reload(container, code=0):
    result = container.bootsman("reload", check=False)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


def status(container):
    return json.loads(container.bootsman("status", "--json").stdout)


def unit(container, name):
    return next(one for one in status(container)["units"] if one["name"] == name)


def test_only_what_has_changed_is_restarted(boot, root):
    container = boot(BESIDE + WEB + '[service.gone]\ncommand = ["sleep", "3000"]\n')
    container.wait_for_boot()
    before = {name: unit(container, name)["pid"] for name in ("web", "beside")}
    root.write(CONFIG, EMPTY + '[service.new]\ncommand = ["sh", "-c", "echo new; exec sleep 4000"]\n' + WEB_TWO + BESIDE)
    said = reload(container)
    assert "restarts service.web; adds service.new; removes service.gone" in said
    assert unit(container, "beside")["pid"] == before["beside"]
    assert unit(container, "beside")["restarts"] == 0
    assert unit(container, "web")["pid"] != before["web"]
    assert unit(container, "web")["restarts"] == 1
    assert "sleep 3000" not in container.processes().values()
    container.wait_for_log(r"^web \| web two$")
    container.wait_for_log(r"^new \| new$")
    # The lines of before are still the unit's, and only its.
    lines = container.bootsman("logs", "web").stdout
    assert "web one" in lines and "web two" in lines and "new" not in re.sub("service", "", lines).split()
    assert container.stop() == 0


def test_what_is_at_work_survives_in_its_place(boot, root):
    """Children, log pipes and restarts follow a unit whose place in the plan moves."""
    talker = '[service.talker]\ncommand = ["sh", "-c", "while sleep 0.1; do echo word; done"]\nrestart = {delay = "10ms"}\n'
    container = boot(talker + WEB)
    container.wait_for_boot()
    added = "".join(f'[service.a{i}]\ncommand = ["sleep", "500{i}"]\n' for i in range(5))
    root.write(CONFIG, EMPTY + added + WEB + talker)
    reload(container)
    before = len(re.findall(r"^talker \| word$", container.log, re.MULTILINE))
    eventually(lambda: len(re.findall(r"^talker \| word$", container.log, re.MULTILINE)) > before, 10, "it talks on")
    first = unit(container, "talker")["pid"]
    os.kill(container.process_with("while sleep 0.1"), signal.SIGKILL)
    eventually(lambda: unit(container, "talker")["pid"] not in (first, None), 10, "it is restarted")
    assert unit(container, "web")["restarts"] == 0
    root.write(CONFIG, EMPTY + talker)
    assert "removes" in reload(container)
    container.wait_for_log("reload done: removes ")
    assert len(re.findall("reload begins: removes ", container.log)) == 1
    assert [one["name"] for one in status(container)["units"]] == ["talker"]


def test_a_configuration_with_errors_changes_nothing(boot, root):
    container = boot(WEB)
    container.wait_for_boot()
    pid = unit(container, "web")["pid"]
    root.write(CONFIG, EMPTY + '[service.web]\ncomand = ["true"]\nready = { every = 3 }\n')
    said = reload(container, 1)
    assert f'{CONFIG}:3:1: error: service.web.comand: unknown key, did you mean "command"?' in said
    assert "ready.every" in said
    assert "cannot reload: the configuration is not valid, and nothing was changed" in said
    container.wait_for_log("reload: .*unknown key")
    assert unit(container, "web")["pid"] == pid
    assert container.http("/health")[0] == 200


def test_a_unit_that_does_not_get_ready_takes_it_all_back(boot, root):
    container = boot(WEB + BESIDE)
    container.wait_for_boot()
    pid = unit(container, "beside")["pid"]
    root.write(CONFIG, EMPTY + BESIDE + WEB_TWO + 'ready = { file = "/run/never" }\ntimeout = "1s"\n'
               + '[service.new]\ncommand = ["sleep", "4000"]\n')
    said = reload(container, 1)
    assert "service.web did not get ready within 1 s: " in said and "/run/never does not exist" in said
    assert "the configuration before is in force again" in said
    container.wait_for_log("reload failed: service.web did not get ready within 1 s")
    assert {one["name"] for one in status(container)["units"]} == {"web", "beside"}
    container.process_with("sleep 1001")
    assert "sleep 4000" not in container.processes().values()
    assert unit(container, "beside")["pid"] == pid
    assert unit(container, "web")["state"] == "ready"
    # What is on disk is not what is in force.
    assert CONFIG in status(container)["config"]["changed"]


def test_a_missing_program_takes_it_back_at_once_and_not_the_container(boot, root):
    container = boot(WEB)
    container.wait_for_boot()
    root.write(CONFIG, EMPTY + '[service.web]\ncommand = ["/no/such/program"]\non_failure = "shutdown"\n')
    assert "cannot execute /no/such/program" in reload(container, 1)
    assert unit(container, "web")["state"] == "ready"


def test_policies_checks_and_formats_count_without_a_restart(boot, root):
    container = boot('[service.web]\ncommand = ["sh", "-c", "while sleep 0.1; do echo word; done"]\n')
    container.wait_for_boot()
    pid = unit(container, "web")["pid"]
    root.write(CONFIG, EMPTY + """[service.web]
command = ["sh", "-c", "while sleep 0.1; do echo word; done"]
log = { format = "json" }
health = { file = "/run/never", every = "100ms", failures = 1 }
""")
    assert "changes service.web while it runs" in reload(container)
    container.wait_for_log(r'^\{.*"word"')
    eventually(lambda: unit(container, "web")["health"] == "unhealthy", 10, "the new check is made")
    assert unit(container, "web")["pid"] == pid


def test_the_job_goes_on(boot, root):
    container = boot('[job]\ncommand = ["sh", "-c", "while test ! -e /run/go; do sleep 0.1; done; exit 7"]\n' + WEB)
    container.wait_for_boot()
    root.write(CONFIG, EMPTY + '[job]\ncommand = ["true"]\n' + WEB_TWO)
    assert "needs a new container, and was left as it is: the job" in reload(container)
    root.write("/run/go", "")
    assert container.wait() == 7


def test_what_counts_from_the_next_start_is_said(boot, root):
    container = boot(WEB)
    container.wait_for_boot()
    root.write(CONFIG, EMPTY + '[http]\nlisten = ["127.0.0.1:9999"]\n' + WEB)
    assert "left as it is: [http]" in reload(container)
    assert container.http("/health/live")[0] == 200


def test_a_second_reload_is_refused_and_a_stop_ends_the_first(boot, root):
    container = boot(WEB)
    container.wait_for_boot()
    root.write(CONFIG, EMPTY + WEB_TWO + 'ready = { file = "/run/never" }\n')
    assert "not over after" in container.bootsman("reload", "--timeout", "300ms", check=False).stderr
    eventually(lambda: status(container)["config"]["reloading"], 10, "the reload is under way")
    assert "another reload is under way" in reload(container, 1)
    assert container.stop() == 0


def test_a_changed_file_is_reported_and_not_applied(boot, root):
    root.write("/srv/token", "one")
    container = boot('[service.web]\ncommand = ["sh", "-c", "echo token $$TOKEN; exec sleep 1000"]\n'
                     'env = { TOKEN = "${file:/srv/token}" }\n')
    container.wait_for_boot()
    pid = unit(container, "web")["pid"]
    assert status(container)["config"]["changed"] == []
    root.write("/srv/token", "two")
    container.wait_for_log(r"/srv/token has changed since the configuration was read; it counts after `bootsman reload`")
    assert status(container)["config"]["changed"] == ["/srv/token"]
    assert "/srv/token changed" in container.bootsman("status").stdout
    assert unit(container, "web")["pid"] == pid
    reload(container)
    container.wait_for_log(r"^web \| token two$")
    assert status(container)["config"]["changed"] == []


def test_a_config_map_that_is_swapped_is_reported(boot, root):
    """As the kubelet does it: files are links through ..data, which is replaced by a rename."""
    root.write("/etc/bootsman/conf.d/..one/50.toml", WEB)
    container = boot()
    container.exec("sh", "-c", "cd /etc/bootsman/conf.d && ln -s ..one ..data && ln -s ..data/50.toml 50.toml")
    said = reload(container)
    assert "adds service.web" in said
    container.exec("sh", "-c", "cd /etc/bootsman/conf.d && cp -r ..one ..two && sed -i s/one/two/ ..two/50.toml && "
                               "ln -s ..two ..data_tmp && mv -T ..data_tmp ..data")
    container.wait_for_log(r"/etc/bootsman/conf\.d has changed since the configuration was read")
    assert "restarts service.web" in reload(container)
    container.wait_for_log(r"^web \| web two$")


def test_a_hangup_reloads_nothing(boot, root):
    container = boot(WEB)
    container.wait_for_boot()
    pid = unit(container, "web")["pid"]
    root.write(CONFIG, EMPTY + WEB_TWO)
    container.signal(signal.SIGHUP)
    assert container.http("/health/live")[0] == 200
    assert unit(container, "web")["pid"] == pid


def test_a_unit_gets_its_secrets_after_a_reload(boot, root):
    secret = 'pass_secrets = ["SECRET_KEY"]\n'
    container = boot(WEB + secret, env={"SECRET_KEY": "hidden"})
    container.wait_for_boot()
    assert "nothing has changed" in reload(container)
    root.write(CONFIG, EMPTY + WEB.replace("web one", "key $$SECRET_KEY") + secret)
    reload(container)
    container.wait_for_log(r"^web \| key hidden$")


def test_the_folder_of_a_mount_that_moves_or_goes_is_usable_again(boot, root):
    root.write("/one/mine", "x")
    mount = '[mount.data]\ntype = "tmpfs"\ntarget = "{}"\n'
    held = '[mount.other]\ntype = "tmpfs"\ntarget = "/other"\n'
    container = boot(mount.format("/one") + held + BESIDE)
    container.wait_for_log("data: ready", 20)
    container.bootsman("stop", "other")
    assert "Read-only" in container.exec("touch", "/other/a", check=False).stderr
    user = '[service.user]\ncommand = ["sh", "-c", "cat mine; exec sleep 6000"]\ndirectory = "/one"\n'
    root.write(CONFIG, EMPTY + mount.format("/two") + user + BESIDE)
    said = reload(container)
    assert "restarts mount.data" in said and "removes mount.other" in said
    container.wait_for_log(r"^user \| x$")
    for folder in ("/one", "/other", "/two"):
        container.exec("touch", folder + "/a")
    mounted = container.exec("cat", "/proc/self/mountinfo").stdout
    assert " /one " not in mounted and " /other " not in mounted and " /two " in mounted
    # What goes back is covered again.
    root.write(CONFIG, EMPTY + mount.format("/three") + BESIDE + '[service.bad]\ncommand = ["sh", "-c", "exit 3"]\nrestart.limit = 1\nready = { file = "/never" }\n')
    reload(container, 1)
    container.exec("touch", "/two/b")
    mounted = container.exec("cat", "/proc/self/mountinfo").stdout
    assert " /three " not in mounted and " /two " in mounted
    container.bootsman("stop", "data")
    assert "Read-only" in container.exec("touch", "/two/c", check=False).stderr
    assert container.stop() == 0


def test_a_file_that_hangs_stops_the_reload_and_nothing_else(boot, root):
    root.write("/root/hung.py", hung_mount.SOURCE)
    files = '[service.files]\ncommand = ["/usr/bin/python3", "/root/hung.py", "/mnt/hung"]\nstop = { timeout = "500ms" }\n'
    container = boot(files + WEB)
    said = container.wait_for_log(r"^(.* cannot mount: .*|.*silent from now on)$", 30)
    if "cannot mount" in said[0]:
        pytest.skip(f"no file system of its own can be mounted here: {said[0]}")
    root.write(CONFIG, EMPTY + files + WEB_TWO + 'env = { TOKEN = "${file:/mnt/hung/token}" }\n')
    answers = []
    command = threading.Thread(target=lambda: answers.append(reload(container, 1)))
    command.start()
    while command.is_alive():
        assert container.http("/health/live")[0] == 200
        command.join(0.1)
    assert "cannot read the configuration: " in answers[0]
    assert "does the file system hang that /mnt/hung/token lies on?" in answers[0]
    assert unit(container, "web")["restarts"] == 0
    root.write(CONFIG, EMPTY + files + WEB_TWO)
    assert "restarts service.web" in reload(container)


def test_a_crash_loop_is_no_success(boot, root):
    container = boot(WEB)
    container.wait_for_boot()
    root.write(CONFIG, EMPTY + '[service.web]\ncommand = ["sh", "-c", "exit 3"]\nrestart = { delay = "50ms" }\n')
    said = reload(container, 1)  # The command itself waits for less than the minute that a unit has to get ready.
    assert "service.web died 3 times before it was ready: exited 3" in said and "in force again" in said
    container.process_with("sleep 1001")
