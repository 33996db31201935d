"""The ssh programs of the machine, against the sshd of a container."""

PASSWORD = "a s3cret: with $pecial 'characters'"
OPTIONS = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
           "-o", "PreferredAuthentications=password", "-o", "ConnectTimeout=10"]


def command(container, program, *words, password=PASSWORD):
    """What starts `sshpass PROGRAM OPTIONS WORDS` in the container's network."""
    return ["nsenter", f"--target={container.init}", "--net", "--", "sshpass", "-p", password, program, *OPTIONS, *words]


def run(container, program, *words, password=PASSWORD, **options):
    """sshpass PROGRAM OPTIONS WORDS in the container's network; returns the finished process."""
    return container.from_outside("sshpass", "-p", password, program, *OPTIONS, *words, **options)


def ssh(container, *words, **options):
    return run(container, "ssh", "root@127.0.0.1", *words, **options)


def by_key(container, key, *words, user="root"):
    """ssh with this private key and nothing else."""
    options = ["-o", "PreferredAuthentications=publickey", "-o", "IdentitiesOnly=yes", "-i", str(key), *OPTIONS]
    return container.from_outside("ssh", *options, f"{user}@127.0.0.1", *words)


def interactive(container, typed, **options):
    """An interactive login shell on a terminal of its own; returns what the person sees."""
    return run(container, "ssh", "-tt", "root@127.0.0.1", input=typed, **options).stdout


def wait_for_sshd(container, timeout=20):
    container.wait_for_log(r"^sshd +\| .*Server listening on 0\.0\.0\.0 port 22", timeout)
