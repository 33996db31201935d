"""The gateway beside nginx, with the same upstream, in one run."""

import os
import re
import shutil
import threading
import time
from pathlib import Path

import pytest

from lib.netns import Connection

pytestmark = pytest.mark.long

SECONDS = 5
NGINX = """
worker_processes 1; pid /run/{name}.pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000;
  server {{ listen 127.0.0.1:{port} backlog=1024; location / {{ {does} }} }} }}
"""
UNITS = """
[gateway.routes]
"/" = "http://127.0.0.1:5000"
[service.upstream]
command = ["/usr/sbin/nginx", "-c", "/srv/upstream.conf", "-g", "daemon off;"]
ready = { tcp = "127.0.0.1:5000" }
[service.proxy]
command = ["/usr/sbin/nginx", "-c", "/srv/proxy.conf", "-g", "daemon off;"]
ready = { tcp = "127.0.0.1:8090" }
"""


@pytest.fixture
def container(boot, root):
    if not Path("/usr/sbin/nginx").exists() or not shutil.which("wrk"):
        pytest.skip("nginx and wrk are not installed")
    root.write("/srv/upstream.conf", NGINX.format(name="upstream", port=5000, does='return 200 "hello\\n";'))
    root.write("/srv/proxy.conf", NGINX.format(name="proxy", port=8090, does="proxy_pass http://127.0.0.1:5000;"))
    container = boot(UNITS)
    container.wait_for_http("/health/ready")
    return container


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(container, port, pid):
    """(requests per second of the server's CPU, wrk's report)."""
    before = cpu_seconds(pid)
    done = container.from_outside("wrk", "-t1", "-c32", f"-d{SECONDS}s", "--latency", f"http://127.0.0.1:{port}/", timeout=60)
    used = cpu_seconds(pid) - before
    report = done.stdout
    assert "Non-2xx" not in report and "Socket errors" not in report, report
    return int(re.search(r"(\d+) requests in", report)[1]) / used, report


def probe_times(container, over):
    connection = Connection(container.init, 8080, 10)
    times = []
    while not over.is_set():
        began = time.monotonic()
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b'{"health": "true"}'
        times.append(time.monotonic() - began)
        over.wait(0.01)
    connection.close()
    return sorted(times)


def test_half_of_nginxs_requests_per_core_at_least_and_probes_stay_quick(container, record_property):
    proxy = next(pid for pid, line in container.processes().items() if "worker" in line and
                 b"/srv/proxy.conf" in Path(f"/proc/{os_parent(pid)}/cmdline").read_bytes())
    nginx, nginx_report = load(container, 8090, proxy)
    over, times = threading.Event(), []
    prober = threading.Thread(target=lambda: times.extend(probe_times(container, over)))
    prober.start()
    ours, our_report = load(container, 8080, container.init)
    over.set()
    prober.join()
    p99 = times[int(len(times) * 0.99)] * 1000
    print(f"\nnginx: {nginx:.0f} requests per second of CPU\n{nginx_report}\n"
          f"gateway: {ours:.0f}\n{our_report}\n/health beside it: p99 {p99:.1f} ms of {len(times)}")
    assert ours / nginx >= 0.5
    # The client, the prober, both proxies and the upstream share the machine's cores.
    assert p99 < 50


def os_parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
