"""Secrets reach who needs them, and nobody else."""

from pathlib import Path

SECRETS = {"SECRET_KEY": "key-of-the-bucket", "ROOT_PASSWORD": "word-of-the-pod", "JUPYTER_TOKEN": "token-of-the-pod"}
SHOW = '[service.show]\ncommand = ["sh", "-c", "env; echo shown; exec sleep 1000"]\n'


def test_services_do_not_see_them(boot):
    container = boot(SHOW, env={**SECRETS, "PLAIN": "for all"})
    container.wait_for_log("shown")
    container.wait_for_log("PLAIN=for all", 5)
    for value in SECRETS.values():
        assert value not in container.log


def test_service_gets_those_it_names(boot):
    container = boot(SHOW + 'pass_secrets = ["JUPYTER_TOKEN"]\n', env=SECRETS)
    container.wait_for_log(r"JUPYTER_TOKEN=token-of-the-pod")
    assert SECRETS["SECRET_KEY"] not in container.log


def test_restart_gets_a_secret_that_a_boot_step_has_used_up(boot):
    # The step password is done with ROOT_PASSWORD; the service that has it too starts twice after that.
    container = boot('[step.password]\n[service.show]\n'
                     'command = ["sh", "-c", "echo got=$ROOT_PASSWORD; sleep 0.1"]\n'
                     'pass_secrets = ["ROOT_PASSWORD"]\nrestart = { delay = "10ms" }\n', env=SECRETS)
    container.wait_for_log(r"(?s)got=word-of-the-pod.*got=word-of-the-pod", 20)


def test_job_gets_the_key_of_the_bucket(boot):
    container = boot("", "--", "sh", "-c", "env", env=SECRETS)
    assert container.wait() == 0
    lines = container.log.splitlines()
    assert "SECRET_KEY=key-of-the-bucket" in lines
    assert "ROOT_PASSWORD=word-of-the-pod" not in lines


def test_values_are_wiped_from_the_environment_of_pid_1(workspace):
    container = workspace(env=SECRETS)
    container.wait_for_boot()
    block = Path(f"/proc/{container.init}/environ").read_bytes()
    for value in SECRETS.values():
        assert value.encode() not in block


def test_no_command_line_and_no_log_of_the_preset_holds_one(workspace):
    container = workspace(env=SECRETS)
    container.wait_for_http("/health/startup")
    everything = container.transcript() + "\n".join(container.processes().values())
    for value in SECRETS.values():
        assert value not in everything
