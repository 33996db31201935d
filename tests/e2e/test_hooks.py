"""What an image brings along for each start: hooks, name servers, hosts."""

from lib.container import eventually

HOOKS = '[step.hooks]\non_failure = "ignore"\n'


def hook(root, name, script):
    root.write(f"/etc/bootsman/boot.d/{name}", "#!/bin/sh\n" + script, 0o755)


def test_hooks_run_in_order_before_the_services_and_their_output_is_in_the_log(boot, root):
    hook(root, "20-second", "echo second says $FROM_THE_POD\n")
    hook(root, "10-first", "echo first >&2; exit 4\n")
    container = boot(HOOKS + '[service.show]\ncommand = ["sh", "-c", "echo started; exec sleep 1000"]\n',
                     env={"FROM_THE_POD": "hello", "SECRET_KEY": "never"})
    container.wait_for_log(r"(?s)running /etc/bootsman/boot.d/10-first.*^bootsman +\| first$.*"
                           r"^bootsman +\| second says hello$.*hooks: failed.*10-first exited 4.*"
                           r"^show +\| started$")
    container.wait_for_boot()


def test_a_hook_may_leave_a_process_behind_that_still_writes_to_the_log(boot, root):
    hook(root, "10-daemon", "(sleep 0.5; echo from the background; sleep 1000) &\n")
    container = boot(HOOKS)
    container.wait_for_log(r"^bootsman +\| from the background$")


def test_a_hook_that_must_work_stops_the_boot(boot, root):
    hook(root, "10-needed", "exit 4\n")
    container = boot('[step.hooks]\non_failure = "shutdown"\n')
    assert container.wait() == 1


def test_mounted_hosts_and_resolv_conf_are_written_in_place(boot, root):
    for name in ("hosts", "resolv.conf"):
        root.path(f"/etc/{name}").unlink(missing_ok=True)
        root.write(f"/etc/{name}", "127.0.0.1 localhost\n" if name == "hosts" else "nameserver 10.0.0.9\n")
        target = root.mount_point / "etc" / name
        root.run("mount", "--bind", target, target)
    container = boot('[step.resolv]\nnameservers = "10.0.0.2"\n[step.hosts.entries]\n"10.0.0.5" = "minio"\n')
    container.wait_for_boot()
    assert "10.0.0.5" in container.exec("getent", "hosts", "minio").stdout
    assert container.exec("cat", "/etc/resolv.conf").stdout.splitlines()[1] == "nameserver 10.0.0.2"
    assert not list(root.path("/etc").glob(".*.bootsman-new"))


def test_a_hook_that_hangs_costs_its_own_step_only(boot, root):
    """The helper that applies the steps is ended, and all below it; another one applies what it had not come to."""
    hook(root, "10-hang", "trap '' TERM\nsleep 1234\n")
    container = boot('[step.hooks]\ntimeout = "500ms"\n'
                     '[step.files]\nafter = ["hooks"]\nwrite = { "/root/after" = "x" }\n'
                     '[step.directories]\npaths = ["/root/made"]\n')
    container.wait_for_log(r"hooks: failed: not done after 0.5 s", 20)
    container.wait_for_boot(20)
    assert root.read("/root/after") == "x" and root.path("/root/made").is_dir()
    eventually(lambda: "sleep 1234" not in container.processes().values(), 10, "nothing of the hook is left")
