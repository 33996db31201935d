"""A file system that never answers: run in a container as `python3 - MOUNTPOINT`, by its own text."""

import contextlib
import subprocess
import sys

import pytest

SOURCE = r'''
import ctypes, os, signal, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
target = sys.argv[1]
os.makedirs(target, exist_ok=True)
fuse = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"hung", target.encode(), b"fuse.hung", 0, options) != 0:
    sys.exit(f"cannot mount: {os.strerror(ctypes.get_errno())}")
# The kernel greets, is answered (fuse_init_out of protocol 7.31), and nothing more ever.
unique = struct.unpack_from("<IIQ", os.read(fuse, 1 << 20))[2]
answer = struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 12, 9, 65536, 1, 16, 0, 0)
os.write(fuse, struct.pack("<IiQ", 16 + len(answer), 0, unique) + answer)
print("mounted, and silent from now on", flush=True)
while True:
    # What it has not even taken can be given up by SIGKILL; what it has taken can not.
    signal.pause() if "deaf" in sys.argv else os.read(fuse, 1 << 20)
'''


@contextlib.contextmanager
def at(root, inside):
    """Mounts it at `inside` of that root: containers that start meanwhile find it there. Who waits for it can be killed:
    else the kernel would keep their PID namespace until the end of this."""
    target = root.mount_point / inside.removeprefix("/")
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "nsenter", f"--mount=/proc/{root.pid}/ns/mnt", "--",
                                sys.executable, "-c", SOURCE, str(target), "deaf"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        if "silent from now on" not in process.stdout.readline():
            pytest.skip(f"no file system of its own can be mounted here: {process.stderr.read()}")
        yield
    finally:  # Whoever waits for it gets an error now.
        process.kill()
        process.communicate()
