"""A disk without room, or that may not be written: clean errors, nothing half done, and the next start mends it."""

import os
import re
import stat

import pytest


def tiny(root, folder, size="64m"):
    """Puts `folder` with all that is in it onto a file system of its own, and fills that to the last byte."""
    root.run("sh", "-ec", 'cp -a "$1" "$1.copy"; mount -t tmpfs -o "mode=755,size=$2" full "$1"; '
             'cp -a "$1.copy/." "$1"; rm -rf "$1.copy"; head -c "$2" /dev/zero 2>/dev/null >"$1/filler" || true',
             "sh", root.mount_point / folder.lstrip("/"), size)


def files_of(folder):
    """{path: content} of the regular files below."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if name != "filler" and stat.S_ISREG(os.lstat(path).st_mode):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = file.read()
    return found


def boot(workspace):
    container = workspace(env={"AUTHORIZED_KEYS": "ssh-ed25519 AAAA test", "ROOT_PASSWORD": "of the pod"})
    container.wait_for_boot()
    assert container.status("/health") == 200
    container.stop()
    return container.log


@pytest.mark.ssh
def test_full_etc_changes_no_file_and_the_next_start_does_it_all(root, workspace):
    tiny(root, "/etc")
    before = files_of(root.path("/etc"))
    log = boot(workspace)
    assert re.search(r"^bootsman \| warning: ssh: failed: cannot .*: .*[Nn]o space left", log, re.MULTILINE), log
    assert re.search(r"^bootsman \| warning: password: failed: cannot write /etc/shadow: No space left", log, re.MULTILINE)
    after = files_of(root.path("/etc"))
    assert {path for path in before if after.get(path) != before[path]} == set()
    assert after.keys() - before.keys() <= {".pwd.lock"}
    root.remove("/etc/filler")
    log = boot(workspace)
    assert "failed" not in log and "No space" not in log
    mended = files_of(root.path("/etc"))
    assert {"uv/uv.toml", "matrixdc-motd", "matrixdc-init"} <= mended.keys()
    assert mended["shadow"] != before["shadow"]
    assert [path for path in mended if "bootsman-" in path and path != "profile.d/bootsman-env.sh"] == []


def test_full_state_folder_is_one_warning(root, workspace):
    root.path("/var/lib/bootsman").mkdir()
    tiny(root, "/var/lib/bootsman", "64k")
    log = boot(workspace)
    warned = re.findall(r"^bootsman \| warning: .*/var/lib/bootsman/record\.json.*: No space left on device: "
                        r"what is done once will be looked at again", log, re.MULTILINE)
    assert len(warned) == 1, log
    assert files_of(root.path("/var/lib/bootsman")) == {}
    assert "index" in root.read("/etc/uv/uv.toml")


def test_read_only_root_home_and_var_leave_nothing(root, workspace):
    for folder in ("/etc", "/root", "/var"):
        root.make_read_only(folder)
    before = files_of(root.path("/etc"))
    log = boot(workspace)
    assert re.search(r"^bootsman \| motd: skipped: cannot write /etc/matrixdc-motd: Read-only file system", log,
                     re.MULTILINE), log
    assert files_of(root.path("/etc")) == before
