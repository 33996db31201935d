"""Why a bucket cannot be mounted: said in one sentence, and the container ends with 1."""

import glob
import re

import pytest
from conftest import s3_mount
from lib.container import eventually
from lib.root import BINARY_INSIDE
from store import SECRET

SHUTDOWN = 'on_failure = "shutdown"\ntimeout = "3s"'


def ends_with(container, text):
    ends_matching(container, re.escape(text))


def ends_matching(container, pattern):
    assert container.wait(60) == 1
    assert re.search(pattern, container.log), container.log
    assert SECRET not in container.log


def test_a_wrong_secret_is_named(boot, store, bucket):
    container = boot(s3_mount(bucket, more=SHUTDOWN), env={"SECRET_KEY": "not-the-key"})
    ends_with(container, f"cannot mount s3://{bucket}/data on /workdir: access denied (403 SignatureDoesNotMatch)")
    assert "not-the-key" not in container.log and "AKEX…01" in container.log


def test_an_unknown_key_is_named(boot, store, bucket):
    ends_with(boot(s3_mount(bucket, key_id="AKUNKNOWN00000", more=SHUTDOWN)), "access denied (403")


def test_a_missing_bucket_is_named(boot, store):
    ends_with(boot(s3_mount("no-such-bucket", more=SHUTDOWN)),
              'the bucket "no-such-bucket" does not exist (404 NoSuchBucket)')


def test_a_server_that_is_not_there_is_named_when_the_time_is_over(boot, store, bucket):
    # The time may be over while the last try is told, or during the rest after several tries.
    ends_matching(boot(s3_mount(bucket, endpoint="127.0.0.1:1", more=SHUTDOWN)),
                  r"no answer from http://127.0.0.1:1: connection refused(, \d+ times in [\d.]+ s)?; not mounted within 3 s")


def test_a_missing_secret_is_named(boot, store, bucket):
    ends_with(boot(s3_mount(bucket, more=SHUTDOWN), env={"SECRET_KEY": ""}), "the secret SECRET_KEY is not set")


def test_a_clock_that_is_off_is_named(boot, store, bucket):
    libraries = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not libraries:
        pytest.skip("faketime is not installed")
    # Not by the program faketime, which makes a process of its own that would be left behind.
    store.restart_proxy("env", f"LD_PRELOAD={libraries[0]}", "FAKETIME=+1h")
    try:
        eventually(store.responds, 30, "the store answers")
        ends_with(boot(s3_mount(bucket, more=SHUTDOWN)), "; set the clock")
    finally:
        store.restart_proxy()
        eventually(store.answers, 30, "the store answers")


def test_a_decryptor_that_fails_is_named(boot, root, store, bucket):
    root.write("/opt/decrypt", "#!/bin/sh\necho no licence >&2\nexit 4\n")
    root.path("/opt/decrypt").chmod(0o755)
    ends_with(boot(s3_mount(bucket, more=f'decryptor = ["/opt/decrypt"]\n{SHUTDOWN}')),
              "cannot decrypt the secret: /opt/decrypt exited 4: no licence")


def test_without_dev_fuse_one_line_says_what_to_add(maker, root, store, bucket):
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n' + s3_mount(bucket, more=SHUTDOWN))
    hide = ("mkdir /run/dev && mount --rbind /dev /run/dev && mount -t tmpfs none /dev && "
            "for n in null zero urandom random tty; do touch /dev/$n && mount --bind /run/dev/$n /dev/$n; done && "
            f"exec {BINARY_INSIDE} run")
    container = maker.start(root, network=store.pid, env={"SECRET_KEY": SECRET}, command=["/bin/sh", "-c", hide])
    ends_with(container, "this container lacks /dev/fuse: add SYS_ADMIN to the pod's "
                         "securityContext.capabilities and give it the device /dev/fuse, or mount a CSI volume")
    lines = [line for line in container.log.splitlines() if "/dev/fuse" in line]
    # The failure, and that the container ends for it.
    assert len(lines) == 2 and lines[1].startswith("bootsman | stopping: "), lines


def test_without_the_capability_one_line_says_what_to_add(maker, root, store, bucket):
    root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n' + s3_mount(bucket, more=SHUTDOWN))
    container = maker.start(root, network=store.pid, env={"SECRET_KEY": SECRET}, command=[
        "setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", BINARY_INSIDE, "run"])
    ends_with(container, "this container lacks the capability SYS_ADMIN: add SYS_ADMIN to the pod's "
                         "securityContext.capabilities and give it the device /dev/fuse, or mount a CSI volume")
