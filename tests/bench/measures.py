"""What is measured. Each function makes one run of one peer and gives numbers, or None where it cannot do that.

Every count is checked: a run in which a unit did not start or a line did not arrive raises an error."""

import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from life import Fifo, Life, now

LINE = 100


class Wrong(Exception):
    """The peer did not do what was measured."""


@contextmanager
def folder():
    path = Path(tempfile.mkdtemp(prefix="bootsman-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def life_of(peer, load, count, lines=0):
    """The peer with so many units that are all up; yields (life, fifo, seconds from its exec until then)."""
    with folder() as place:
        fifo = Fifo(place / "up")
        command = peer.units(place, count, [load, "unit", fifo.path, lines])
        if command is None:
            yield None
            return
        # The namespaces are made before, and count for nobody.
        life = Life([load, "exec", fifo.path, *command], place)
        try:
            told = fifo.read(1 + count, 60 + count / 5)
            begun = [at for word, at in told if word == "exec"]
            up = [at for word, at in told if word == "up"]
            if len(begun) != 1 or len(up) != count:
                raise Wrong(f"only {len(up)} of {count} units came up")
            yield life, fifo, max(up) - begun[0]
        finally:
            life.end()
            fifo.close()


def boot_and_stop(peer, load, count, settings):
    with life_of(peer, load, count) as run:
        if run is None:
            return None
        life, _, seconds = run
        # Nothing of the boot is to be stopped.
        time.sleep(settings.settle)
        by = signal.SIGHUP if peer.name == "runit" else signal.SIGTERM
        stopped = life.stop(settings.stop_timeout, by)
        return {"boot_ms": seconds * 1000, "stop_ms": None if stopped is None else stopped * 1000}


def memory(peer, load, count, settings):
    """A moment after all have written, and when they have been silent for a while."""
    if peer.name in ("floor", "pipes"):
        return None  # They remember nothing.
    with life_of(peer, load, count, 655) as run:
        if run is None:
            return None
        time.sleep(settings.settle)
        at_once = run[0].memory(load) / (1 << 20)
        time.sleep(settings.rest)
        return {"pss_mib": run[0].memory(load) / (1 << 20), "pss_at_once_mib": at_once}


def idle(peer, load, settings):
    with life_of(peer, load, 3) as run:
        if run is None:
            return None
        time.sleep(settings.settle)
        before = run[0].wake_ups(load)
        time.sleep(settings.idle)
        return {"wake_ups_per_s": (run[0].wake_ups(load) - before) / settings.idle}


def restart(peer, load, settings):
    """Units that have run for a while are killed, each once; then one of them again and again, as soon as it is up."""
    with life_of(peer, load, settings.restarts) as run:
        if run is None:
            return None
        life, fifo, _ = run
        # Some of the peers start no unit twice within a second.
        time.sleep(1.1)

        def kill(pid):
            begun = now()
            os.kill(pid, signal.SIGKILL)
            up = fifo.read(1, 30)
            if not up:
                raise Wrong("a killed unit was not started again")
            return up[0][1] - begun

        def units():
            return sorted((pid for pid in life.processes() if is_running(pid, load) and pid != life.pid),
                          key=lambda pid: int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]))

        first = [kill(pid) for pid in units()]
        # The one that was started last.
        again = [kill(units()[-1]) for _ in range(settings.restarts_again)]
        return {"restart_ms": statistics.median(first) * 1000, "restart_again_ms": statistics.median(again) * 1000}


def is_running(pid, program):
    try:
        return os.readlink(f"/proc/{pid}/exe") == str(program)
    except OSError:
        return False


def orphans(peer, load, count, settings):
    with folder() as place:
        fifo = Fifo(place / "up")
        command = peer.single([load, "orphans", fifo.path, count])
        if command is None:
            return None
        life = Life(command, place)
        try:
            messages = fifo.read(2, 60)
            if len(messages) != 2:
                raise Wrong("the orphans' parent did not come to its end")
            (_, begun), (left, ended) = messages
            return {"orphans_per_s": count / (ended - begun), "orphans_left": int(left.split(":")[1])}
        finally:
            life.end()
            fifo.close()


def forwarding(peer, load, mode, writers, megabytes):
    """MB/s of text from the writers to a reader, and the forwarder's processor time per GB."""
    count = megabytes * 1_000_000 // LINE // writers
    with folder() as place:
        fifo = Fifo(place / "up")
        go = place / "go"
        os.mkfifo(go)
        command = forwarder(peer, place, [load, "write", mode, count, fifo.path, go], writers)
        if command is None:
            fifo.close()
            return None
        ours, theirs = os.pipe()
        reader = subprocess.Popen([load, "read", str(count * writers)], stdin=ours, stdout=subprocess.PIPE)
        os.close(ours)
        life = Life(command, place, stdout=theirs)
        os.close(theirs)
        started = None
        try:
            if len(fifo.read(writers, 60)) != writers:
                raise Wrong(f"not all of {writers} writers came up")
            before = life.cpu(load)
            started = os.open(go, os.O_RDWR)
            said = json.loads(reader.stdout.readline())
            cpu = life.cpu(load) - before
            if said["torn"] == 0 and said["lines"] != count * writers:
                raise Wrong(f"{said['lines']} of {count * writers} lines arrived")
            if said["torn"] == 0 and said["sum"] != writers * count * (count - 1) // 2:
                raise Wrong("some lines came twice, and others not at all")
            return {"mb_per_s": (said["lines"] + said["torn"]) * LINE / 1e6 / said["seconds"],
                    "cpu_s_per_gb": cpu / (count * writers * LINE / 1e9), "torn": said["torn"]}
        finally:
            life.end()
            reader.kill()
            reader.wait()
            fifo.close()
            if started is not None:
                os.close(started)


def forwarder(peer, place, command, writers):
    words = " ".join(map(str, command))
    # The sleep keeps the pipe open, so that who reads it is there to be asked for its processor time.
    kept = f"{{ {words}; exec sleep 60; }}"
    if peer.name == "floor":  # What no prefix costs: cat.
        return ["sh", "-c", " ".join(f"{kept} | cat &" for _ in range(writers)) + " wait"]
    if peer.name == "bootsman":
        quoted = ", ".join(f'"{word}"' for word in command)
        return peer.config(place, "".join(
            f'[service.w{i}]\ncommand = [{quoted}]\nrestart.when = "never"\n' for i in range(writers)))
    if peer.name == "supervisord":
        return peer.config(place, "".join(
            f"[program:w{i}]\ncommand={words}\nautorestart=false\nstartsecs=0\nstdout_logfile=/dev/fd/1\n"
            "stdout_logfile_maxbytes=0\n" for i in range(writers)))
    if peer.name == "s6":
        return ["sh", "-c", " ".join(f"{kept} | s6-log -b 'pw{i}: ' 1 &" for i in range(writers)) + " wait"]
    return None


class InNetwork:
    """Connections made inside another process's network namespace."""

    def __init__(self, pid, port):
        self._own = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._other = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        self._port = port

    def socket(self):
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        libc.setns(self._other, 0x40000000)
        try:
            made = socket.socket()
        finally:
            libc.setns(self._own, 0x40000000)
        return made

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.sock = self.socket()
        connection.sock.settimeout(2)
        connection.sock.connect(("127.0.0.1", self._port))
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def hold(self, text):
        """A connection on which that was sent, and which is left as it is."""
        made = self.socket()
        made.connect(("127.0.0.1", self._port))
        made.sendall(text)
        return made

    def close(self):
        os.close(self._own)
        os.close(self._other)


def health(peer, load, probes):
    """Milliseconds for GET of the health page while a unit floods the log, beside 100 other connections."""
    with folder() as place:
        flood = [load, "flood", 10**9]
        if peer.name == "bootsman":
            command = peer.config(place, '[service.flood]\ncommand = ["%s", "flood", "1000000000"]\n' % load)
            port, path = 8080, "/health"
        elif peer.name == "supervisord":
            command = peer.config(place, "[inet_http_server]\nport=127.0.0.1:8080\n[program:flood]\n"
                                  f"command={' '.join(map(str, flood))}\nstdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\n")
            port, path = 8080, "/"
        else:
            return None
        # The network needs its loopback up before the peer listens.
        command = ["sh", "-c", 'ip link set lo up; exec "$@"', "sh", *command]
        ours, theirs = os.pipe()
        # Not a thread of ours, which would keep the probes waiting.
        drain = subprocess.Popen(["cat"], stdin=ours, stdout=subprocess.DEVNULL)
        os.close(ours)
        life = Life(command, place, stdout=theirs)
        os.close(theirs)
        network = InNetwork(life.pid, port)
        try:
            until = now() + 20
            while True:
                try:
                    network.get(path)
                    break
                except OSError:
                    if now() > until:
                        raise Wrong(f"no answer on port {port}") from None
                    time.sleep(0.05)
            times = []
            # A third of these is idle, a third is in the middle of a request, a third has sent garbage.
            others = [network.hold(text) for text in (b"", b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"\0\xff garbage") * 34][:100]
            for _ in range(probes):
                begun = now()
                if network.get(path) != 200:
                    raise Wrong("not 200 during the flood")
                times.append(now() - begun)
                time.sleep(0.005)
            for one in others:
                one.close()
            times.sort()
            return {"health_p50_ms": times[len(times) // 2] * 1000, "health_p99_ms": times[len(times) * 99 // 100] * 1000}
        finally:
            life.end()
            network.close()
            drain.kill()
            drain.wait()
