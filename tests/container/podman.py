"""podman with a set-up of its own: nothing of the machine's containers is touched."""

import hashlib
import http.client
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / "build/container"

sys.path.insert(0, str(REPOSITORY / "tests/e2e"))

from lib.container import eventually, processes_beside  # noqa: E402
from lib.netns import Connection  # noqa: E402
from lib.pty import Terminal  # noqa: E402

PROGRAMS = ("podman", "runc", "catatonit", "mmdebstrap", "sshpass", "ssh")


def missing_programs():
    return [name for name in PROGRAMS if not shutil.which(name)
            and not Path("/usr/libexec/podman", name).exists()]


class Podman:
    """Images are kept in build/container for the next run; containers and mounts end with close()."""

    def __init__(self):
        CACHE.mkdir(parents=True, exist_ok=True)
        # A short name: conmon's socket lies below it and may have 108 characters.
        self._run = Path("/tmp") / f"bootsman-{hashlib.sha256(str(CACHE).encode()).hexdigest()[:8]}"
        self._run.mkdir(exist_ok=True)
        self._graph = CACHE / "graph"
        self._environment = {**os.environ, "DISABLE_HC_SYSTEMD": "true",
                             "CONTAINERS_STORAGE_CONF": self._write("storage.conf", self._storage()),
                             "CONTAINERS_CONF": self._write("containers.conf", self._containers()),
                             "CONTAINERS_REGISTRIES_CONF": self._write("registries.conf",
                                                                       "unqualified-search-registries = []\n")}
        self._containers_made = []

    def _write(self, name, text):
        path = CACHE / name
        path.write_text(text)
        return str(path)

    def _storage(self):
        return f'[storage]\ndriver = "overlay"\nrunroot = "{self._run}/run"\ngraphroot = "{self._graph}"\n'

    def _containers(self):
        """Limits within the machine's own, and a runtime that takes every kind of control groups."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        files = 1048576 if files == resource.RLIM_INFINITY else files
        processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        most = int(Path("/proc/sys/kernel/pid_max").read_text())
        processes = most if processes == resource.RLIM_INFINITY else min(processes, most)
        return (f'[containers]\ndefault_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]\n'
                f'[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
                f'tmp_dir = "{self._run}/tmp"\n')

    def __call__(self, *words, timeout=60, check=True, **options):
        """podman WORDS; returns the finished process with its output as text."""
        # conmon leaves an empty file "oom" in its folder when it sees a lack of memory.
        result = subprocess.run(["timeout", "--kill-after=10", str(timeout), "podman", *map(str, words)], cwd=self._run,
                                env=self._environment, capture_output=True, text=True, check=False, **options)
        if check:
            assert result.returncode == 0, f"podman {words}: {result.returncode}\n{result.stdout}{result.stderr}"
        return result

    def has_image(self, name):
        return self("image", "exists", name, check=False).returncode == 0

    def start(self, *words, **options):
        """podman run -d WORDS; returns the Running container."""
        number = self("run", "-d", "--pull=never", "--network=none", *words, **options).stdout.strip()
        self._containers_made.append(number)
        return Running(self, number)

    def terminal(self, *words):
        """podman run -it WORDS, on a terminal of its own; a context manager."""
        name = f"terminal-{os.getpid()}-{len(self._containers_made)}"
        self._containers_made.append(name)
        return Terminal(["timeout", "--foreground", "--kill-after=10", "120", "podman", "run", "-it", "--name", name,
                         "--pull=never", "--network=none", *words], env=self._environment)

    def close(self):
        for number in self._containers_made:
            self("rm", "-f", "-t", "2", number, check=False)
        # podman mounts this folder onto itself and leaves it so.
        while subprocess.run(["umount", self._graph / "overlay"], capture_output=True, check=False).returncode == 0:
            pass
        shutil.rmtree(self._run, ignore_errors=True)


class Running:
    """A container that podman started. Its network is its own: probes enter it."""

    def __init__(self, podman, number):
        self._podman, self.number = podman, number

    def inspect(self, template):
        return self._podman("inspect", self.number, "--format", template).stdout.strip()

    @property
    def pid(self):
        return int(self.inspect("{{.State.Pid}}"))

    @property
    def exit_code(self):
        return int(self.inspect("{{.State.ExitCode}}"))

    @property
    def logs(self):
        result = self._podman("logs", self.number)
        return result.stdout + result.stderr

    def status(self, path, port=8080, timeout=5, pid=None):
        """The status code of a GET, 0 if nobody answers in time."""
        connection = Connection(pid or self.pid, port, timeout)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def wait_for_http(self, path, port=8080, timeout=60):
        pid = self.pid
        eventually(lambda: self.status(path, port, pid=pid) == 200, timeout, f"GET :{port}{path} answers 200")

    def exec(self, *words, **options):
        return self._podman("exec", self.number, *words, **options)

    def processes(self):
        return processes_beside(self.pid)

    def ssh(self, password, *words, input=None):
        return subprocess.run(
            ["nsenter", f"--target={self.pid}", "--net", "--", "timeout", "20", "sshpass", "-p", password, "ssh",
             "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
             "-o", "PreferredAuthentications=password", "root@127.0.0.1", *words],
            input=input, capture_output=True, text=True, timeout=30, check=False)

    def stop(self, seconds):
        """podman stop; returns the exit code."""
        self._podman("stop", "-t", seconds, self.number, timeout=seconds + 20)
        return self.exit_code

    def state(self):
        return json.loads(self._podman("inspect", self.number).stdout)[0]["State"]
