"""A boot changes nothing that an earlier boot of the same container has already done."""

import hashlib
import os

import pytest

# What the services and the system write while they run; no step has a target there.
VOLATILE = ("var/log/", "var/lib/", "root/.cache/", "root/.local/share/jupyter/", "root/.ipython/",
            "root/.jupyter/lab/workspaces/", "var/cache/", "root/.config/matplotlib/", "var/run/")
TARGETS = ("etc/matrixdc-motd", "etc/pip.conf", "root/.condarc", "etc/matrixdc-init",
           "init/jupyter/jupyter_config.py", "etc/ssh/sshd_config.d/00-bootsman.conf",
           "root/.jupyter/lab/user-settings/@jupyterlab/terminal-extension/plugin.jupyterlab-settings",
           "root/.jupyter/lab/user-settings/@jupyterlab/translation-extension/plugin.jupyterlab-settings")


def snapshot(root):
    """{path: (mode, hash or link target)} of everything that differs from the machine's root."""
    result = {}
    for folder, folders, files in os.walk(root.changes):
        for name in files + folders:
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, root.changes)
            if (inside + "/").startswith(VOLATILE):
                continue
            status = os.lstat(path)
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            else:
                content = ""
            result[inside] = (oct(status.st_mode), content)
    return result


def boot_once(start):
    container = start()
    container.wait_for_boot()
    container.wait_for_http("/health/ready", timeout=40)
    assert container.stop() == 0


@pytest.fixture
def with_bashrc(root):
    root.append("/root/.bashrc", "source /etc/profile\nsource /etc/matrixdc-motd\n")
    root.write("/sync/root-passwd", "root:first boot\n")
    return root


def test_second_and_third_boot_change_no_byte(with_bashrc, workspace):
    boot_once(workspace)
    first = snapshot(with_bashrc)
    for number in ("second", "third"):
        boot_once(workspace)
        after = snapshot(with_bashrc)
        changed = {path for path in first.keys() | after.keys() if first.get(path) != after.get(path)}
        assert not changed, f"the {number} boot changed {sorted(changed)}"


def test_environment_of_an_earlier_start_does_not_come_back(root, workspace):
    # Login shells see it by /etc/profile, which the next start sources itself.
    boot_once(lambda: workspace(env={"OF_THE_FIRST_POD": "x", "PATH": "/of/the/first/pod:/usr/bin:/bin:/usr/sbin"}))
    assert "OF_THE_FIRST_POD" in root.read("/etc/profile.d/bootsman-env.sh")
    boot_once(workspace)
    assert "first" not in root.read("/etc/profile.d/bootsman-env.sh").lower()


def test_image_saved_from_a_container_and_started_elsewhere_is_a_new_container(with_bashrc, workspace):
    token = "/var/lib/bootsman/jupyter-token"
    boot_once(workspace)
    first, first_token = snapshot(with_bashrc), with_bashrc.read(token)
    boot_once(lambda: workspace(hostname="elsewhere"))
    after, later_token = snapshot(with_bashrc), with_bashrc.read(token)
    assert len(later_token) == len(first_token) and later_token != first_token
    changed = {path for path in first.keys() | after.keys() if first.get(path) != after.get(path)}
    keys = {path for path in after if path.startswith("etc/ssh/ssh_host_")}
    assert len(keys) >= 6
    assert changed == keys, "what belongs to one container alone is made anew, and nothing else"
    boot_once(lambda: workspace(hostname="elsewhere"))
    assert snapshot(with_bashrc) == after and with_bashrc.read(token) == later_token
    assert not list(with_bashrc.path("/etc/ssh").glob(".bootsman*"))


@pytest.mark.parametrize("target", TARGETS)
def test_first_boot_makes_the_target(target, first_boot):
    assert target in first_boot, f"/{target} was not written by the first boot"


@pytest.fixture(scope="module")
def first_boot(binary):
    """The snapshot after one boot, shared by the rows above."""
    import tempfile

    from lib.container import Container
    from lib.root import BINARY_INSIDE, Root

    folder = tempfile.mkdtemp(prefix="bootsman-e2e-")
    root = Root(folder, [(binary, BINARY_INSIDE)])
    for target in TARGETS:
        # The machine's own would be kept.
        if not target.startswith("etc/ssh/"):
            root.remove("/" + target)
    container = Container(root)
    try:
        container.wait_for_boot()
        yield snapshot(root)
    finally:
        container.kill()
        root.close()
        os.rmdir(folder)
