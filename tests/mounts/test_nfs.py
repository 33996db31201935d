"""Shares of an NFS server, by the kernel's own client."""

import re
import shutil
from pathlib import Path

import pytest
from lib.container import eventually

GANESHA = """
NFS_CORE_PARAM { Protocols = 4; NFS_Port = 2049; Enable_NLM = false; Enable_RQUOTA = false; mount_path_pseudo = true; }
NFSv4 { Graceless = true; RecoveryRoot = "/srv/recovery"; }
EXPORT { Export_Id = 1; Path = /run/share; Pseudo = /share; Access_Type = RW; Squash = no_root_squash;
  SecType = sys; FSAL { Name = VFS; } }
"""
SHARE = """
[mount.share]
type = "nfs"
source = "127.0.0.1:/share"
target = "/share"
options = ["vers=4.1,soft,timeo=20"]
health = { every = "300ms", timeout = "2s", failures = 2, initial_delay = "200ms" }
restart = { delay = "100ms", max_delay = "1s" }
"""


def what_lacks():
    if not re.search(r"\bnfs4?$", Path("/proc/filesystems").read_text(), re.MULTILINE):
        return ("this kernel has no NFS client (no nfs in /proc/filesystems): of mounts of the type nfs only what "
                "mount(8) says is seen")
    if not shutil.which("ganesha.nfsd") or not shutil.which("mount.nfs"):
        return "nfs-ganesha, nfs-ganesha-vfs and nfs-common are not installed"
    return ""


@pytest.fixture
def boot(maker, root):
    def start(config):
        root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n' + config)
        return maker.start(root)
    return start


@pytest.mark.guest
def test_a_share_that_cannot_be_mounted_ends_the_container_with_its_reason(boot):
    container = boot(SHARE + 'on_failure = "shutdown"\ntimeout = "2s"\nstop = { timeout = "1s" }\n')
    assert container.wait(60) == 1
    assert re.search(r"share: failed: cannot mount 127\.0\.0\.1:/share on /share: .*not mounted within 2 s", container.log) \
        or re.search(r"share: failed: not mounted within 2 s", container.log), container.log
    assert re.search(r"(?m)^(bootsman|share) \| .*mount", container.log)


@pytest.mark.guest
@pytest.mark.skipif(bool(what_lacks()), reason=what_lacks())
def test_a_share_is_read_written_and_comes_back(boot, root):
    root.write("/etc/ganesha.conf", GANESHA)
    root.write("/run/share/hello", "hello\n")
    root.path("/srv/recovery").mkdir()
    container = boot("""
[service.server]
command = ["ganesha.nfsd", "-F", "-L", "/dev/stderr", "-f", "/etc/ganesha.conf", "-p", "/run/ganesha.pid"]
ready = { tcp = "127.0.0.1:2049" }
""" + SHARE + 'after = ["server"]\n')
    container.wait_for_log("share: ready", 60)
    assert container.exec("cat", "/share/hello").stdout == "hello\n"
    container.exec("sh", "-c", "echo new > /share/new")
    assert root.path("/run/share/new").read_text() == "new\n"
    container.exec("umount", "-l", "/share")
    eventually(lambda: container.exec("cat", "/share/hello", check=False).stdout == "hello\n", 30, "it is back")
    assert container.stop(30) == 0
