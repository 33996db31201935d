"""A real S3 store: Swift with its s3api, which checks signatures, in a network of its own."""

import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

from lib.container import eventually
from lib.netns import Connection

CONFIG = Path(__file__).resolve().parent / "swift"
KEY_ID, SECRET = "AKEXAMPLEKEY01", "s3cretkey"
PORT = 14621
ENDPOINT = f"127.0.0.1:{PORT}"
SERVERS = ("account", "container", "object", "proxy")
PROGRAMS = ("memcached", "swift-ring-builder", *(f"swift-{name}-server" for name in SERVERS))

# Swift reads /etc/swift only, so it gets a mount namespace in which that is the tests' own.
ENTER = 'mount --bind "$1/etc" /etc/swift && mount --bind "$1/srv" /srv && ip link set lo up && echo ready && exec cat'


def missing_programs():
    return [name for name in (*PROGRAMS, "s3fs") if not shutil.which(name)]


class Store:
    """Its network is that of the process `pid`; containers of the tests join it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="bootsman-store-", dir="/var/tmp"))
        shutil.copytree(CONFIG, self.folder / "etc")
        (self.folder / "srv/bootsman-store/d1").mkdir(parents=True)
        Path("/etc/swift").mkdir(exist_ok=True)
        self._holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--propagation", "private", "--",
             "sh", "-c", ENTER, "sh", self.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout.readline() == "ready\n", "the store's namespaces cannot be made"
        self.pid = self._holder.pid
        self.processes = {}
        self._make_rings()
        self._start("memcached", "memcached", "-l", "127.0.0.1", "-p", "14625", "-U", "0", "-u", "nobody", "-m", "16")
        for name in SERVERS:
            self.start(name)
        self._token = self._url = None
        eventually(self._log_in, 60, "the store answers")

    def _inside(self, *command):
        return ["nsenter", f"--target={self.pid}", "--net", "--mount", "--", "env", "PYTHONPATH=/etc/swift", *command]

    def _make_rings(self):
        # Three programs of a second each.
        script = ("cd /etc/swift; for s in account:14622 container:14623 object:14624; do n=${s%:*}; ( "
                  "swift-ring-builder $n.builder create 4 1 0 && "
                  "swift-ring-builder $n.builder add r1z1-127.0.0.1:${s#*:}/d1 1 && "
                  "swift-ring-builder $n.builder rebalance ) >/dev/null 2>&1 & done; wait; ls *.ring.gz | wc -l")
        done = subprocess.run(self._inside("sh", "-c", script), capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.strip() == "3", "the store's rings cannot be made"

    def _start(self, name, *command):
        self.processes[name] = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self._inside(*command)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def start(self, name, *before):
        """Starts one of SERVERS; `before` are words put before its command."""
        self._start(name, *before, f"swift-{name}-server", f"/etc/swift/{name}-server.conf")

    def stop(self, name):
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def pause(self, on):
        os.killpg(self.processes["proxy"].pid, signal.SIGSTOP if on else signal.SIGCONT)

    def restart_proxy(self, *before):
        self.stop("proxy")
        self.start("proxy", *before)

    def close(self):
        for name in list(self.processes):
            self.stop(name)
        self._holder.kill()
        self._holder.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What is in it, by Swift's own API: not the way that is under test.

    def _request(self, method, path, headers=None, body=None, timeout=20):
        connection = Connection(self.pid, PORT, timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def _log_in(self):
        try:
            status, _, headers = self._request("GET", "/auth/v1.0", {"X-Auth-User": "jobs:ws", "X-Auth-Key": SECRET})
        except (OSError, http.client.HTTPException):
            return False
        if status != 200:
            return False
        self._token = headers["X-Auth-Token"]
        self._url = urllib.parse.urlparse(headers["X-Storage-Url"]).path
        # The token may be good before the other servers are.
        return self.call("PUT", "/probe")[0] in (201, 202)

    def call(self, method, path, body=None):
        return self._request(method, self._url + urllib.parse.quote(path), {"X-Auth-Token": self._token}, body)

    def responds(self):
        """Whether anything at all is said; a server with a false clock refuses our token."""
        try:
            return self._request("GET", "/healthcheck")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def answers(self):
        try:
            return self.call("HEAD", "/probe")[0] == 204
        except (OSError, http.client.HTTPException):
            return False

    def bucket(self, name):
        assert self.call("PUT", f"/{name}")[0] in (201, 202)

    def put(self, bucket, key, data):
        assert self.call("PUT", f"/{bucket}/{key}", data)[0] == 201

    def get(self, bucket, key):
        """The object's bytes, None where there is none."""
        status, data, _ = self.call("GET", f"/{bucket}/{key}")
        return data if status == 200 else None

    def keys(self, bucket):
        status, data, _ = self.call("GET", f"/{bucket}")
        assert status in (200, 204)
        return data.decode().split()
