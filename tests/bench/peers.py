"""How each supervisor is told to run units, and how its lines get a prefix."""

import os
import shutil
import subprocess
from pathlib import Path


class Peer:
    """One supervisor. `units` makes its configuration in `folder` and gives the command that runs so many."""

    name = ""
    program = ""
    files = ()  # What an image has to hold for it, for the size.

    def __init__(self, load):
        self.load = load

    def there(self):
        return shutil.which(self.program) is not None

    def size(self):
        paths = [shutil.which(file) or file for file in (self.program, *self.files)]
        return sum(Path(path).stat().st_size for path in paths if os.path.exists(path))

    def units(self, folder, count, unit):
        """None: it cannot run several."""
        return None

    def single(self, command):
        """As the init of one command; None: it cannot."""
        return None


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def words(command):
    return " ".join(map(str, command))


class Floor(Peer):
    name = "floor"

    def __init__(self, load):
        super().__init__(load)
        self.program = str(load)

    def units(self, folder, count, unit):
        return [self.load, "floor", count, *unit]

    def single(self, command):
        return [self.load, "init", *command]


class Pipes(Peer):
    """The floor of a supervisor that reads what its units write."""

    name = "pipes"

    def __init__(self, load):
        super().__init__(load)
        self.program = str(load)

    def units(self, folder, count, unit):
        return [self.load, "pipes", count, *unit]


class Bootsman(Peer):
    name = "bootsman"

    def __init__(self, load, binary):
        super().__init__(load)
        self.program = str(binary)

    def config(self, folder, text):
        path = folder / "bootsman.toml"
        path.write_text('extends = "empty"\n' + text)
        return [self.program, "run", "--config", path]

    def units(self, folder, count, unit):
        command = ", ".join(f'"{word}"' for word in unit)
        return self.config(folder, "".join(
            f'[service.u{i}]\ncommand = [{command}]\nrestart.delay = "0s"\n' for i in range(count)))

    def single(self, command):
        return [self.program, "wrap", "--", *command]


class Supervisord(Peer):
    name = "supervisord"
    program = "supervisord"

    def size(self):
        """With the Python that runs it, as the packages say."""
        packages = ("supervisor", "python3-pkg-resources", "python3*-minimal", "libpython3*-minimal", "libpython3*-stdlib")
        said = subprocess.run(["dpkg-query", "-W", "-f", "${Installed-Size}\\n", *packages], capture_output=True, text=True,
                              check=False).stdout
        return sum(map(int, said.split())) * 1024

    def config(self, folder, text):
        path = folder / "supervisord.conf"
        path.write_text(f"[supervisord]\nnodaemon=true\nuser=root\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={folder}/pid\n"
                        f"childlogdir={folder}\nminfds=4096\n" + text)
        return ["supervisord", "-c", path]

    def units(self, folder, count, unit):
        return self.config(folder, "".join(
            f"[program:u{i}]\ncommand={words(unit)}\nstdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\nstartsecs=0\n"
            for i in range(count)))


class S6(Peer):
    name = "s6"
    program = "s6-svscan"
    files = ("s6-supervise", "s6-log")

    def units(self, folder, count, unit):
        for i in range(count):
            script(folder / f"scan/u{i}/run", f"#!/bin/sh\nexec {words(unit)}\n")
            script(folder / f"scan/u{i}/log/run", f"#!/bin/sh\nexec s6-log -b 'pu{i}: ' 1\n")
        return ["s6-svscan", "-c", str(max(2 * count, 1000)), folder / "scan"]


class Runit(Peer):
    name = "runit"
    program = "runsvdir"
    files = ("runsv", "svlogd")

    def units(self, folder, count, unit):
        for i in range(count):
            script(folder / f"scan/u{i}/run", f"#!/bin/sh\nexec {words(unit)}\n")
        # A folder that changed in this second it looks at a second later; an image's is older.
        os.utime(folder / "scan", (0, 0))
        return ["runsvdir", folder / "scan"]


class Tini(Peer):
    name = program = "tini"

    def single(self, command):
        return ["tini", "--", *command]


class DumbInit(Peer):
    name = program = "dumb-init"

    def single(self, command):
        return ["dumb-init", "--", *command]


class Catatonit(Peer):
    name = program = "catatonit"

    def single(self, command):
        return ["catatonit", "--", *command]


def all_peers(load, binary):
    """Those that are installed."""
    peers = [Floor(load), Pipes(load), Bootsman(load, binary)]
    peers += [kind(load) for kind in (Supervisord, S6, Runit, Tini, DumbInit, Catatonit)]
    return [peer for peer in peers if peer.there()]
