"""Metrics: what Prometheus reads from port 8080, judged by Prometheus' own tool."""

import json
import re
import shutil
import subprocess

from lib.container import eventually
from lib.root import REPOSITORY

UNITS = """
[service.web]
command = ["sh", "-c", "echo hello; exec sleep 1000"]
health = { exec = ["true"], every = "100ms" }

[service.loser]
command = ["sh", "-c", "exit 9"]
restart = { delay = "10ms", max_delay = "20ms" }

[service.parent]
command = ["sh", "-c", "(sleep 0.05 &) ; sleep 1000"]
"""


def samples(text):
    return dict(re.findall(r"^([^#\s]+) (\S+)$", text, re.MULTILINE))


def number(container, name):
    return float(samples(container.http("/-/metrics").body).get(name, -1))


def wait_for_number(container, name, least):
    eventually(lambda: number(container, name) >= least, 15, f"{name} >= {least}")


def test_prometheus_own_tool_finds_no_fault(boot):
    container = boot(UNITS)
    container.wait_for_boot()
    wait_for_number(container, 'bootsman_unit_restarts_total{unit="service.loser"}', 2)
    answer = container.http("/metrics")
    assert answer.status == 200
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: install the package prometheus"
    said = subprocess.run([promtool, "check", "metrics"], input=answer.body, text=True,
                          capture_output=True, timeout=30)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_prometheus_itself_takes_them_as_openmetrics(boot, tmp_path):
    container = boot(UNITS)
    container.wait_for_boot()
    assert shutil.which("prometheus"), "prometheus is missing: install the package"
    (tmp_path / "prometheus.yml").write_text(
        "scrape_configs: [{job_name: a, scrape_interval: 200ms, scrape_timeout: 200ms, "
        "static_configs: [{targets: ['127.0.0.1:8080']}]}]\n")
    prometheus = subprocess.Popen(
        ["nsenter", f"--target={container.init}", "--net", "--", "prometheus", f"--config.file={tmp_path}/prometheus.yml",
         f"--storage.tsdb.path={tmp_path}/data", "--web.listen-address=127.0.0.1:9090", "--log.level=error"],
        stderr=subprocess.DEVNULL)
    try:
        def known(query):
            try:
                answer = container.http(f"/api/v1/query?query={query}", port=9090)
            except OSError:
                return []
            return json.loads(answer.body)["data"]["result"] if answer.status == 200 else []
        eventually(lambda: known("bootsman_healthy"), 30, "Prometheus has read the numbers")
        target = json.loads(container.http("/api/v1/targets", port=9090).body)["data"]["activeTargets"][0]
        assert (target["health"], target["lastError"]) == ("up", "")
        assert {one["metric"]["unit"] for one in known("bootsman_unit_restarts_total")} == {
            "service.web", "service.loser", "service.parent"}
        # Only OpenMetrics tells a number's unit.
        about = json.loads(container.http("/api/v1/metadata?metric=process_resident_memory_bytes", port=9090).body)["data"]
        assert about["process_resident_memory_bytes"][0]["unit"] == "bytes"
    finally:
        prometheus.kill()
        prometheus.wait()


def test_numbers_are_those_of_the_units(boot):
    container = boot(UNITS)
    container.wait_for_boot()
    wait_for_number(container, 'bootsman_unit_restarts_total{unit="service.loser"}', 3)
    wait_for_number(container, "bootsman_orphans_reaped_total", 1)
    wait_for_number(
        container,
        'bootsman_unit_checks_total{unit="service.web",check="health",result="passed"}', 2)
    found = samples(container.http("/-/metrics").body)
    assert found['bootsman_unit_state{unit="service.web",state="ready"}'] == "1"
    assert found['bootsman_unit_state{unit="service.web",state="failed"}'] == "0"
    assert found['bootsman_log_lines_total{unit="service.web"}'] == "1"
    assert found['bootsman_log_bytes_total{unit="service.web"}'] == "6"
    assert found["bootsman_healthy"] == "1"
    assert float(found["process_resident_memory_bytes"]) > 100_000
    assert float(found["process_open_fds"]) > 5
    assert float(found["bootsman_cgroup_memory_bytes"]) > 100_000


def test_no_line_of_output_and_no_environment_gets_out(boot):
    container = boot('[service.web]\nenv = { COLOUR = "mauve" }\n'
                     'command = ["sh", "-c", "echo chartreuse; exit 3"]\n')
    container.wait_for_boot()
    wait_for_number(container, 'bootsman_unit_restarts_total{unit="service.web"}', 1)
    text = container.http("/metrics").body
    assert "mauve" not in text and "chartreuse" not in text


def test_what_goes_through_the_gateway_is_counted_by_route(boot, root):
    root.write("/srv/upstream.py", (REPOSITORY / "tests/e2e/lib/upstream.py").read_text())
    container = boot("""
[gateway.routes]
"/app/" = "http://127.0.0.1:5000"
"/gone/" = "http://127.0.0.1:5999"
[service.app]
command = ["/usr/bin/python3", "/srv/upstream.py", "5000"]
ready = { tcp = "127.0.0.1:5000", every = "50ms" }
""")
    container.wait_for_http("/health/ready")
    assert [container.status(path) for path in ("/app/a", "/app/b", "/gone/c")] == [200, 200, 502]
    wait_for_number(container, 'bootsman_gateway_requests_total{route="/gone/",code="5xx"}', 1)
    found = samples(container.http("/metrics").body)
    assert found['bootsman_gateway_requests_total{route="/app/",code="2xx"}'] == "2"
    assert found['bootsman_gateway_requests_total{route="/app/",code="5xx"}'] == "0"
    assert int(found['bootsman_gateway_sent_bytes_total{route="/app/"}']) > 100
    assert float(found['bootsman_gateway_request_seconds_total{route="/app/"}']) < 60
    assert found["bootsman_gateway_under_way"] == "0"
    promtool = shutil.which("promtool")
    said = subprocess.run([promtool, "check", "metrics"], input=container.http("/metrics").body, text=True,
                          capture_output=True, timeout=30)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_dashboard_asks_for_numbers_that_exist():
    dashboard = json.loads((REPOSITORY / "packaging/grafana-dashboard.json").read_text())
    known = re.findall(r"^# TYPE (\S+)", (REPOSITORY / "tests/golden/wire/metrics.prom").read_text(), re.MULTILINE)
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [variable["query"] for variable in dashboard["templating"]["list"]]
    used = {name for text in asked for name in re.findall(r"\b(?:bootsman|process)_\w+", text)}
    assert len(used) > 10
    assert used - set(known) == set()
