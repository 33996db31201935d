"""Runs inside a container: `python3 stdout_kinds.py KIND READ PROGRAM …` executes PROGRAM, whose stdout is a
pipe, a socket or a terminal (KIND) that a child of this reads. It reads nothing until the file READ exists.

What it has read goes to READ.out, in the order of its coming; READ.quiet appears whenever nothing came for a
second."""

import fcntl
import os
import pty
import select
import socket
import sys
import termios
import time
from pathlib import Path


def ends(kind):
    if kind == "socket":
        return [end.detach() for end in socket.socketpair()]
    if kind == "terminal":
        read, write = pty.openpty()
        attributes = termios.tcgetattr(write)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(write, termios.TCSANOW, attributes)
        return read, write
    return os.pipe()


def read_all(source, go):
    while not go.exists():
        time.sleep(0.05)
    with open(f"{go}.out", "wb", buffering=0) as out:
        while True:
            if not select.select([source], [], [], 1)[0]:
                Path(f"{go}.quiet").touch()
                continue
            chunk = os.read(source, 1 << 16)
            if not chunk:
                return
            out.write(chunk)


def main():
    kind, go, *program = sys.argv[1:]
    read, write = ends(kind)
    if os.fork() == 0:
        os.close(write)
        os.setsid()
        read_all(read, Path(go))
        os._exit(0)
    os.close(read)
    os.dup2(write, 1)
    os.close(write)
    fcntl.fcntl(1, fcntl.F_SETFD, 0)
    os.execv(program[0], program)


main()
