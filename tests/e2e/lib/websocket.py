"""A WebSocket client (RFC 6455) of a few lines."""

import base64
import os

OPCODES = {"text": 1, "binary": 2, "close": 8}


class WebSocket:
    """Over a connected socket; `headers` are lines of the handshake beside its own."""

    def __init__(self, sock, path, host="localhost", headers=()):
        self.socket, self._waiting = sock, b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: Upgrade", "Upgrade: websocket",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers, "", ""]
        sock.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self._waiting:
            self._fill()
        head, self._waiting = self._waiting.split(b"\r\n\r\n", 1)
        self.head = head.decode()

    def _fill(self):
        more = self.socket.recv(1 << 16)
        if not more:
            raise EOFError(f"the connection ended; unread: {self._waiting[:200]!r}")
        self._waiting += more

    def _take(self, size):
        while len(self._waiting) < size:
            self._fill()
        taken, self._waiting = self._waiting[:size], self._waiting[size:]
        return taken

    def send(self, data, kind="text"):
        data = data.encode() if isinstance(data, str) else data
        size = len(data)
        length = bytes([128 | size]) if size < 126 else (
            b"\xfe" + size.to_bytes(2, "big") if size < 65536 else b"\xff" + size.to_bytes(8, "big"))
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.socket.sendall(bytes([128 | OPCODES[kind]]) + length + mask + masked)

    def receive(self):
        """(opcode, data) of the next frame."""
        first, second = self._take(2)
        size = second & 127
        if size > 125:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        return first & 15, self._take(size)
