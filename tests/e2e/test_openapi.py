"""What the control socket answers is what packaging/openapi.yaml says: statuses, members, types; and its parameters are
taken. That both have the same paths is a test of its own (tests/shell_unit/control/openapi_test.cpp)."""

import json

import pytest

from lib.container import eventually
from lib.root import REPOSITORY

yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed: openapi.yaml is not read")
SOCKET = "/run/bootsman/control.sock"
DESCRIBED = yaml.safe_load((REPOSITORY / "packaging/openapi.yaml").read_text())
CONFIG = ('[service.web]\ncommand = ["sh", "-c", "echo up; exec sleep 1000"]\n'
          '[service.loop]\ncommand = ["sh", "-c", "echo oops >&2; exit 3"]\nrestart = { delay = "1h", max_delay = "1h" }\n'
          '[mount.scratch]\ntype = "tmpfs"\ntarget = "/scratch"\n[step.first]\ncommand = ["true"]\n')
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}

# Method, path as described, {unit}, values of the query, status.
REQUESTS = [
    ("GET", "/v1/units", "", {}, 200),
    ("GET", "/v1/units", "", {"usage": "true"}, 200),
    ("GET", "/v1/units", "", {"usage": "x"}, 400),
    ("GET", "/v1/units/{unit}", "web", {"usage": "true"}, 200),
    ("GET", "/v1/units/{unit}", "mount.scratch", {}, 200),
    ("GET", "/v1/units/{unit}", "nobody", {}, 404),
    ("POST", "/v1/units/{unit}/start", "web", {"timeout": "30s"}, 200),
    ("POST", "/v1/units/{unit}/stop", "first", {"timeout": "x"}, 400),
    ("POST", "/v1/units/{unit}/restart", "web", {}, 200),
    ("POST", "/v1/units/{unit}/signal", "web", {"signal": "CONT"}, 200),
    ("POST", "/v1/units/{unit}/signal", "loop", {"signal": "CONT"}, 409),
    ("POST", "/v1/units/{unit}/exec", "web", {"word": "true", "terminal": "true", "rows": "2", "columns": "9",
                                              "term": "dumb"}, 426),
    ("POST", "/v1/units/{unit}/attach", "web", {"rows": "2", "columns": "9"}, 409),
    ("POST", "/v1/exec", "", {"word": "true", "terminal": "true", "rows": "2", "columns": "9", "term": "dumb"}, 426),
    ("GET", "/v1/logs", "", {"unit": "web", "n": "5", "after": "0", "wait": "0s", "since_us": "0"}, 200),
    ("GET", "/v1/logs", "", {"n": "many"}, 400),
    ("GET", "/v1/logs", "", {"unit": "nobody"}, 404),
    ("GET", "/v1/events", "", {"unit": "web", "n": "20", "follow": "false"}, 200),
    ("GET", "/v1/events", "", {"after": "0", "follow": "false"}, 200),
    ("GET", "/v1/events", "", {"unit": "nobody"}, 404),
    ("GET", "/v1/boot", "", {}, 200),
    ("POST", "/v1/logs/rotate", "", {}, 200),
    ("POST", "/v1/reload", "", {"timeout": "30s"}, 200),
    ("POST", "/v1/shutdown", "", {"exit_code": "300"}, 400),
]


def resolve(node):
    while "$ref" in node:
        found = DESCRIBED
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def faults(value, schema, where):
    """How the value differs from its description; a member that is not described is a fault."""
    schema = resolve(schema)
    if value is None:
        return [] if schema.get("nullable") else [f"{where} is null"]
    kind = TYPES[schema["type"]]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return [f"{where} is no {schema['type']}: {value!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where} is none of {schema['enum']}: {value!r}"]
    if isinstance(value, list):
        return [fault for one in value for fault in faults(one, schema["items"], where + "[]")]
    if not isinstance(value, dict):
        return []
    known = schema["properties"]
    found = [f"{where}.{name} is not described" for name in value if name not in known]
    return found + [fault for name, one in value.items() if name in known
                    for fault in faults(one, known[name], f"{where}.{name}")]


def parameters(operation):
    return {one["name"] for one in map(resolve, operation.get("parameters", [])) if one["in"] == "query"}


def ask(container, method, path, query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    answer = container.exec("curl", "-sS", "--max-time", "60", "-X", method, "--unix-socket", SOCKET, "-w", "\n%{http_code}",
                            f"http://bootsman{path}" + (f"?{text}" if text else ""), timeout=90).stdout
    body, status = answer.rsplit("\n", 1)
    return int(status), json.loads(body)


def test_answers_are_as_described(boot):
    container = boot(CONFIG)
    container.wait_for_boot()
    eventually(lambda: "backoff" in container.bootsman("status", "loop").stdout, 20, "the loop waits")
    for method, path, unit, query, expected in REQUESTS:
        operation = DESCRIBED["paths"][path][method.lower()]
        what = f"{method} {path} {unit} {query}"
        status, body = ask(container, method, path.replace("{unit}", unit), query)
        assert status == expected, (what, body)
        assert str(status) in operation["responses"], what
        assert not set(query) - parameters(operation), what
        schema = resolve(operation["responses"][str(status)])["content"]["application/json"]["schema"]
        assert not faults(body, schema, what)
    assert container.stop() == 0


def test_every_described_operation_and_parameter_is_asked_for():
    asked = {(method, path) for method, path, *_ in REQUESTS}
    described = {(method.upper(), path) for path, item in DESCRIBED["paths"].items() for method in item}
    assert asked == described
    for method, path in sorted(asked):
        used = {name for one, other, _, query, _ in REQUESTS if (one, other) == (method, path) for name in query}
        rest = parameters(DESCRIBED["paths"][path][method.lower()]) - used
        assert rest <= {"timeout"}, (method, path, rest)
