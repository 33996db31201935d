#!/usr/bin/env python3
"""Runs the demo: starts the workspace, forwards ports of 127.0.0.1 into it, and ends both together.

    supervise.py --state DIR --binary FILE [--venv DIR] [--config FILE] [--note TEXT]...

DIR is the runtime folder: it must exist, and is removed at the end. DIR/pid names this process,
DIR/info appears when the workspace is up and holds what a person needs to use it. SIGTERM and
SIGINT stop the init as a container runtime does, by SIGTERM; a second one by SIGKILL. The exit code
is the init's, 1 if the workspace could not be started. If this process is killed, everything below
it dies with it.
"""

import argparse
import asyncio
import ctypes
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Port in the workspace: the port of the machine that is tried first.
PORTS = {22: 2222, 8080: 8080, 8888: 8888, 6006: 6006}
BOOT_SECONDS = 90
READY_SECONDS = 30
STOP_SECONDS = 30
PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


class DemoError(Exception):
    """What went wrong, as a sentence for the person at the terminal."""


def lock(state):
    """The lock of the one demo of this folder, held while the returned file is open."""
    handle = open(state / "lock", "w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DemoError("cannot start the demo: one is running already; "
                        "./packaging/demo.sh --down ends it") from None
    return handle


def listen(preferred):
    """A listening socket on 127.0.0.1, on the preferred port or on any free one."""
    for port in (preferred, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(64)
            return listener
        except OSError:
            listener.close()
    raise DemoError("cannot listen on any port of 127.0.0.1")


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(args, password, token):
    """Starts the workspace; the returned process is `unshare`, which exits with the init's code."""
    root = args.state / "root"
    root.mkdir(exist_ok=True)
    command = ["unshare", "--mount", "--propagation", "private", "--", HERE / "start.sh", args.state,
               args.binary, args.venv, args.config]
    return subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.DEVNULL, start_new_session=True,
        preexec_fn=die_with_parent,
        env={"PATH": os.environ["PATH"], "DEMO_PASSWORD": password, "DEMO_TOKEN": token})


def child_in_new_network(parent):
    """The pid, as seen here, of parent's child in another network namespace; None if there is none."""
    own = os.readlink("/proc/self/ns/net")
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = Path("/proc", entry, "stat").read_text()
            ppid = int(stat.rpartition(")")[2].split()[1])
            if ppid == parent and os.readlink(f"/proc/{entry}/ns/net") != own:
                return int(entry)
        except (OSError, ValueError):
            continue
    return None


def enter_network(pid):
    """Moves this thread's new sockets into the network of process pid; existing ones stay here."""
    with open(f"/proc/{pid}/ns/net") as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise DemoError(f"cannot enter the demo's network: {os.strerror(ctypes.get_errno())}")


async def pump(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (OSError, asyncio.IncompleteReadError):
        writer.close()


async def forward(port, reader, writer):
    """Joins one connection from outside to a port of the workspace, until both sides are done."""
    try:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
    writer.close()
    inner_writer.close()


async def http_status(port, path):
    """The status code of a GET in the workspace, 0 if nobody answers within two seconds."""
    async def ask():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        writer.close()
        return int(line.split()[1])

    try:
        return await asyncio.wait_for(ask(), 2)
    except (OSError, ValueError, IndexError, asyncio.TimeoutError):
        return 0


def listens(pid, port):
    """Whether somebody listens on that port in the network of process pid; sshd logs every visit."""
    wanted = f":{port:04X}"
    for name in ("tcp", "tcp6"):
        try:
            rows = [line.split() for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]]
        except OSError:
            continue
        if any(row[1].endswith(wanted) and row[3] == "0A" for row in rows):
            return True
    return False


async def wait_for(condition, seconds, process):
    """Whether the condition (a coroutine function) came true in time; False once the demo ended."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        if await condition():
            return True
        await asyncio.sleep(0.2)
    return False


def describe(ports, password, token, up, notes):
    """What the person at the terminal needs, one line per way in."""
    url = {inner: f"http://127.0.0.1:{outer}" for inner, outer in ports.items()}
    ssh = f"ssh -p {ports[22]} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1"
    lines = ["", "The workspace is up. Ports of 127.0.0.1, forwarded into it: "
             + ", ".join(f"{outer} → {inner}" for inner, outer in ports.items()), ""]
    lines.append(f"  ssh          {ssh}\n               password: {password}" if up["ssh"]
                 else "  ssh          does not answer: see the log")
    lines.append(f"  Jupyter      {url[8888]}/jupyter/?token={token}" if up["jupyter"]
                 else "  Jupyter      does not answer: see the log")
    lines.append(f"  TensorBoard  {url[6006]}/monitor/" if up["tensorboard"]
                 else "  TensorBoard  does not answer: see the notes below and the log")
    lines.append(f"  health       {url[8080]}/health")
    if up["status"]:
        lines.append(f"  status       {url[8080]}/-/status")
    if up["ssh"]:
        lines.append("  by ssh       bootsman status, bootsman top, bootsman logs -f, bootsman help")
    return "\n".join(lines + [""] + [f"  Note: {note}" for note in notes]) + "\n"


async def probe(args, init):
    """Which of the workspace's ways in answer."""
    tensorboard = bool(args.venv) and await http_status(6006, "/monitor/") == 200
    return {"ssh": listens(init, 22), "jupyter": await http_status(8888, "/jupyter/api") == 200,
            "tensorboard": tensorboard, "status": await http_status(8080, "/-/status") == 200}


async def stop(process, init, hurry):
    """Ends the init by SIGTERM, after STOP_SECONDS or a second signal by SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(init, number)
        except ProcessLookupError:
            pass
        ended = asyncio.ensure_future(exited(process))
        hurried = asyncio.ensure_future(hurry.wait())
        await asyncio.wait({ended, hurried}, timeout=STOP_SECONDS,
                           return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return


async def exited(process):
    while process.poll() is None:
        await asyncio.sleep(0.05)


class Signals:
    """The first SIGINT or SIGTERM sets `wanted`, the second `hurry`."""

    def __init__(self, loop):
        self.wanted, self.hurry = asyncio.Event(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.on_signal)

    def on_signal(self):
        (self.hurry if self.wanted.is_set() else self.wanted).set()


async def announce(args, process, init, ports, password, token):
    """Waits for the boot and its services, then writes DIR/info."""
    async def booted():
        return await http_status(8080, "/health/startup") == 200

    async def ready():
        up = await probe(args, init)
        return up["ssh"] and up["jupyter"] and (up["tensorboard"] or not args.venv)

    if not await wait_for(booted, BOOT_SECONDS, process):
        if process.poll() is None:
            print(f"The workspace has not finished its boot in {BOOT_SECONDS} s; it goes on.", flush=True)
        return
    await wait_for(ready, READY_SECONDS, process)
    text = describe(ports, password, token, await probe(args, init), args.note)
    partial = args.state / "info.new"
    partial.write_text(text)
    partial.rename(args.state / "info")
    if sys.stdout.isatty() or not args.quiet:
        print(text, flush=True)


async def serve(args):
    signals = Signals(asyncio.get_running_loop())
    listeners = {inner: listen(outer) for inner, outer in PORTS.items()}
    ports = {inner: listener.getsockname()[1] for inner, listener in listeners.items()}
    password, token = secrets.token_urlsafe(12), secrets.token_hex(16)
    process = start(args, password, token)
    try:
        while (init := child_in_new_network(process.pid)) is None:
            if process.poll() is not None:
                raise DemoError("cannot start the workspace: the message above says why. It needs new "
                                "namespaces and mounts; a container has them with --privileged only.")
            await asyncio.sleep(0.02)
        enter_network(init)
        for inner, listener in listeners.items():
            await asyncio.start_server(
                lambda reader, writer, inner=inner: forward(inner, reader, writer), sock=listener)
        news = asyncio.ensure_future(announce(args, process, init, ports, password, token))
        ended = asyncio.ensure_future(exited(process))
        wanted = asyncio.ensure_future(signals.wanted.wait())
        await asyncio.wait({ended, wanted}, return_when=asyncio.FIRST_COMPLETED)
        news.cancel()
        if not ended.done():
            await stop(process, init, signals.hurry)
    finally:
        process.kill()
        process.wait()
    code = process.returncode
    return 128 - code if code < 0 else code


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--venv", default="")
    parser.add_argument("--config", default="")
    parser.add_argument("--note", action="append", default=[])
    parser.add_argument("--quiet", action="store_true", help="write DIR/info, do not print it")
    args = parser.parse_args()
    try:
        held = lock(args.state)
    except DemoError as error:
        sys.exit(str(error))
    (args.state / "pid").write_text(f"{os.getpid()}\n")
    try:
        code = asyncio.run(serve(args))
        print(f"The workspace has ended with exit code {code}.", flush=True)
    except DemoError as error:
        print(error, file=sys.stderr)
        code = 1
    finally:
        if not args.quiet:
            shutil.rmtree(args.state, ignore_errors=True)
        held.close()
    sys.exit(code)


if __name__ == "__main__":
    main()
