"""The completion scripts, by the shells that read them."""

import shutil
import subprocess

import pytest


def script(binary, shell):
    return subprocess.run([binary, "completion", shell], capture_output=True, text=True, check=True, timeout=10).stdout


def complete(binary, tmp_path, *words):
    """What bash offers for the last of the words."""
    (tmp_path / "script").write_text(script(binary, "bash"))
    # In place of a running init: the first column is what matters.
    (tmp_path / "bootsman").write_text("#!/bin/sh\necho 'UNIT STATE'\necho 'service.sshd ready'\necho 'step.pip done'\n")
    (tmp_path / "bootsman").chmod(0o755)
    array = " ".join(f"'{word}'" for word in ("bootsman", *words))
    code = (f". '{tmp_path}/script'; COMP_WORDS=({array}); COMP_CWORD={len(words)}; _bootsman; "
            'printf "%s\\n" "${COMPREPLY[@]}"')
    return subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True, timeout=10,
                          env={"PATH": f"{tmp_path}:/usr/bin:/bin"}).stdout.split()


def test_bash_completes_commands_options_and_units(binary, tmp_path):
    assert complete(binary, tmp_path, "sta") == ["status", "start"]
    assert "helper" not in complete(binary, tmp_path, "")
    assert complete(binary, tmp_path, "plan", "--d") == ["--diff", "--dot"]
    assert complete(binary, tmp_path, "restart", "") == ["service.sshd", "step.pip"]
    assert complete(binary, tmp_path, "restart", "step") == ["step.pip"]
    assert complete(binary, tmp_path, "check", str(tmp_path / "scr")) == [str(tmp_path / "script")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_good_for_its_shell(binary, tmp_path, shell):
    text = script(binary, shell)
    assert "--exit-code" in text or "exit-code" in text
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(text)
    subprocess.run([shell, "-n", tmp_path / "script"], check=True, timeout=10)


def test_another_shell_is_refused(binary):
    done = subprocess.run([binary, "completion", "tcsh"], capture_output=True, text=True, timeout=10, check=False)
    assert (done.returncode, done.stderr) == (2, 'cannot complete for "tcsh": bash, zsh and fish are known\n')
