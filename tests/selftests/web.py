# SPDX-License-Identifier: GPL-2.0-or-later
"""web.py [CERTIFICATE]: servers for the cases about applications, for IPv4 and IPv6.

HTTP on port 80 says "HOST PATH" of each request, one word a line behind "web"; as many
bytes as PATH says behind /bytes/; what was posted is counted. TLS on port 443 does the
same, with a CERTIFICATE. DNS on port 53, UDP and TCP, answers without a record. Port 25
speaks first. Says "ready".
"""

import http.server
import socket
import socketserver
import ssl
import sys
import threading

CHUNK = bytes(1 << 16)


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/bytes/"):
            length = int(self.path[7:])
            self.send_response(200)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            while length:
                part = min(length, len(CHUNK))
                self.wfile.write(CHUNK[:part])
                length -= part
            return
        self.answer("web %s %s\n" % (self.headers.get("Host"), self.path))

    def do_POST(self):
        left = length = int(self.headers.get("Content-Length") or 0)
        while left:
            left -= len(self.rfile.read(min(left, len(CHUNK))))
        self.answer("posted %d\n" % length)

    do_HEAD = do_PUT = do_OPTIONS = do_DELETE = do_GET

    def answer(self, text):
        text = text.encode("latin-1", "replace")
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        print("asked", self.headers.get("Host"), self.path, flush=True)


class Greeter(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"220 hello\r\n")
        self.request.recv(100)


class Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, *_):
        pass


class Secure(Server):
    def finish_request(self, request, client_address):
        with self.context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)


def without_records(query):
    return query[:2] + b"\x81\x80" + query[4:6] + bytes(6) + query[12:]


class NameStream(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            length = self.rfile.read(2)
            if len(length) < 2:
                return
            query = self.rfile.read(int.from_bytes(length, "big"))
            self.wfile.write(length + without_records(query))


class NamePacket(socketserver.BaseRequestHandler):
    def handle(self):
        query, sock = self.request
        sock.sendto(without_records(query), self.client_address)


class Names(socketserver.UDPServer):
    address_family = socket.AF_INET6


def main():
    servers = [
        Server(("::", 80), Web),
        Server(("::", 25), Greeter),
        Server(("::", 53), NameStream),
        Names(("::", 53), NamePacket),
    ]
    if len(sys.argv) > 1:
        secure = Secure(("::", 443), Web)
        secure.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.context.load_cert_chain(sys.argv[1])
        servers.append(secure)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


main()
