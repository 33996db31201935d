"""The completion scripts, by the shells that read them."""

import shutil
import subprocess

import pytest

from lib.pty import Terminal

# In place of the real one: in a pipe some units, and what may stand below them; else what it was called with.
STUB = """#!/bin/sh
if [ "$*" = status ] && ! [ -t 1 ]; then
  printf '%s\\n' 'UNIT STATE' 'service.sshd ready' 'step.pip done' '' 'The configuration on disk is another one'
else
  printf 'CALLED'
  printf ' <%s>' "$@"
fi
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/bootsman").write_text(STUB)
    (tmp_path / "bin/bootsman").chmod(0o755)
    return tmp_path


def environment(folder):
    return {"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def script(binary, shell):
    return subprocess.run([binary, "completion", shell], capture_output=True, text=True, check=True, timeout=10).stdout


def needs(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")


def in_bash(binary, folder, *words):
    """What bash offers for the last of the words."""
    (folder / "script").write_text(script(binary, "bash"))
    array = " ".join(f"'{word}'" for word in ("bootsman", *words))
    code = (f". '{folder}/script'; COMP_WORDS=({array}); COMP_CWORD={len(words)}; _bootsman; "
            'printf "%s\\n" "${COMPREPLY[@]}"')
    return subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True, timeout=20,
                          env=environment(folder)).stdout.split()


def in_fish(binary, folder, *words):
    needs("fish")
    (folder / "script").write_text(script(binary, "fish"))
    line = " ".join(("bootsman", *words))
    done = subprocess.run(["fish", "--no-config", "-c", f"source '{folder}/script'; complete -C '{line}'"],
                          capture_output=True, text=True, check=True, timeout=60, env=environment(folder))
    assert not done.stderr
    return [offer.split("\t")[0] for offer in done.stdout.splitlines()]


@pytest.mark.parametrize("complete", [in_bash, in_fish])
def test_commands_options_units_and_files_are_offered(binary, folder, complete):
    assert sorted(complete(binary, folder, "sta")) == ["start", "status"]
    assert "helper" not in complete(binary, folder, "")
    assert sorted(complete(binary, folder, "plan", "--d")) == ["--diff", "--dot"]
    assert "--help" in complete(binary, folder, "version", "--h")
    assert sorted(complete(binary, folder, "restart", "")) == ["service.sshd", "step.pip"]
    assert complete(binary, folder, "restart", "step") == ["step.pip"]
    assert complete(binary, folder, "check", str(folder / "scr")) == [str(folder / "script")]


def test_zsh_completes_what_is_typed(binary, folder):
    needs("zsh")
    (folder / "functions").mkdir()
    (folder / "functions/_bootsman").write_text(script(binary, "zsh"))
    (folder / ".zshrc").write_text(f"PS1='PROMPT> '; fpath=({folder}/functions $fpath)\n"
                                   "autoload -Uz compinit; compinit -u -D; unsetopt beep prompt_cr\n")
    with Terminal(["zsh", "-d", "-i"], env=environment(folder)) as person:
        person.expect("PROMPT> ", 30)
        for typed, called in [("stat", "<status>"), ("boot", "<boot-report>"), ("plan --di", "<plan> <--diff>"),
                              ("restart step", "<restart> <step.pip>"), ("logs serv", "<logs> <service.sshd>"),
                              (f"check {folder}/func", f"<check> <{folder}/functions>")]:
            person.type(f"bootsman {typed}\t\r")
            person.expect(f"CALLED {called}", 30)
            person.expect("PROMPT> ", 30)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_good_for_its_shell(binary, tmp_path, shell):
    needs(shell)
    text = script(binary, shell)
    assert "exit-code" in text
    (tmp_path / "script").write_text(text)
    subprocess.run([shell, "-n", tmp_path / "script"], check=True, timeout=10)


def test_another_shell_is_refused(binary):
    done = subprocess.run([binary, "completion", "tcsh"], capture_output=True, text=True, timeout=10, check=False)
    assert (done.returncode, done.stderr) == (2, 'cannot complete for "tcsh": bash, zsh and fish are known\n')
