"""Where the platform gives a place for it, the reason of the end is left there."""

import pytest

LOG = "/dev/termination-log"


@pytest.fixture(autouse=True)
def place(root):
    root.write(LOG, "")


def test_failed_job_its_code_and_its_last_lines(root, boot):
    assert boot("", "--", "sh", "-c", "echo loading; echo no such model >&2; printf unfinished; exit 3").wait() == 3
    lines = root.read(LOG).splitlines()
    assert lines[0].startswith("job: exited 3 after ")
    assert lines[1:3] == ["exit code 3", "last lines of job:"]
    assert sorted(lines[3:]) == ["loading", "no such model", "unfinished"]


def test_service_that_ended_the_container(root, boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "exit 9"]\non_failure = "shutdown"\n'
                     'restart = { delay = "10ms", limit = 1, within = "1m" }\n')
    assert container.wait() == 9
    lines = root.read(LOG).splitlines()
    assert lines[0].startswith("service.web failed: exited 9 ")
    assert lines[1] == "exit code 9"


def test_only_the_latest_lines_that_fit_are_kept_and_whole(root, boot):
    boot("", "--", "sh", "-c", 'for i in $(seq 1000); do echo "line $i: ääääää"; done; exit 1').wait()
    message = root.read(LOG).encode()
    assert len(message) <= 4096
    lines = message.decode().splitlines()
    assert lines[-1] == "line 1000: ääääää"
    assert lines[3].startswith("line ")
    assert len(lines) > 100


def test_stop_from_outside(root, boot):
    container = boot("", "--", "sh", "-c", "trap 'echo bye; exit 4' TERM; echo up; while :; do sleep 0.05; done")
    container.wait_for_log("up")
    assert container.stop() == 4
    message = root.read(LOG)
    assert message.startswith("SIGTERM\nexit code 4\nlast lines of job:\nup\n")
    assert "bye" in message.splitlines()


def test_secrets_are_not_told(root, boot):
    boot("", "--", "sh", "-c", "echo the key is $SECRET_KEY; exit 1", env={"SECRET_KEY": "hunter2hunter2"}).wait()
    message = root.read(LOG)
    assert "the key is ***" in message
    assert "hunter2" not in message


def test_wrong_configuration(root, boot):
    assert boot("[service.web]\ncomand = ['true']\n").wait() == 78
    message = root.read(LOG)
    assert "nothing was started" in message and "bootsman.toml:3:1" in message and "exit code 78" in message


def test_another_place(root, boot):
    root.write("/root/last-words", "old and longer than what comes " * 10)
    boot('[termination]\nlog = "/root/last-words"\n', "--", "false").wait()
    assert root.read("/root/last-words").startswith("job: exited 1 ")
    assert root.read(LOG) == ""


def test_file_that_does_not_exist_is_not_made(root, boot):
    boot('[termination]\nlog = "/root/none"\n', "--", "false").wait()
    assert not root.path("/root/none").exists()


def test_secrets_that_were_wiped_are_not_told_either(root, boot):
    # The step password is done with ROOT_PASSWORD, which is kept nowhere from then on.
    boot("[step.password]\n", "--", "sh", "-c", "echo root has $(printf word-of-)the-pod; exit 1",
         env={"ROOT_PASSWORD": "word-of-the-pod"}).wait()
    message = root.read(LOG)
    assert "root has ***" in message
    assert "word-of-the-pod" not in message
