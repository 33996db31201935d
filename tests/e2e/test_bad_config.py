"""A bad configuration is refused as a whole, with the place of every error, and nothing is started."""

import subprocess

import pytest

# (what is wrong, configuration, "line:column" or "line" of the error, words that the message has)
ROWS = [
    ("an unknown key, with a hint", '[service.web]\ncomand = ["true"]\n', "2:1", ["comand", "command"]),
    ("an unknown table, with a hint", '[servce.web]\ncommand = ["true"]\n', "1:", ["servce", "service"]),
    ("a wrong type", '[service.web]\ncommand = ["true"]\nearly = "yes"\n', "3:", ["early"]),
    ("a duration that cannot be read", '[service.web]\ncommand = ["true"]\nstop = { timeout = "5 parsecs" }\n',
     "3:", ["5 parsecs"]),
    ("a bare number for a duration", '[service.web]\ncommand = ["true"]\nstop = { timeout = 5 }\n',
     "3:", ["timeout", "5s"]),
    ("a unit twice", '[service.web]\ncommand = ["true"]\n[service.web]\ncommand = ["false"]\n', "3:", ["web"]),
    ("a cycle, named in order",
     '[service.a]\ncommand = ["true"]\nafter = ["service.b"]\n'
     '[service.b]\ncommand = ["true"]\nafter = ["service.c"]\n'
     '[service.c]\ncommand = ["true"]\nafter = ["service.a"]\n', "", ["service.a", "service.b", "service.c"]),
    ("a service without a command", '[service.web]\nearly = true\n', "1:", ["command"]),
    ("a unit that is not there", '[service.web]\ncommand = ["true"]\nafter = ["service.wbe"]\n',
     "3:", ["service.wbe"]),
    ("broken TOML", '[service.web\n', "1:", []),
    ("an unset variable", '[service.web]\ncommand = ["true", "${NO_SUCH_VARIABLE}"]\n', "2:",
     ["NO_SUCH_VARIABLE"]),
]
WITNESS = '[service.witness]\ncommand = ["touch", "/root/was-started"]\n'

rows = pytest.mark.parametrize(("text", "place", "words"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])


@rows
def test_init_refuses_it_and_starts_nothing(root, boot, text, place, words):
    # `boot` puts one line above, and the witness stands below, so that the lines stay known.
    container = boot(text + WITNESS)
    assert container.wait() == 78
    said = container.transcript()
    line, _, column = place.partition(":")
    if line:
        assert f"/etc/bootsman/bootsman.toml:{int(line) + 1}:{column}" in said
    for word in words:
        assert word in said
    assert not root.path("/root/was-started").exists()


@rows
def test_check_names_the_place(binary, tmp_path, text, place, words):
    file = tmp_path / "bad.toml"
    file.write_text('extends = "empty"\n' + text)
    strict = ["--env"] if "NO_SUCH_VARIABLE" in text else []
    result = subprocess.run([binary, "check", *strict, file], capture_output=True, text=True, timeout=10,
                            check=False)
    said = result.stdout + result.stderr
    assert result.returncode in (1, 78), said
    line, _, column = place.partition(":")
    if line:
        assert f"{file}:{int(line) + 1}:{column}" in said
    for word in words:
        assert word in said


def test_check_reports_every_error_at_once(binary, tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text('extends = "empty"\n[service.a]\ncomand = ["true"]\n[service.b]\ncommand = ["true"]\nfoo = 1\n')
    result = subprocess.run([binary, "check", file], capture_output=True, text=True, timeout=10, check=False)
    assert "comand" in result.stdout + result.stderr
    assert "foo" in result.stdout + result.stderr


def test_check_accepts_a_good_file(binary, tmp_path):
    file = tmp_path / "good.toml"
    file.write_text('extends = "workspace"\n[service.web]\ncommand = ["true"]\n')
    result = subprocess.run([binary, "check", file], capture_output=True, text=True, timeout=10, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_cycle_is_named_in_order(root, boot):
    text = next(row[1] for row in ROWS if row[0].startswith("a cycle"))
    container = boot(text)
    assert container.wait() == 78
    said = container.transcript()
    place = said.index("service.a → service.b") if "service.a → service.b" in said else said.index("service.a")
    assert said.index("service.b", place) < said.index("service.c", place)


def test_missing_file_named_on_the_command_line_is_refused(root, maker):
    container = maker.start(root, "--config", "/no/such/file.toml")
    assert container.wait() == 78
    assert "/no/such/file.toml" in container.transcript()
