"""What the configuration names lies on a file system that never answers: the init waits for none of it."""

import json
import os
import socket
import subprocess
import time

from lib import hung_mount

HUNG = "/srv/hung"
SERVICE = 'extends = "empty"\n[service.web]\ncommand = ["sleep", "1001"]\n'


def test_a_file_of_the_configuration_that_hangs_is_one_that_can_not_be_read(maker, root):
    root.write("/root/value.toml", SERVICE + f'env = {{ TOKEN = "${{file:{HUNG}/token}}" }}\n')
    root.write("/root/env-file.toml", SERVICE + f'env_file = ["{HUNG}/env"]\n')
    root.path("/root/linked.toml").symlink_to(f"{HUNG}/there.toml")
    configs = {"/root/value.toml": f"{HUNG}/token", "/root/env-file.toml": f"{HUNG}/env",
               f"{HUNG}/main.toml": f"{HUNG}/main.toml", "/root/linked.toml": "/root/linked.toml"}
    with hung_mount.at(root, HUNG):
        begun = time.monotonic()
        containers = {hung: maker.start(root, env={"BOOTSMAN_CONFIG": config}) for config, hung in configs.items()}
        stopped = maker.start(root, env={"BOOTSMAN_CONFIG": f"{HUNG}/main.toml"})
        stopped.process_with("helper read-config")
        assert stopped.stop() == 0
        assert "told to stop before the configuration was read" in stopped.stderr.text
        for hung, container in containers.items():
            assert container.wait(40) == 78
            said = container.stderr.text
            assert f"cannot read {hung}: the file system that it lies on does not answer (10 s)" in said, said
            assert "nothing was started" in said
        assert time.monotonic() - begun < 40


def test_sockets_and_messages_on_a_file_system_that_hangs_hold_nobody_up(maker, root):
    below = "/run/hung"  # Elsewhere a configured socket must not lie.
    os.symlink(below, root.path("/root") / "away")
    root.write("/etc/bootsman/bootsman.toml", f'''extends = "empty"
[http]
listen = ["0.0.0.0:8080", "unix:{below}/web.sock"]
[gateway.routes]
"/app/" = "unix:{below}/app.sock"
[termination]
log = "/root/away/why"
[service.web]
command = ["sleep", "1001"]
log = {{ file = {{ path = "{below}/web.log" }} }}
''')
    with hung_mount.at(root, below):
        container = maker.start(root, env={"BOOTSMAN_SOCKET": "/root/away/control.sock"})
        container.wait_for_boot()
        container.wait_for_log(rf"cannot listen on unix:{below}/web.sock: .* it lies on a fuse.hung mounted on {below}, "
                               r"which may hang; choose a folder of the container's own")
        container.wait_for_log(r"no control socket, .*cannot use /root/away/control.sock: it lies on a fuse.hung")
        answer = container.http("/app/x")
        assert answer.status == 502 and "its socket lies on a fuse.hung" in answer.body
        assert container.status("/health/ready") == 200
        begun = time.monotonic()
        assert container.stop(timeout=25) == 0
        assert time.monotonic() - begun < 15


def test_the_termination_message_can_be_written_by_a_helper(binary, tmp_path):
    """Asked as the init asks it where the path may hang."""
    place = tmp_path / "why"
    place.write_text("what was there before, and was longer")
    mine, its = socket.socketpair()
    process = subprocess.Popen(["bash", "-c", f'exec 3<&{its.fileno()}; exec "$@"', "-", str(binary), "helper",
                                "last-words"], pass_fds=[its.fileno()])
    its.close()
    with mine:
        mine.sendall(json.dumps({"path": str(place), "text": "SIGTERM\n"}).encode())
        mine.shutdown(socket.SHUT_WR)
        assert process.wait(10) == 0
    assert place.read_text() == "SIGTERM\n"
