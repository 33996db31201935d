"""A person logs in by ssh with the password that the platform left in /sync/root-passwd."""

import concurrent.futures
import os
import shutil
import signal
import subprocess

import pytest

from lib import ssh
from lib.container import eventually
from lib.pty import Terminal

pytestmark = pytest.mark.ssh

# What the images of the platform append to root's .bashrc, without any guard.
UNGUARDED = "source /etc/profile\nsource /etc/matrixdc-motd\n"


@pytest.fixture
def container(root, workspace):
    root.write("/sync/root-passwd", f"root:{ssh.PASSWORD}\n", 0o600)
    root.append("/root/.bashrc", UNGUARDED)
    container = workspace()
    container.wait_for_boot()
    ssh.wait_for_sshd(container)
    return container


def test_password_of_the_sync_folder_lets_in_and_is_removed(container, root):
    assert ssh.ssh(container, "id -u").stdout == "0\n"
    assert not root.path("/sync/root-passwd").exists()


def test_wrong_password_does_not_let_in(container):
    answer = ssh.ssh(container, "id -u", password="123456")
    assert (answer.returncode, answer.stdout) == (5, "")


def test_password_is_in_no_log(container):
    assert ssh.PASSWORD not in container.log


def test_interactive_login_shows_the_motd_once(container):
    seen = ssh.interactive(container, "exit\n")
    assert seen.count("Folders:") == 1, seen
    assert "CPU" in seen


def test_motd_speaks_the_language_of_the_container(root, workspace):
    root.write("/sync/root-passwd", f"root:{ssh.PASSWORD}\n", 0o600)
    container = workspace(env={"LANG": "zh_CN.UTF-8"})
    ssh.wait_for_sshd(container)
    assert "目录说明" in ssh.interactive(container, "exit\n")


def test_command_prints_only_its_own_output(container):
    answer = ssh.ssh(container, "echo x")
    assert (answer.stdout, answer.stderr, answer.returncode) == ("x\n", "", 0)


def test_scp_copies_both_ways(container, tmp_path):
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(bytes(range(256)) * 400)
    for words in ((source, "root@127.0.0.1:/root/copy"), ("root@127.0.0.1:/root/copy", back)):
        # -O: the old protocol runs through the login shell, which the unguarded motd used to break.
        answer = ssh.run(container, "scp", "-O", *words)
        assert answer.returncode == 0, answer.stderr
    assert back.read_bytes() == source.read_bytes()


def test_sftp_lists_files(container, root):
    root.write("/root/seen-by-sftp", "")
    answer = ssh.run(container, "sftp", "root@127.0.0.1", input="ls -1 /root\n")
    assert "seen-by-sftp" in answer.stdout, answer.stdout + answer.stderr


def test_two_containers_have_different_host_keys(maker, container):
    other_root = maker.root()
    other = maker.start(other_root)
    other.wait_for_boot()
    keys = {c.root.read("/etc/ssh/ssh_host_ed25519_key.pub") for c in (container, other)}
    assert len(keys) == 2


def test_session_survives_a_restart_of_sshd(container):
    """What runs on somebody's terminal lives on when the service is killed and comes back."""
    first = container.process_with("sshd: /usr/sbin/sshd")
    answer = ssh.ssh(container, "nohup sleep 300 >/dev/null 2>&1 & echo $!")
    assert answer.returncode == 0, answer.stderr
    os.kill(first, signal.SIGKILL)
    eventually(lambda: any("sshd: /usr/sbin/sshd" in line and pid != first
                           for pid, line in container.processes().items()), 10, "sshd is back")
    assert "sleep 300" in container.processes().values()


def disturb_sshd(container, root):
    """Restarts it by command, kills it, and reloads it with another environment; logins work after each of these."""
    def listener(but=None):
        return eventually(lambda: next((pid for pid, line in container.processes().items()
                                        if "sshd: /usr/sbin/sshd" in line and pid != but), None), 15, "sshd listens")

    first = listener()
    container.bootsman("restart", "sshd", timeout=60)
    second = listener(but=first)
    assert ssh.ssh(container, "echo new").stdout == "new\n"
    os.kill(second, signal.SIGKILL)
    listener(but=second)
    eventually(lambda: ssh.ssh(container, "echo new").stdout == "new\n", 15, "logins work again")
    third = listener(but=second)
    root.write("/etc/bootsman/bootsman.toml", '[service.sshd]\nenv = { CHANGED = "1" }\n')
    assert "restarts service.sshd" in container.bootsman("reload", timeout=60).stdout
    listener(but=third)
    eventually(lambda: ssh.ssh(container, "echo new").stdout == "new\n", 15, "logins work after the reload")


def test_logins_and_what_they_left_behind_survive_restart_crash_and_reload_of_sshd(container, root):
    answer = ssh.ssh(container, "nohup sleep 7890 >/dev/null 2>&1 &")
    assert answer.returncode == 0, answer.stderr
    left = container.process_with("sleep 7890")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        login = pool.submit(ssh.ssh, container, "echo in >/run/logged-in; until [ -e /run/go-on ]; do sleep 0.1; done; "
                                                "echo still here", timeout=90)
        eventually(lambda: container.exec("test", "-e", "/run/logged-in", check=False).returncode == 0, 20, "it is in")
        disturb_sshd(container, root)
        container.exec("touch", "/run/go-on")
        assert login.result(60).stdout == "still here\n"
    assert left in container.processes()


@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")
def test_a_tmux_session_survives_restart_crash_and_reload_of_sshd_and_can_be_attached(container, root):
    def sessions():
        return ssh.ssh(container, "tmux list-sessions -F '#{session_name} #{session_attached} #{pane_pid}'").stdout

    def attach(how, *words):
        return Terminal(ssh.command(container, "ssh", "-tt", "root@127.0.0.1", "TERM=xterm", "tmux", how, *words))

    with attach("new-session", "-s", "work") as first:
        began = eventually(sessions, 20, "tmux runs")
        eventually(lambda: sessions().startswith("work 1 "), 20, "somebody is attached")
        disturb_sshd(container, root)
        # Also who was attached all the time still is.
        now = sessions()
        assert now.startswith("work 1 ") and now.split()[2] == began.split()[2]
        first.line("echo typed-by-the-$((1 + 0))st")
        first.expect("typed-by-the-1st", 20)
        with attach("attach-session", "-t", "work") as second:
            eventually(lambda: sessions().startswith("work 2 "), 20, "somebody else is attached")
            second.line("echo typed-by-the-$((1 + 1))nd")
            first.expect("typed-by-the-2nd", 20)


def test_environment_of_the_container_is_seen_by_sessions_without_secrets(root, workspace):
    root.write("/sync/root-passwd", f"root:{ssh.PASSWORD}\n", 0o600)
    awkward = "spaces 'quotes' \"double\" $HOME `id` #"
    container = workspace(env={"FROM_THE_POD": awkward, "SECRET_KEY": "never-in-a-session"})
    ssh.wait_for_sshd(container)
    assert ssh.ssh(container, 'printf %s "$FROM_THE_POD"').stdout == awkward
    seen = ssh.interactive(container, 'printf "%s\\n" "$FROM_THE_POD"; env; exit\n')
    assert awkward in seen
    assert "never-in-a-session" not in seen + ssh.ssh(container, "env").stdout


def set_password(root, text):
    """Gives the image a root password, as `chpasswd` in a Dockerfile does."""
    root.run("sh", "-c", 'echo "$1" | chroot "$2" chpasswd', "sh", f"root:{text}", root.mount_point)


def test_published_default_password_is_locked_and_said(root, workspace):
    set_password(root, "123456")
    container = workspace()
    ssh.wait_for_sshd(container)
    assert ssh.ssh(container, "id", password="123456").returncode == 5
    container.wait_for_log(r"(?i)password.*lock|lock.*password", 5)


def test_own_password_of_the_image_stays(root, workspace):
    set_password(root, "of the image")
    container = workspace()
    ssh.wait_for_sshd(container)
    assert ssh.ssh(container, "id -u", password="of the image").stdout == "0\n"


def test_password_of_the_environment_lets_in(workspace):
    container = workspace(env={"ROOT_PASSWORD": "from the pod"})
    ssh.wait_for_sshd(container)
    assert ssh.ssh(container, "id -u", password="from the pod").stdout == "0\n"


PLAIN = "UsePAM yes\nPasswordAuthentication yes\nSubsystem sftp internal-sftp\nMatch User git\n  X11Forwarding no\n"


@pytest.mark.parametrize("config, authors, password", [
    ("Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nPermitRootLogin prohibit-password\n", "", True),
    ("Include sshd_config.d/*.conf\nUsePAM yes\n", "PasswordAuthentication no\n", False),
    (PLAIN, "", True),
    (PLAIN.replace("Authentication yes", "Authentication no"), "", False),
], ids=["drop-in", "drop-in, the author wants keys", "block", "block, the author wants keys"])
def test_sshd_takes_the_settings_where_they_are_put(root, workspace, key, config, authors, password):
    drop_in = config.startswith("Include")
    root.write("/etc/ssh/sshd_config", config)
    if authors:
        root.write("/etc/ssh/sshd_config.d/20-author.conf", authors)
    container = workspace(env={"ROOT_PASSWORD": ssh.PASSWORD, "AUTHORIZED_KEYS": key.with_suffix(".pub").read_text()})
    ssh.wait_for_sshd(container)
    assert (root.read("/etc/ssh/sshd_config") == config) == drop_in
    assert root.path("/etc/ssh/sshd_config.d/00-bootsman.conf").exists() == drop_in
    in_force = container.exec("/usr/sbin/sshd", "-T").stdout.splitlines()
    assert "permitrootlogin yes" in in_force
    assert f"passwordauthentication {'yes' if password else 'no'}" in in_force
    assert (ssh.ssh(container, "id -u").stdout == "0\n") == password
    assert ssh.by_key(container, key, "id -u").stdout == "0\n"


@pytest.fixture
def key(tmp_path):
    """The path of a new private key; the public one is beside it."""
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True, timeout=30)
    return path


def test_public_key_of_the_environment_lets_in_beside_a_users_own(root, workspace, key, tmp_path):
    own = tmp_path / "own"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", own], check=True, timeout=30)
    root.remove("/root/.ssh/authorized_keys")
    root.write("/root/.ssh/authorized_keys", own.with_suffix(".pub").read_text())
    container = workspace(env={"AUTHORIZED_KEYS": key.with_suffix(".pub").read_text()})
    ssh.wait_for_sshd(container)
    assert ssh.by_key(container, key, "id -u").stdout == "0\n"
    assert ssh.by_key(container, own, "id -u").stdout == "0\n"
    container.stop()
    without = workspace()
    ssh.wait_for_sshd(without)
    assert ssh.by_key(without, key, "id -u").returncode == 255
    assert ssh.by_key(without, own, "id -u").stdout == "0\n"


def test_public_key_lets_another_user_in_under_strict_modes(root, workspace, key):
    root.append("/etc/passwd", "alice:x:1101:100::/srv/alice:/bin/sh\n")
    root.append("/etc/shadow", "alice:*:19000:0:99999:7:::\n")
    root.path("/srv/alice").mkdir(parents=True)
    os.chown(root.path("/srv/alice"), 1101, 100)
    root.write("/etc/bootsman/bootsman.toml", '[step.authorized_keys]\nusers = ["root", "alice"]\n')
    container = workspace(env={"AUTHORIZED_KEYS": key.with_suffix(".pub").read_text()})
    ssh.wait_for_sshd(container)
    assert ssh.by_key(container, key, "id -u", user="alice").stdout == "1101\n"
    status = root.path("/srv/alice/.ssh/authorized_keys").stat()
    assert (status.st_uid, status.st_mode & 0o777) == (1101, 0o600)
