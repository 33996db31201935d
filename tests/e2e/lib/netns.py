"""Sockets in the network namespace of another process, without leaving our own."""

import ctypes
import http.client
import os
import socket
import threading

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def socket_in(pid, family=socket.AF_INET):
    """A new TCP socket that belongs to the network namespace of process `pid`."""
    result = []

    # setns changes the calling thread only; the socket it makes stays where it was made.
    def make():
        try:
            with open(f"/proc/{pid}/ns/net") as namespace:
                if _libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            result.append(socket.socket(family, socket.SOCK_STREAM))
        except OSError as error:
            result.append(error)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if isinstance(result[0], OSError):
        raise result[0]
    return result[0]


class Connection(http.client.HTTPConnection):
    """An HTTP connection to a port of 127.0.0.1 in the network namespace of process `pid`."""

    def __init__(self, pid, port, timeout):
        super().__init__("127.0.0.1", port, timeout=timeout)
        self._pid = pid

    def connect(self):
        self.sock = socket_in(self._pid)
        self.sock.settimeout(self.timeout)
        self.sock.connect((self.host, self.port))
