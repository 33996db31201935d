"""What the tests put behind the gateway: upstream.py PORT (or a path for a unix socket)."""

import base64
import hashlib
import json
import os
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SEEN = []  # Paths of whole requests.
BLOCK = bytes(range(256)) * 256
WEBSOCKET_ID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def address_string(self):
        return "client"

    def pieces(self):
        """The body, in pieces."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", 0))
        while left:
            piece = self.rfile.read(min(left, 1 << 16))
            if not piece:
                raise EOFError("half a body")
            left -= len(piece)
            yield piece

    def say(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        name = url.path.rsplit("/", 1)[-1]
        SEEN.append(self.path)
        if name == "download":
            self.download(int(query["size"]), query.get("framing", "length"))
        elif name == "slow":
            time.sleep(float(query["s"]))
            self.say("slept")
        elif name == "redirect":
            self.send_response(302)
            self.send_header("Location", "/there")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif name == "die":
            os._exit(3)
        elif name == "seen":
            self.say(SEEN)
        elif name == "hello":
            self.send_response(200)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"hello\n")
        elif self.headers.get("Upgrade", "").lower() == "websocket":
            self.websocket()
        else:
            self.say({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}})

    do_HEAD = do_GET

    def do_POST(self):
        if self.path == "/":
            body = b"".join(self.pieces())
            return self.say({"mnist_result": int(hashlib.sha256(body).hexdigest(), 16) % 10})
        digest, size = hashlib.sha256(), 0
        for piece in self.pieces():
            digest.update(piece)
            size += len(piece)
        SEEN.append(self.path)
        return self.say({"size": size, "sha256": digest.hexdigest()})

    def download(self, size, framing):
        self.send_response(200)
        if framing == "length":
            self.send_header("Content-Length", str(size))
        elif framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.close_connection = True
        self.end_headers()
        while size:
            piece = BLOCK[:size]
            size -= len(piece)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if framing == "chunked" else piece)
        if framing == "chunked":
            self.wfile.write(b"0\r\n\r\n")

    def websocket(self):
        """Echoes each frame (RFC 6455), until the client closes."""
        key = self.headers["Sec-WebSocket-Key"].encode()
        accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_ID).digest()).decode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        while True:
            first, second = self.rfile.read(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(self.rfile.read(2 if size == 126 else 8), "big")
            mask = self.rfile.read(4)
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.rfile.read(size)))
            length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
            self.wfile.write(bytes([first]) + length + data)
            if first & 15 == 8:
                self.close_connection = True
                return


class TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass  # Half a request, or a client that has gone.


class UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


if __name__ == "__main__":
    where = sys.argv[1]
    if where.isdigit():
        server = TcpServer(("127.0.0.1", int(where)), Handler)
    else:
        Path(where).unlink(missing_ok=True)
        server = UnixServer(where, Handler)
    server.serve_forever()
