"""Mounts that are killed, hang, or are taken away, and come back."""

import os
import signal
import time

import pytest
from conftest import s3_mount
from lib.container import eventually

LOAD = "while sleep 0.05; do echo line >> /workdir/load.txt; cat /workdir/hello.txt; done >/dev/null 2>&1"


def mounted_lines(container):
    return [line for line in container.exec("cat", "/proc/self/mountinfo").stdout.splitlines()
            if " /workdir " in line]


def kill_s3fs(container):
    old = container.process_with("s3fs jobs-")
    os.kill(old, signal.SIGKILL)
    eventually(lambda: old not in container.processes(), 10, "s3fs is gone")
    eventually(lambda: container.exec("cat", "/workdir/hello.txt", check=False).stdout == "hello\n", 30,
               "the mount is back")


def heal(container, cycles):
    """Kills s3fs again and again; nothing may be left of the earlier mounts."""
    def left():
        return (len(mounted_lines(container)), len(os.listdir(f"/proc/{container.init}/fd")),
                sorted(line.split()[0] for line in container.processes().values() if line))
    # Helpers come and go: a look at the container after the boot, a probe.
    readings = [None]
    def rests():
        readings.append(left())
        return readings[-1] == readings[-2] and readings[-1][2] == ["bootsman", "s3fs"]
    eventually(rests, 20, "no helper but the mount's is there")
    settled = readings[-1]
    for _ in range(cycles):
        kill_s3fs(container)
    eventually(lambda: left() == settled, 20, f"all is as it was before: {settled}, not {left()}")


def test_a_killed_s3fs_under_load_comes_back_and_its_dependants_are_restarted(boot, store, bucket):
    container = boot(s3_mount(bucket) + f"""
[service.load]
command = ["sh", "-c", "{LOAD}"]
directory = "/workdir"
restart_on = ["mount.workdir"]
stop.timeout = "2s"
""")
    container.wait_for_log("load: started", 30)
    kill_s3fs(container)
    container.wait_for_log("load: mount.workdir is there again: restarting", 10)
    assert "workdir: s3fs was killed by SIGKILL, and with it the mount" in container.log
    assert len(mounted_lines(container)) == 2
    assert container.stop(20) == 0


def test_three_deaths_leave_no_mount_process_or_descriptor_behind(boot, store, bucket):
    container = boot(s3_mount(bucket))
    container.wait_for_log("workdir: ready", 30)
    heal(container, 3)


@pytest.mark.long
def test_fifty_deaths_leave_no_mount_process_or_descriptor_behind(boot, store, bucket):
    container = boot(s3_mount(bucket))
    container.wait_for_log("workdir: ready", 30)
    heal(container, 50)


def test_while_the_mount_is_down_nothing_can_be_written_to_the_bare_folder(boot, root, store, bucket):
    container = boot(s3_mount(bucket))
    container.wait_for_log("workdir: ready", 30)
    container.bootsman("stop", "workdir")
    assert "Read-only file system" in container.exec("touch", "/workdir/lost", check=False).stderr
    assert container.exec("ls", "/workdir").stdout == ""
    container.bootsman("start", "workdir")
    assert container.exec("cat", "/workdir/hello.txt").stdout == "hello\n"


def hang(boot, store, bucket, seconds):
    container = boot(s3_mount(bucket))
    container.wait_for_log("workdir: ready", 30)
    container.wait_for_http("/health/ready")
    store.pause(True)
    try:
        container.wait_for_http("/health/ready", 503, timeout=30)
        assert container.status("/health") == 200
        assert "a look-up on it has not ended for" in container.bootsman("status").stdout
        eventually(lambda: len([line for line in container.processes().values() if line == "bootsman helper mount"]) <= 2,
                   seconds, "there is one look-up at a time")
    finally:
        store.pause(False)
    container.wait_for_http("/health/ready", timeout=60)
    assert container.exec("cat", "/workdir/hello.txt").stdout == "hello\n"
    assert container.stop(20) == 0


def test_a_server_that_hangs_makes_the_mount_unhealthy_and_nothing_else(boot, store, bucket):
    hang(boot, store, bucket, 5)


@pytest.mark.long
def test_a_server_that_hangs_for_half_a_minute_is_waited_for(boot, store, bucket):
    container = boot(s3_mount(bucket) + """
[service.talker]
command = ["sh", "-c", "while sleep 0.2; do echo word; done"]
""")
    container.wait_for_log("workdir: ready", 30)
    container.wait_for_http("/health/ready")
    store.pause(True)
    slowest, began = 0, time.monotonic()
    try:
        while time.monotonic() < began + 30:
            asked = time.monotonic()
            assert container.status("/health") == 200
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.1)
        said = container.log.count("talker | word")
    finally:
        store.pause(False)
    again = time.monotonic()
    container.wait_for_http("/health/ready", timeout=60)
    back = time.monotonic() - again
    print(f"paused 30 s: /health at most {slowest * 1000:.0f} ms, {said} lines meanwhile, ready {back:.1f} s after it")
    assert said > 60 and slowest < 5
    assert container.exec("cat", "/workdir/hello.txt").stdout == "hello\n"
    assert "mounted again" not in container.bootsman("status").stdout
    assert container.stop(20) == 0


def test_a_server_that_is_restarted_needs_no_remount(boot, store, bucket):
    container = boot(s3_mount(bucket))
    container.wait_for_log("workdir: ready", 30)
    store.restart_proxy()
    eventually(store.answers, 60, "the store answers")
    eventually(lambda: container.exec("cat", "/workdir/sub/two.txt", check=False).stdout == "two\n", 30, "it works again")
    assert "mounted again" not in container.bootsman("status").stdout


def test_what_hangs_on_a_hung_mount_can_be_stopped(boot, store, bucket):
    container = boot(s3_mount(bucket) + """
[service.reader]
command = ["python3", "-c", "import os, time\\nwhile True: os.path.exists(f'/workdir/{time.time()}'); time.sleep(0.1)"]
requires = ["mount.workdir"]
stop = { timeout = "1s" }
""")
    container.wait_for_log("reader: started", 30)
    store.pause(True)
    try:
        container.wait_for_log("workdir: unhealthy", 30)
        container.bootsman("stop", "--timeout", "30s", "reader")
        assert "killing the mount" in container.log
    finally:
        store.pause(False)
    eventually(lambda: container.exec("cat", "/workdir/hello.txt", check=False).stdout == "hello\n", 60, "it works again")


def test_a_folder_and_memory_are_mounted_and_come_back_when_they_are_unmounted(boot, root, store):
    root.write("/data/file", "x")
    container = boot("""
[mount.memory]
type = "tmpfs"
target = "/scratch"
options = ["size=1m,mode=0700"]
restart.delay = "100ms"
[mount.folder]
type = "bind"
source = "/data"
target = "/mnt/data"
read_only = true
""")
    container.wait_for_log("memory: ready", 20)
    container.wait_for_log("folder: ready", 20)
    assert container.exec("cat", "/mnt/data/file").stdout == "x"
    assert container.exec("touch", "/mnt/data/y", check=False).returncode != 0
    container.exec("touch", "/scratch/a")
    container.exec("umount", "/scratch")
    container.wait_for_log("memory: tmpfs on /scratch was unmounted by somebody else", 10)
    eventually(lambda: container.exec("touch", "/scratch/b", check=False).returncode == 0, 20, "it is back")
    assert container.stop(20) == 0


def test_a_command_may_mount(boot, root, store, bucket):
    from store import ENDPOINT, KEY_ID, SECRET
    root.write("/etc/passwd-s3fs", f"{KEY_ID}:{SECRET}\n")
    root.path("/etc/passwd-s3fs").chmod(0o600)
    container = boot(f"""
[mount.own]
type = "command"
target = "/own"
command = ["s3fs", "{bucket}", "/own", "-f", "-o", "url=http://{ENDPOINT},use_path_request_style,passwd_file=/etc/passwd-s3fs"]
""")
    container.wait_for_log("own: ready", 30)
    assert container.exec("cat", "/own/data/hello.txt").stdout == "hello\n"
    assert container.stop(20) == 0
