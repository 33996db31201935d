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
import threading
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
    """The peer with so many units that are all up; yields (life, fifo, seconds until then)."""
    with folder() as place:
        fifo = Fifo(place / "up")
        command = peer.units(place, count, [load, "unit", fifo.path, lines])
        if command is None:
            yield None
            return
        life = Life(command, place)
        try:
            up = [at for word, at in fifo.read(count, 60 + count / 5) if word == "up"]
            if len(up) != count:
                raise Wrong(f"{peer.name}: only {len(up)} of {count} units came up")
            yield life, fifo, max(up) - life.begun
        finally:
            life.end()
            fifo.close()


def boot_and_stop(peer, load, count, settings):
    with life_of(peer, load, count) as run:
        if run is None:
            return None
        life, _, seconds = run
        by = signal.SIGHUP if peer.name == "runit" else signal.SIGTERM
        stopped = life.stop(settings.stop_timeout, by)
        return {"boot_ms": seconds * 1000, "stop_ms": None if stopped is None else stopped * 1000}


def memory(peer, load, count, settings):
    with life_of(peer, load, count, 655) as run:
        if run is None:
            return None
        time.sleep(settings.settle)
        return {"pss_mib": run[0].memory(load) / (1 << 20)}


def idle(peer, load, settings):
    with life_of(peer, load, 3) as run:
        if run is None:
            return None
        time.sleep(settings.settle)
        before = run[0].wake_ups(load)
        time.sleep(settings.idle)
        return {"wake_ups_per_s": (run[0].wake_ups(load) - before) / settings.idle}


def restart(peer, load, settings):
    with life_of(peer, load, 3) as run:
        if run is None:
            return None
        life, fifo, _ = run
        times = []
        for _ in range(settings.restarts):
            units = [pid for pid in life.processes() if os.readlink(f"/proc/{pid}/exe") == str(load) and pid != life.pid]
            begun = now()
            os.kill(units[0], signal.SIGKILL)
            up = fifo.read(1, 30)
            if not up:
                raise Wrong(f"{peer.name}: a killed unit was not started again")
            times.append(up[0][1] - begun)
        return {"restart_ms": statistics.median(times) * 1000, "restart_at_once_ms": max(times) * 1000}


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
                raise Wrong(f"{peer.name}: the orphans' parent did not come to its end")
            (_, begun), (left, ended) = messages
            return {"orphans_per_s": count / (ended - begun), "orphans_left": int(left.split(":")[1])}
        finally:
            life.end()
            fifo.close()


def forwarding(peer, load, mode, writers, megabytes):
    """MB/s of text from the writers to a reader, and the forwarder's processor time per GB."""
    count = megabytes * 1_000_000 // LINE // writers
    with folder() as place:
        command = forwarder(peer, place, [load, "write", mode, count], writers)
        if command is None:
            return None
        ours, theirs = os.pipe()
        reader = subprocess.Popen([load, "read", str(count * writers)], stdin=ours, stdout=subprocess.PIPE)
        os.close(ours)
        life = Life(command, place, stdout=theirs)
        os.close(theirs)
        try:
            said = json.loads(reader.stdout.readline())
            cpu = life.cpu(load)
            if said["torn"] == 0 and said["lines"] != count * writers:
                raise Wrong(f"{peer.name}: {said['lines']} of {count * writers} lines arrived")
            # Of cat and s6-log, which end with their writers, nothing is left to be asked.
            ends_early = peer.name in ("floor", "s6")
            return {"mb_per_s": (said["lines"] + said["torn"]) * LINE / 1e6 / said["seconds"],
                    "cpu_s_per_gb": None if ends_early else cpu / (count * writers * LINE / 1e9), "torn": said["torn"]}
        finally:
            life.end()
            reader.kill()
            reader.wait()


def forwarder(peer, place, command, writers):
    words = " ".join(map(str, command))
    if peer.name == "floor":  # What no prefix costs: cat.
        return ["sh", "-c", " ".join(f"{words} | cat &" for _ in range(writers)) + " wait; sleep 60"]
    if peer.name == "bootsman":
        quoted = ", ".join(f'"{word}"' for word in command)
        return peer.config(place, "".join(
            f'[service.w{i}]\ncommand = [{quoted}]\nrestart.when = "never"\n' for i in range(writers)))
    if peer.name == "supervisord":
        return peer.config(place, "".join(
            f"[program:w{i}]\ncommand={words}\nautorestart=false\nstartsecs=0\nstdout_logfile=/dev/fd/1\n"
            "stdout_logfile_maxbytes=0\n" for i in range(writers)))
    if peer.name == "s6":
        return ["sh", "-c", " ".join(f"{words} | s6-log -b 'pw{i}: ' 1 &" for i in range(writers)) + " wait; sleep 60"]
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
        flood = [load, "write", "big", 10**9]
        if peer.name == "bootsman":
            command = peer.config(place, '[service.flood]\ncommand = ["%s", "write", "big", "1000000000"]\n' % load)
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
        drain = threading.Thread(target=lambda: read_all(ours), daemon=True)
        drain.start()
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
                        raise Wrong(f"{peer.name}: no answer on port {port}") from None
                    time.sleep(0.05)
            times = []
            # A third of these is idle, a third is in the middle of a request, a third has sent garbage.
            others = [network.hold(text) for text in (b"", b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"\0\xff garbage") * 34][:100]
            for _ in range(probes):
                begun = now()
                if network.get(path) != 200:
                    raise Wrong(f"{peer.name}: not 200 during the flood")
                times.append(now() - begun)
                time.sleep(0.005)
            for one in others:
                one.close()
            times.sort()
            return {"health_p50_ms": times[len(times) // 2] * 1000, "health_p99_ms": times[len(times) * 99 // 100] * 1000}
        finally:
            life.end()
            network.close()
            drain.join(5)
            os.close(ours)


def read_all(fd):
    try:
        while os.read(fd, 1 << 20):
            pass
    except OSError:
        pass
