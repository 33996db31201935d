"""The same Dockerfile on another release of the distribution."""

import pytest

from lib.container import eventually


@pytest.mark.long
@pytest.mark.parametrize("suite", ["trixie"])
def test_workspace_on_another_release(request, podman, make_image, tmp_path, suite):
    (tmp_path / "root-passwd").write_text("root:secret of the test\n")
    container = podman.start("-v", f"{tmp_path}:/sync", make_image(suite))
    request.node.container = container
    container.wait_for_http("/health/startup")
    container.wait_for_http("/jupyter/api", port=8888)
    container.wait_for_http("/monitor/", port=6006)
    eventually(lambda: "Server listening" in container.logs, 20, "sshd listens")
    assert container.ssh("secret of the test", "id -u").stdout == "0\n"
    assert container.stop(10) == 0
