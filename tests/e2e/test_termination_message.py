"""Where the platform gives a place for it, the reason of the end is left there."""

import pytest

LOG = "/dev/termination-log"


@pytest.fixture(autouse=True)
def place(root):
    root.write(LOG, "")


def test_failed_job_and_its_code(root, boot):
    assert boot("", "--", "sh", "-c", "exit 3").wait() == 3
    message = root.read(LOG)
    assert "job" in message and "3" in message


def test_service_that_ended_the_container(root, boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "exit 9"]\non_failure = "shutdown"\n'
                     'restart = { delay = "10ms", limit = 1, within = "1m" }\n')
    assert container.wait() == 9
    message = root.read(LOG)
    assert "web" in message and "9" in message
