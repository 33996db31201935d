"""A bucket as a folder, by the real s3fs against a real S3 store."""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import s3_mount
from lib.container import eventually
from lib.root import BINARY_INSIDE
from store import ENDPOINT, KEY_ID, SECRET


def test_objects_are_read_listed_and_written_through_the_mount(boot, store, bucket):
    container = boot(s3_mount(bucket))
    container.wait_for_log("workdir: ready", 30)

    assert container.exec("cat", "/workdir/hello.txt").stdout == "hello\n"
    assert sorted(container.exec("ls", "/workdir").stdout.split()) == ["hello.txt", "sub"]
    container.exec("sh", "-c", "echo new > /workdir/new.txt && mv /workdir/new.txt /workdir/renamed.txt")
    assert store.get(bucket, "data/renamed.txt") == b"new\n"
    assert store.get(bucket, "other/three.txt") == b"three\n"

    mount = next(unit for unit in status(container) if unit["id"] == "mount.workdir")["mount"]
    assert mount["up"] and mount["remounts"] == 0 and mount["probe_ms"] is not None
    assert mount["source"] == f"s3://{bucket}/data"
    assert container.stop(20) == 0


def test_metrics_and_the_page_tell_of_the_mount(boot, store, bucket):
    container = boot(s3_mount(bucket, more='cache = "/cache"'))
    container.wait_for_log("workdir: ready", 30)
    container.exec("cat", "/workdir/hello.txt")

    def samples():
        return dict(re.findall(r"^([^#\s]+) (\S+)$", container.http("/metrics").body, re.MULTILINE))
    up = 'bootsman_mount_up{unit="mount.workdir",type="s3fs",target="/workdir"}'
    of_it = '{unit="mount.workdir"}'
    eventually(lambda: int(samples()["bootsman_mount_cache_bytes" + of_it]) > 0, 20, "the cache is measured")
    found = samples()
    assert found[up] == "1" and found["bootsman_mount_remounts_total" + of_it] == "0"
    assert 0 < float(found["bootsman_mount_probe_seconds" + of_it]) < 20
    if promtool := shutil.which("promtool"):
        said = subprocess.run([promtool, "check", "metrics"], input=container.http("/metrics").body, text=True,
                              capture_output=True, timeout=30)
        assert (said.returncode, said.stdout + said.stderr) == (0, "")
    os.kill(container.process_with("s3fs jobs-"), signal.SIGKILL)
    eventually(lambda: samples()["bootsman_mount_remounts_total" + of_it] == "1" and samples()[up] == "1", 30,
               "the remount is counted")
    container.bootsman("stop", "workdir")
    assert samples()[up] == "0"
    page = container.http("/-/status").body
    assert '<tr><td>mount.workdir</td><td class="number" data-label="On">/workdir</td>' in page
    assert '<span class="state away">away</span></td><td class="number" data-label="Remounts">1</td>' in page
    assert bucket not in page + container.http("/metrics").body


def test_a_decryptor_makes_the_key_of_the_secret(boot, root, store, bucket):
    root.write("/opt/decrypt", "#!/bin/sh\nread -r secret\n[ \"$1\" = --now ] && [ \"$secret\" = encrypted ] && "
               f"echo {SECRET}\n")
    root.path("/opt/decrypt").chmod(0o755)
    container = boot(s3_mount(bucket, more='decryptor = ["/opt/decrypt", "--now"]'), env={"SECRET_KEY": "encrypted"})
    container.wait_for_log("workdir: ready", 30)
    assert container.exec("cat", "/workdir/hello.txt").stdout == "hello\n"
    assert SECRET not in container.log


def status(container):
    return json.loads(container.bootsman("status", "--json").stdout)["units"]


def test_the_preset_mounts_what_JOB_PREFIX_names(maker, root, store, bucket):
    root.write("/run/key-id", KEY_ID + "\n")
    root.write("/run/key", SECRET + "\n")
    container = maker.start(root, network=store.pid, env={
        "JOB_PREFIX": f"obs://{bucket}/data/", "S3_ENDPOINT": ENDPOINT,
        "ACCESS_KEY_FILE": "/run/key-id", "SECRET_KEY_FILE": "/run/key"})
    container.wait_for_log("workdir: ready", 30)
    assert container.exec("cat", "/workdir/sub/two.txt").stdout == "two\n"


def test_a_read_only_mount_takes_no_write(boot, store, bucket):
    container = boot(s3_mount(bucket, more="read_only = true"))
    container.wait_for_log("workdir: ready", 30)
    assert "Read-only file system" in container.exec("touch", "/workdir/x", check=False).stderr
    assert "Read-only file system" in container.exec("rm", "/workdir/hello.txt", check=False).stderr
    assert store.get(bucket, "data/hello.txt") == b"hello\n"


def test_the_secret_key_is_in_no_argument_variable_or_line(boot, store, bucket):
    container = boot(s3_mount(bucket))
    container.wait_for_log("workdir: ready", 30)
    for pid in container.processes():
        seen = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        assert SECRET.encode() not in seen
    assert SECRET not in container.log + container.bootsman("status", "--json").stdout


def test_the_job_starts_when_the_mount_is_there(boot, store, bucket):
    container = boot(s3_mount(bucket), "--", "cat", "/workdir/hello.txt")
    assert container.wait(30) == 0
    assert "hello" in container.log


def test_what_the_image_has_at_the_target_is_hidden_and_kept(boot, root, store, bucket):
    root.write("/workdir/local.txt", "mine")
    container = boot(s3_mount(bucket))
    container.wait_for_log("workdir: ready", 30)
    assert "warning: workdir: /workdir holds 1 entry (local.txt), hidden by the mount" in container.log
    assert container.exec("ls", "/workdir").stdout.split() == ["hello.txt", "sub"]
    assert container.stop(20) == 0
    assert root.path("/workdir/local.txt").read_text() == "mine"


def test_an_upload_under_way_when_the_stop_comes_is_completed(boot, store, bucket):
    script = (r"import os, time\nf = open('/workdir/big', 'wb')\nf.write(b'0123456789abcdef' * 262144)\n"
              r"print('written', flush=True)\nwhile not os.path.exists('/go'): time.sleep(0.05)\n"
              r"print('closing', flush=True)\nf.close()")
    container = boot(s3_mount(bucket) + f"""
[service.writer]
command = ["python3", "-c", "{script}"]
requires = ["mount.workdir"]
""")
    container.wait_for_log("^writer .*written", 40)
    store.pause(True)
    try:
        container.exec("touch", "/go")
        container.wait_for_log("^writer .*closing", 10)
        container.signal()
        container.wait_for_log("stopping: SIGTERM", 10)
    finally:
        store.pause(False)
    assert container.wait(30) == 0
    assert store.get(bucket, "data/big") == b"0123456789abcdef" * 262144


def test_an_upload_that_the_stop_cuts_off_leaves_no_part_behind(boot, store, bucket):
    """The writer is stopped in the middle, and the server hangs until all is over."""
    script = (r"import time\nf = open('/workdir/cut', 'wb', 0)\n"
              r"for i in range(1 << 20):\n  f.write(bytes(65536))\n  print('written', flush=True) if i == 64 else None\n"
              r"  time.sleep(0.01)")
    container = boot(s3_mount(bucket, more='stop.timeout = "3s"') + f"""
[service.writer]
command = ["python3", "-c", "{script}"]
requires = ["mount.workdir"]
stop = {{ signal = "SIGKILL" }}
""")
    container.wait_for_log("^writer .*written", 40)
    store.pause(True)
    try:
        container.signal()
        assert container.wait(40) == 0
    finally:
        store.pause(False)
    eventually(store.answers, 30, "the store answers")
    # Opening a new file makes an empty object at once, by s3fs' own way.
    assert store.get(bucket, "data/cut") in (None, b"")


def test_a_full_cache_disk_fails_the_write_and_not_the_mount(boot, store, bucket):
    container = boot(s3_mount(bucket, more='cache = "/cachedisk/s3"\nafter = ["mount.cachedisk"]') + """
[mount.cachedisk]
type = "tmpfs"
target = "/cachedisk"
options = ["size=80m"]
""")
    container.wait_for_log("workdir: ready", 30)
    # s3fs does not start on a disk with less than its parts need; so it fills up later.
    container.exec("dd", "if=/dev/zero", "of=/cachedisk/ballast", "bs=1M", "count=75")
    written = container.exec("dd", "if=/dev/zero", "of=/workdir/large", "bs=1M", "count=16", check=False, timeout=60)
    stored = store.get(bucket, "data/large")
    assert len(stored or b"") == 16 << 20 if written.returncode == 0 else written.stderr
    container.exec("rm", "/cachedisk/ballast")
    eventually(lambda: container.exec("sh", "-c", "echo small > /workdir/small", check=False).returncode == 0, 20,
               "writing works again")
    assert store.get(bucket, "data/small") == b"small\n"


def test_the_cache_folder_is_kept_below_its_limit(boot, store, bucket):
    for number in range(6):
        store.put(bucket, f"data/block{number}", bytes([number]) * (1 << 20))
    container = boot(s3_mount(bucket, more='cache = "/cache"\ncache_limit = "3MiB"'))
    container.wait_for_log("workdir: ready", 30)
    container.exec("sh", "-c", "cat /workdir/block* >/dev/null")

    def size():
        return int(container.exec("du", "-sk", f"/cache/{bucket}").stdout.split()[0])
    eventually(lambda: size() <= 3 * 1024, 20, "the cache is below its limit")
    for number in range(6):
        assert container.exec("head", "-c", "1", f"/workdir/block{number}").stdout == chr(number)


# The script that images had before, as it was published and as it was meant.
PUBLISHED = """#!/bin/bash
echo "***Start to create s3 conf***"
data=$JOB_PREFIX
temp=${data:5}
bucket=${temp%%/*}
mountdir=/${temp#*/}touch /jupyter/.passwd-s3fs
echo "$ACCESS_KEY:SECRET_KEY" > /jupyter/.passwd-s3fs
chmod 600 /jupyter/.passwd-s3fs
echo "***Start to mount S3***"
rm -rf /workdir/*
mkdir -p /workdir
s3fs $bucket:$mountdir /workdir -o passwd_file=/jupyter/.passwd-s3fs -o url=http://$S3_ENDPOINT -o use_path_request_style -o uid=0,umask=227,gid=0 -o use_cache=/tmp/cache
if [ $? -ne 0 ];then echo "S3 mount failed"; exit 1; fi
"""
MEANT = PUBLISHED.replace("}touch ", "}\ntouch ").replace(":SECRET_KEY", ":$SECRET_KEY")


@pytest.mark.parametrize("script", [PUBLISHED, MEANT], ids=["as published", "as meant"])
def test_an_image_that_mounts_by_its_own_script_loses_no_object(maker, root, store, bucket, script):
    root.write("/run.sh", script)
    root.path("/run.sh").chmod(0o755)
    root.path("/jupyter").mkdir()
    container = maker.start(
        root, "--", "/bin/sh", "-c", "/run.sh && echo job-goes-on; sleep 2; ls /workdir", network=store.pid,
        env={"JOB_PREFIX": f"s3://{bucket}/data", "S3_ENDPOINT": ENDPOINT, "ACCESS_KEY": KEY_ID, "SECRET_KEY": SECRET})
    container.wait(60)
    assert "workdir: skipped: /run.sh deletes what is below /workdir: docs/mounts.md" in container.log
    if script == MEANT:
        assert "hello.txt" in container.log
    assert sorted(store.keys(bucket)) == ["data/hello.txt", "data/sub/two.txt", "other/three.txt"]


def test_the_shim_for_run_sh_waits_for_the_mount(maker, root, store, bucket):
    text = (Path(__file__).resolve().parents[2] / "docs/mounts.md").read_text()
    shim = text.split("```sh\n", 1)[1].split("```", 1)[0]
    root.write("/run.sh", shim)
    root.path("/run.sh").chmod(0o755)
    container = maker.start(
        root, "--", "/bin/sh", "-c", "/run.sh && cat /workdir/hello.txt", network=store.pid,
        env={"JOB_PREFIX": f"s3://{bucket}/data", "S3_ENDPOINT": ENDPOINT, "ACCESS_KEY": KEY_ID, "SECRET_KEY": SECRET})
    assert container.wait(60) == 0
    assert "\nhello\n" in container.log
    assert BINARY_INSIDE in shim
