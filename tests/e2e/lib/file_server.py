"""Usage: file_server.py FOLDER CERTIFICATE PORT: serves a folder by https on 127.0.0.1, inside of a container.

A file called hang is never answered to."""

import functools
import http.server
import ssl
import sys
import time


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/hang":
            time.sleep(1000)
        super().do_GET()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    folder, certificate, port = sys.argv[1:]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), functools.partial(Handler, directory=folder))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()
