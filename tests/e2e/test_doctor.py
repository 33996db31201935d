"""`bootsman doctor` and `bootsman import`, in a container."""

import json

from lib.root import BINARY_INSIDE

OLD = """[supervisord]
nodaemon=true
[program:sshd]
command=/usr/sbin/sshd -D
[program:code]
command=sleep %(ENV_LONG)s
autorestart=true
priority=9
[include]
files = conf.d/*.ini
"""


def test_what_is_wrong_is_said_with_what_to_do(root, inside):
    root.write("/etc/bootsman/bootsman.toml", '[service.model]\ncommand = ["/srv/model/serve"]\n')
    root.write("/init/supervisor/supervisor.ini", OLD)
    root.write("/run.sh", "s3fs $bucket /workdir\n")
    code, text, _ = inside(BINARY_INSIDE, "doctor", "--json", env={"NVIDIA_VISIBLE_DEVICES": "all", "HOME": "/no/home"})
    found = {finding["topic"]: finding for finding in json.loads(text)["findings"]}
    assert code == 1
    assert found["program"]["weight"] == "bad" and "/srv/model/serve" in found["program"]["what"]
    assert "code" in found["supervisor"]["what"] and "sshd" not in found["supervisor"]["what"]
    assert {"gpu", "run.sh", "home"} <= set(found)
    assert all(finding["advice"] for finding in found.values())


def test_ports_that_the_init_itself_has_are_no_finding(boot):
    container = boot()
    container.wait_for_boot()
    code, text = (lambda done: (done.returncode, done.stdout))(container.bootsman("doctor", check=False))
    assert "port 8080" not in text and code == 0, text


def test_a_port_that_somebody_else_has_is_found(inside, root):
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n')
    code, text, _ = inside("bash", "-c", "python3 -m http.server 8080 >/dev/null 2>&1 & until exec "
                           f"3<>/dev/tcp/127.0.0.1/8080; do sleep 0.05; done 2>/dev/null; {BINARY_INSIDE} doctor; "
                           "code=$?; kill %1; exit $code")
    assert code == 1 and "bad: port: port 8080, which http.listen needs, is taken" in text


def test_an_imported_configuration_is_good_and_runs(root, inside, maker):
    root.write("/etc/supervisor/old.ini", OLD)
    root.write("/etc/supervisor/conf.d/more.ini", "[program:more]\ncommand=sh -c 'echo $MORE; exec sleep 1000'\n"
               'environment=MORE="from the included file"\n')
    code, text, errors = inside(BINARY_INSIDE, "import", "/etc/supervisor/old.ini")
    assert code == 0 and "priority = 9 has no counterpart" in errors
    root.write("/etc/bootsman/bootsman.toml", text)
    assert inside(BINARY_INSIDE, "check", "--env", env={"LONG": "1000"})[0] == 0
    container = maker.start(root, env={"LONG": "1000"})
    container.wait_for_log(r"^code: ready|code: started", 20)
    container.process_with("sleep 1000")


def test_a_file_without_programs_is_refused(root, inside):
    root.write("/srv/x.ini", "[supervisord]\n")
    assert inside(BINARY_INSIDE, "import", "/srv/x.ini")[::2] == (
        1, "cannot import /srv/x.ini: it has no [program:NAME]\n")
    assert inside(BINARY_INSIDE, "import", "/srv/none.ini")[0] == 1


def test_a_boot_says_in_one_line_what_doctor_finds(boot):
    container = boot('[service.web]\ncommand = ["sleep", "600"]\n', env={"HOME": "/no/home", "NVIDIA_VISIBLE_DEVICES": "all"})
    container.wait_for_log(r"^bootsman \| warning: doctor: 1 bad, \d warnings?: gpu, .*home.*; `bootsman doctor` says more$")
    assert container.log.index("boot done") < container.log.index("doctor:")
    assert container.log.count("doctor: ") == 1


def test_a_boot_of_a_container_without_findings_says_nothing(boot, inside):
    config = '[service.web]\ncommand = ["sleep", "600"]\n'
    container = boot(config)
    container.wait_for_log("boot done")
    findings = json.loads(container.bootsman("doctor", "--json", check=False).stdout)["findings"]
    assert [finding["topic"] for finding in findings] == []
    assert container.stop() == 0
    assert "doctor" not in container.log


def test_steps_that_nobody_asked_for_are_told_by_status_alone(workspace):
    container = workspace()
    container.wait_for_boot()
    assert "nothing is set" not in container.log
    assert "step.resolv" in (table := container.bootsman("status").stdout) and "nothing is set" in table
