"""Each kind of check on real processes: not ready until what it asks for is there, and healthy as long as it is."""

import json

from lib.container import eventually

SERVER = """
import http.server, pathlib
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"all is well" if pathlib.Path("/run/go").exists() else b"starting")
http.server.ThreadingHTTPServer(("127.0.0.1", 8081), Answer).serve_forever()
"""
UNTIL_GO = "until [ -e /run/go ]; do sleep 0.05; done;"
CONFIG = f"""
[service.http]
command = ["/usr/bin/python3", "/root/server.py"]
ready = {{ http = "http://127.0.0.1:8081/", body = "is well", every = "50ms" }}

[service.tcp]
command = ["sh", "-c", "{UNTIL_GO} exec /usr/bin/python3 -m http.server --bind 127.0.0.1 8082"]
ready = {{ tcp = "127.0.0.1:8082", every = "50ms" }}

[service.exec]
command = ["sleep", "1000"]
ready = {{ exec = ["test", "-e", "/run/go"], every = "50ms" }}
health = {{ exec = ["test", "!", "-e", "/run/bad"], every = "50ms", failures = 2 }}

[service.file]
command = ["sleep", "1000"]
ready = {{ file = "/run/go", every = "50ms" }}
health = {{ file = "/run/good", every = "50ms", failures = 1, initial_delay = "1h" }}

[service.log]
command = ["sh", "-c", "{UNTIL_GO} echo I am here now; exec sleep 1000"]
ready = {{ log = "am here" }}

[service.behind]
command = ["sleep", "1000"]
after = ["http", "tcp", "exec", "file", "log"]
"""
CHECKED = ("http", "tcp", "exec", "file", "log")


def test_each_kind_of_check_decides_when_its_unit_is_ready(boot, root):
    root.write("/root/server.py", SERVER)
    container = boot(CONFIG)

    def unit(name):
        units = json.loads(container.bootsman("status", "--json").stdout)["units"]
        return next(one for one in units if one["name"] == name)

    container.wait_for_log("http: started")
    eventually(lambda: container.status("/", port=8081) == 200, 20, "the server answers")
    assert {unit(name)["state"] for name in CHECKED} == {"running"}
    assert unit("behind")["state"] == "waiting" and "waits for service." in unit("behind")["why"]
    root.write("/run/go", "")
    container.wait_for_boot(20)
    assert {unit(name)["state"] for name in (*CHECKED, "behind")} == {"ready"}

    assert unit("file")["health"] == "unknown" and unit("log")["health"] == "none"
    assert "its health is not known yet" in container.bootsman("status", "file").stdout
    eventually(lambda: unit("exec")["health"] == "healthy", 10, "the check has passed")
    root.write("/run/bad", "")
    eventually(lambda: unit("exec")["health"] == "unhealthy", 10, "the check has failed twice")
    assert unit("exec")["state"] == "ready" and unit("exec")["restarts"] == 0
    assert container.status("/health") == 200
