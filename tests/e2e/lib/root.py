"""A throw-away root file system, kept in a mount namespace of its own."""

import os
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
ROOT_SH = REPOSITORY / "packaging/demo/root.sh"
BINARY_INSIDE = "/opt/bootsman/bootsman"


class Root:
    """The machine's root below a layer in memory (packaging/demo/root.sh).

    It outlives the containers that run in it, so that a second boot finds what the first one left,
    and is gone with close(), or with this process.
    """

    def __init__(self, folder, binds):
        """`folder` must exist and be empty. `binds` are pairs (source, target), shown read-only."""
        self.folder = Path(folder)
        words = [str(word) for pair in binds for word in pair]
        self._holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private", "--",
             "sh", "-c", '"$@" && echo ready && exec cat', "sh", ROOT_SH, self.folder, *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "ready\n":
            raise RuntimeError("cannot build a root file system; its messages are above")
        self.pid = self._holder.pid
        self._base = Path(f"/proc/{self.pid}/root{self.folder}")

    def close(self):
        self._holder.kill()
        self._holder.wait()
        self._holder.stdin.close()
        self._holder.stdout.close()

    @property
    def mount_point(self):
        """Where the root lies, as a process inside the mount namespace names it."""
        return self.folder / "root"

    @property
    def changes(self):
        """The folder that holds only what differs from the machine's root."""
        return self._base / "upper"

    def path(self, inside):
        """The file `inside` (absolute) of this root, for reading and writing from the tests.

        Refuses absolute symbolic links on the way: followed from here they lead to the machine's own
        files.
        """
        result = self._base / "root"
        for part in Path(inside).relative_to("/").parts:
            result = result / part
            if result.is_symlink() and os.readlink(result).startswith("/"):
                raise ValueError(f"{inside} goes through the absolute symbolic link {result}")
        return result

    def write(self, inside, text, mode=None):
        target = self.path(inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        if mode is not None:
            target.chmod(mode)
        return target

    def append(self, inside, text):
        target = self.path(inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a") as file:
            file.write(text)

    def read(self, inside):
        return self.path(inside).read_text()

    def remove(self, inside):
        target = self.path(inside)
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)

    def run(self, *command):
        """Runs a command in the root's mount namespace, outside of the root (for mounts)."""
        subprocess.run(["nsenter", f"--mount=/proc/{self.pid}/ns/mnt", "--", *map(str, command)], check=True)

    def make_read_only(self, inside):
        target = self.mount_point / Path(inside).relative_to("/")
        self.run("mount", "--bind", target, target)
        self.run("mount", "-o", "remount,ro,bind", target)
