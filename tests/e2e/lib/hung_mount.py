"""A file system that never answers: run in a container as `python3 - MOUNTPOINT`, by its own text."""

SOURCE = r'''
import ctypes, os, struct, sys

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
    os.read(fuse, 1 << 20)
'''
