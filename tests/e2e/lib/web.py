"""Servers on 127.0.0.1 with certificates of an authority of their own, which say what a test tells them."""

import http.server
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path


class Authority:
    """A certificate authority, and what it signs; made by openssl in a folder of the test."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.certificate = self.folder / "ca.pem"
        self._signed = 0
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                  "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority")

    def _run(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, timeout=30)

    def sign(self, name, days=2):
        """A new certificate and key of a server in one file; a negative number of days: it has run out."""
        self._signed += 1
        stem = f"server{self._signed}"
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                  "-keyout", f"{stem}.key", "-out", f"{stem}.csr", "-subj", f"/CN={name}")
        (self.folder / f"{stem}.ext").write_text(f"subjectAltName=DNS:{name}\n")
        self._run("x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                  "-days", str(days), "-extfile", f"{stem}.ext", "-out", f"{stem}.crt")
        both = self.folder / f"{stem}.pem"
        both.write_text((self.folder / f"{stem}.key").read_text() + (self.folder / f"{stem}.crt").read_text())
        return both


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append(self)
        self.server.answer(self)
        self.close_connection = True

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content_Length": len(body), "Connection": "close", **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    """Answers each GET by `answer(handler)`; `requests` holds the handlers of all that came."""

    daemon_threads = True

    def __init__(self, answer, certificate=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.answer, self.requests = answer, []
        self._context = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def finish_request(self, request, client_address):
        # In the connection's own thread, so that a client that breaks off disturbs nobody.
        request.settimeout(30)
        if self._context:
            try:
                request = self._context.wrap_socket(request, server_side=True)
            except (ssl.SSLError, OSError):
                return
        try:
            super().finish_request(request, client_address)
        finally:
            request.close()

    def handle_error(self, request, client_address):
        pass

    @property
    def port(self):
        return self.server_address[1]

    def url(self, path="/file", host="localhost", user=""):
        scheme = "https" if self._context else "http"
        return f"{scheme}://{user + '@' if user else ''}{host}:{self.port}{path}"

    def stop(self):
        """Nobody listens any more."""
        self.shutdown()
        self.server_close()
        self._thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def closed_port():
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def hang(handler, seconds=30):
    """Sends the head of an answer, and then nothing."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"begin")
    handler.wfile.flush()
    time.sleep(seconds)
