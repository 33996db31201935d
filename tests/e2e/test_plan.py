"""`bootsman plan` and `bootsman run-step`: what a start would do, and one step of it."""

import json
import re
import shutil
import subprocess

import pytest

from lib.root import BINARY_INSIDE

# What a program may do to a file system, as strace calls it. Files that are opened for reading only stay out.
WRITES = re.compile(r"\b(write|pwrite64|rename|renameat2?|unlink|unlinkat|mkdir|mkdirat|symlink|symlinkat|link|linkat|"
                    r"chmod|fchmod|fchmodat|chown|fchown|fchownat|lchown|truncate|ftruncate|utimensat|mknod|fallocate|"
                    r"setxattr|mount|umount2|O_WRONLY|O_RDWR|O_CREAT)\b")


def changes_of(root):
    return {str(path.relative_to(root.changes)) for path in root.changes.rglob("*") if not path.is_dir()}


def test_the_plan_of_the_workspace_names_every_unit_and_what_it_would_do(inside):
    code, text, _ = inside(BINARY_INSIDE, "plan")
    assert code == 0
    lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith(" ")]
    assert lines[0] == ["step.profile", "imported PATH"]
    plan = dict(lines)
    assert plan["step.conda"] == "write /root/.condarc"
    assert plan["service.sshd"] == "start after all steps: /usr/sbin/sshd -D -e"
    assert plan["service.jupyterlab"] == "skipped: jupyter-lab is not in PATH"
    assert " run /usr/bin/ssh-keygen -q -t rsa" in text


def test_the_diff_is_what_the_boot_then_does(root, inside, workspace):
    code, text, _ = inside(BINARY_INSIDE, "plan", "--diff")
    assert code == 0
    shown = re.search(r"\+\+\+ /root/\.condarc \(mode 0644\)\n@@ .*\n((?:\+.*\n)+)", text).group(1)
    added = [line[1:] for line in shown.splitlines()]
    assert added[1] == "channels:" and not root.path("/root/.condarc").exists()
    container = workspace()
    container.wait_for_boot()
    assert root.read("/root/.condarc").splitlines() == added
    assert container.stop() == 0
    code, text, _ = inside(BINARY_INSIDE, "plan")
    assert "step.conda               unchanged: done before in this container" in text


def test_secrets_and_closed_files_are_not_shown(root, inside):
    root.write("/etc/bootsman/bootsman.toml", '[service.leak]\ncommand = ["echo", "top-secret-word"]\n')
    for option in ("--diff", "--json", "--dot"):
        code, text, errors = inside(BINARY_INSIDE, "plan", option, env={
            "ROOT_PASSWORD": "top-secret-word", "JUPYTER_TOKEN": "jupyter-secret-word"})
        assert code == 0
        assert "secret-word" not in text + errors
        assert "$6$" not in text
    code, text, _ = inside(BINARY_INSIDE, "plan", "--diff", env={"ROOT_PASSWORD": "top-secret-word"})
    assert re.search(r"\+\+\+ /etc/shadow\n\(not shown", text)


def test_the_plan_writes_nothing(root, inside):
    """Neither a file appears in the root, nor does a call that could write one get as far as the kernel."""
    before = changes_of(root)
    code, text, _ = inside(BINARY_INSIDE, "plan", "--diff")
    assert code == 0 and "write /root/.condarc" in text
    assert changes_of(root) == before
    assert inside(BINARY_INSIDE, "plan", "--diff", read_only=True)[0] == 0


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_no_system_call_of_the_plan_writes(root, inside):
    code, _, _ = inside("strace", "-o", "/srv/trace", BINARY_INSIDE, "plan", "--diff")
    assert code == 0
    trace = root.read("/srv/trace").splitlines()
    bad = [line for line in trace if WRITES.search(line) and "= -1" not in line
           and not re.match(r"p?write(64)?\([012],", line) and "/dev/null" not in line
           # The pipe to a program that only looks, and what it is asked.
           and not re.match(r"write\(\d+, \"\"", line)]
    assert len(trace) > 100 and not bad


def test_json_has_the_graph_and_the_changes(inside):
    code, text, _ = inside(BINARY_INSIDE, "plan", "--json")
    assert code == 0
    units = {unit["unit"]: unit for unit in json.loads(text)["units"]}
    assert "step.ssh" in units["service.sshd"]["after"]
    conda = units["step.conda"]
    assert conda["result"] == "changed" and conda["changes"][0]["path"] == "/root/.condarc"
    assert "+channels:" in conda["changes"][0]["diff"]


def test_the_graph_is_understood_by_dot(inside):
    code, text, _ = inside(BINARY_INSIDE, "plan", "--dot")
    assert code == 0 and text.startswith("digraph boot {\n")
    assert '"all steps" -> "service.sshd";' in text
    if shutil.which("dot"):
        assert b"<svg" in subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True, check=True).stdout


def test_a_wrong_configuration_has_no_plan(root, inside):
    root.write("/etc/bootsman/bootsman.toml", "[service.x]\ncomand = 1\n")
    code, text, errors = inside(BINARY_INSIDE, "plan")
    assert code == 78 and text == "" and "did you mean \"command\"" in errors


def test_a_job_of_the_command_line_is_in_the_plan(inside):
    code, text, _ = inside(BINARY_INSIDE, "plan", "--", "python", "train.py", "--epochs", "3")
    assert code == 0 and re.search(r"^job +start after all steps.*: python train.py --epochs 3$", text, re.MULTILINE)


def test_run_step_does_one_step_even_again(root, inside):
    code, text, _ = inside(BINARY_INSIDE, "run-step", "conda")
    assert code == 0 and text == "changed: wrote /root/.condarc\n"
    assert not root.path("/etc/matrixdc-motd").exists()
    root.remove("/root/.condarc")
    assert inside(BINARY_INSIDE, "run-step", "step.conda")[:2] == (0, "changed: wrote /root/.condarc\n")
    assert inside(BINARY_INSIDE, "run-step", "conda")[:2] == (0, "unchanged: everything is as it should be\n")


def test_run_step_runs_a_command_as_its_user_with_its_output(root, inside):
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n[step.own]\nuser = "daemon"\n'
               'command = ["sh", "-c", "id -un; exit $CODE"]\nenv = { CODE = "${CODE}" }\n')
    assert inside(BINARY_INSIDE, "run-step", "own", env={"CODE": "0"})[:2] == (0, "daemon\n")
    code, text, errors = inside(BINARY_INSIDE, "run-step", "own", env={"CODE": "3"})
    assert (code, text, errors) == (1, "daemon\n", "cannot do step.own: sh exited 3\n")


@pytest.mark.parametrize("config", [
    # Two that do not end by SIGTERM, one of them without a parent.
    'command = ["sh", "-c", "trap \'\' TERM; (setsid sleep 1000 &); sleep 1000; sleep 1000"]\nstop = { timeout = "100ms" }\n',
    'folder = "/srv/hooks"\n'], ids=["a command", "a built-in step"])
def test_run_step_ends_what_takes_longer_than_its_timeout(root, inside, config):
    name = "hooks" if "folder" in config else "own"
    root.write("/srv/hooks/10-slow", "#!/bin/sh\nsleep 1000\n", 0o755)
    root.write("/etc/bootsman/bootsman.toml", f'extends = "empty"\n[step.{name}]\ntimeout = "500ms"\n{config}')
    code, text, errors = inside("sh", "-c", f"{BINARY_INSIDE} run-step {name}; code=$?; "
                                "grep -qs sleep /proc/[0-9]*/comm && echo left; exit $code")
    assert (code, "left" in text) == (1, False)
    assert errors.startswith(f"cannot do step.{name}: it was not done after 0.5 s\n")


def test_run_step_knows_only_steps(inside):
    code, _, errors = inside(BINARY_INSIDE, "run-step", "jupiter")
    assert code == 1
    assert errors == 'cannot run "jupiter": the configuration has no such step, did you mean "jupyter"?\n'
