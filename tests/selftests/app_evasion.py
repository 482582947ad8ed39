# SPDX-License-Identifier: GPL-2.0-or-later
"""app_evasion.py sink PORT... | app_evasion.py send ADDRESS

Ways past an application filter that allows http://app1.example/app1/, TLS for ok.example
and DNS for ok.example, and nothing else. send tries all of them, one connection each, and
says "NAME SOURCE-PORT BYTES" of each. sink takes all that comes, and says "SOURCE-PORT
BYTES" when a connection is over, one more if that was in order: an evasion has got
through if it has all its bytes.
"""

import socket
import socketserver
import struct
import sys
import threading
import time

HOST = b"Host: app1.example\r\n"
GET2 = b"GET /app2/x HTTP/1.1\r\n" + HOST + b"\r\n"
GET1 = b"GET /app1/x HTTP/1.1\r\n" + HOST + b"\r\n"
POST = b"POST /app1/x HTTP/1.1\r\n" + HOST


def get(path, version=b"HTTP/1.1"):
    return b"GET " + path + b" " + version + b"\r\n" + HOST + b"\r\n"


def heads(*lines, first=b"GET /app1/x HTTP/1.1"):
    return b"\r\n".join((first,) + lines) + b"\r\n\r\n"


HTTP = {
    "plain": GET2,
    "head": GET2.replace(b"GET", b"HEAD"),
    "other-host": heads(b"Host: app2.example"),
    "host-prefix": heads(b"Host: app1.example.evil.example"),
    "host-suffix": heads(b"Host: xapp1.example"),
    "no-host": heads(),
    "empty-host": heads(b"Host:"),
    "host-twice": heads(b"Host: app1.example", b"Host: app2.example"),
    "host-twice-same": heads(b"Host: app1.example", b"Host: app1.example"),
    "host-list": heads(b"Host: app1.example, app2.example"),
    "host-blank": heads(b"Host: app1.example app2.example"),
    "host-user": heads(b"Host: app1.example@app2.example"),
    "host-space-colon": heads(b"Host : app1.example"),
    "host-folded": heads(b"Host: app1.example", b" app2.example"),
    "host-folded-tab": heads(b"Host:", b"\tapp1.example"),
    "first-header-folded": heads(b" Host: app1.example"),
    "host-encoded": heads(b"Host: app%31.example"),
    "host-zero": heads(b"Host: app1.example\0.evil"),
    "host-unicode": heads("Host: app1.exämple".encode()),
    "path-case": get(b"/APP1/x"),
    "dots": get(b"/app1/../app2/x"),
    "dots-twice": get(b"/app1/a/../../app2/x"),
    "dot-first": get(b"/./app2/x"),
    "dots-encoded": get(b"/app1/%2e%2e/app2/x"),
    "dots-half-encoded": get(b"/app1/.%2E/app2/x"),
    "dots-twice-encoded": get(b"/app1/%252e%252e/app2/x"),
    "slash-encoded": get(b"/app1/..%2fapp2/x"),
    "slash-twice-encoded": get(b"/app1/..%252fapp2/x"),
    "backslash": get(b"/app1/..\\app2/x"),
    "backslash-encoded": get(b"/app1/..%5capp2/x"),
    "parameter": get(b"/app1/..;/app2/x"),
    "parameter-long": get(b"/app1/..;a=b/app2/x"),
    "overlong-slash": get(b"/app1/..%c0%afapp2/x"),
    "overlong-dots": get(b"/app1/%c0%ae%c0%ae/app2/x"),
    "percent-u": get(b"/app1/%u002e%u002e/app2/x"),
    "bad-percent": get(b"/app1/%zz/../app2/x"),
    "zero-encoded": get(b"/app2/x%00/app1/"),
    "letter-encoded": get(b"/%61pp2/x"),
    "two-slashes": get(b"//app2/x"),
    "line-end-encoded": get(b"/app1/x%0d%0aHost:%20app2"),
    "path-header": heads(HOST[:-2], b"X-Original-URL: /app2/x"),
    "absolute": get(b"http://app2.example/app1/x"),
    "absolute-no-host": b"GET http://app1.example/app1/x HTTP/1.0\r\n\r\n",
    "absolute-empty-host": heads(b"Host:", first=b"GET http://app1.example/app1/x HTTP/1.1"),
    "absolute-case": get(b"HTTP://APP2.EXAMPLE/app1/x"),
    "absolute-path": get(b"http://app1.example/app2/x"),
    "absolute-user": get(b"http://app1.example@app2.example/app1/x"),
    "absolute-other": get(b"ftp://app1.example/app1/x"),
    "authority": heads(b"Host: app2.example:80", first=b"CONNECT app2.example:80 HTTP/1.1"),
    "old": b"GET /app2/x\r\n",
    "version-0": get(b"/app2/x", b"HTTP/1.0"),
    "version-2": get(b"/app1/x", b"HTTP/2.0"),
    "version-case": get(b"/app1/x", b"http/1.1"),
    "version-1.10": get(b"/app1/x", b"HTTP/1.10"),
    "two-spaces": GET2.replace(b" /app2", b"  /app2"),
    "tab": GET2.replace(b" /app2", b"\t/app2"),
    "space-first": b" " + GET1,
    "lower-case": GET1.lower().replace(b"http/", b"HTTP/"),
    "bare-lf": GET1.replace(b"\r\n", b"\n"),
    "bare-lf-last": GET1[:-2] + b"\n",
    "bare-cr": GET1.replace(b"\r\n\r\n", b"\rX: y\r\n\r\n"),
    "zero-byte": GET1.replace(b"/x", b"/\0x"),
    "empty-lines": b"\r\n\r\n" + GET2,
    "long-head": heads(HOST[:-2], b"X: " + b"x" * 20000),
    "cut": GET2[:-2],
    "cut-line": GET2[:20],
    "cut-behind": GET1 + GET2[:-2],
    "pipelined": GET1 + GET2,
    "body-of-get": GET1[:-2] + b"Content-Length: %d\r\n\r\n" % len(GET2) + GET2,
    "chunks-of-head": GET1.replace(b"GET", b"HEAD")[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "pipelined-many": GET1 * 50 + GET2,
    "smuggled-length": heads(HOST[:-2], b"Content-Length: 4", b"Content-Length: 90", first=b"POST /app1/x HTTP/1.1") + b"abcd",
    "smuggled-octal": POST + b"Content-Length: 0%d\r\n\r\n" % len(GET2) + GET2,
    "smuggled-both": heads(HOST[:-2], b"Content-Length: 60", b"Transfer-Encoding: chunked", first=b"POST /app1/x HTTP/1.1") + b"0\r\n\r\n" + GET2,
    "smuggled-coding": heads(HOST[:-2], b"Transfer-Encoding: xchunked", first=b"POST /app1/x HTTP/1.1") + GET2,
    "behind-length": POST + b"Content-Length: 4\r\n\r\nabcd" + GET2,
    "behind-chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n" + GET2,
    "chunk-size": POST + b"Transfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n",
    "chunk-overflow": POST + b"Transfer-Encoding: chunked\r\n\r\n100000004\r\nabcd\r\n0\r\n\r\n" + GET2,
    "chunk-lf": POST + b"Transfer-Encoding: chunked\r\n\r\n4\nabcd\r\n0\r\n\r\n",
    "chunk-long": POST + b"Transfer-Encoding: chunked\r\n\r\n4\r\nabcdef\r\n0\r\n\r\n",
    "trailers": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nHost: app2.example\r\n\r\n",
    "upgrade": heads(HOST[:-2], b"Connection: Upgrade", b"Upgrade: websocket") + GET2,
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "unknown": b"SSH-2.0-evasion\r\n",
}


def hello(*names, ech=False, record=1 << 14, kind=0, more=b""):
    extensions = b"\x1a\x1a\0\0"
    for name in names:
        extensions += struct.pack(">HHHBH", 0, len(name) + 5, len(name) + 3, kind, len(name)) + name
    if ech:
        extensions += b"\xfe\x0d\0\3abc"
    extensions += more
    body = b"\3\3" + b"r" * 32 + b"\0" + b"\0\4\x0a\x0a\x13\1" + b"\1\0"
    body += struct.pack(">H", len(extensions)) + extensions
    message = b"\1" + struct.pack(">I", len(body))[1:] + body
    return b"".join(b"\x16\3\1" + struct.pack(">H", len(message[i:i + record])) + message[i:i + record]
                    for i in range(0, len(message), record))


# extensions: TLS 1.3 is offered; there are early data
MODERN, EARLY = b"\0\x2b\0\3\2\3\4", b"\0\x2a\0\0"
CIPHER = b"\x14\3\3\0\1\1"

TLS = {
    "tls": hello(b"no.example"),
    "tls-case": hello(b"NO.example"),
    "tls-records": hello(b"no.example", record=1),
    "tls-records-7": hello(b"no.example", record=7),
    "tls-no-name": hello(),
    "tls-two-names": hello(b"ok.example", b"no.example"),
    "tls-kind": hello(b"ok.example", kind=1),
    "tls-zero": hello(b"ok.example\0.no.example"),
    "tls-ech": hello(b"no.example", ech=True),
    "tls-2": b"\x16\2\0" + hello(b"ok.example")[3:],
    "tls-empty-record": b"\x16\3\1\0\0" + hello(b"no.example"),
    "tls-again": hello(b"ok.example", more=MODERN) + hello(b"no.example", more=MODERN),
    "tls-again-records": hello(b"ok.example", more=MODERN) + CIPHER + hello(b"no.example", record=3),
    "tls-again-early": hello(b"ok.example", more=MODERN + EARLY) + b"\x17\3\3\0\4data" + hello(b"no.example"),
    "tls-two-in-one": hello(b"ok.example")[:3] + struct.pack(">H", len(hello(b"ok.example")) - 5 + 4)
                      + hello(b"ok.example")[5:] + b"\1\0\0\0",
    "tls-alert-first": b"\x15\3\1\0\2\1\0" + hello(b"no.example"),
    "ssl2": b"\x80\x2e\1\3\1\0\x15\0\0\0\x10" + b"x" * 37,
}


def question(*names):
    body = b"\x12\x34\1\0" + struct.pack(">HHHH", len(names), 0, 0, 0) + b"".join(
        b"".join(bytes([len(l)]) + l for l in name.split(b".")) + b"\0\0\1\0\1" for name in names)
    return struct.pack(">H", len(body)) + body


DNS = {
    "dns": question(b"no.example"),
    "dns-case": question(b"NO.eXample"),
    "dns-second": question(b"ok.example", b"no.example"),
    "dns-pipelined": question(b"ok.example") + question(b"no.example"),
    "dns-loop": b"\0\x12\x12\x34\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1",
    "dns-answer": b"\0\x1c\x12\x34\x81\0" + question(b"ok.example")[6:],
}


def send(address, port, data, size):
    sock = socket.create_connection((address, port), timeout=5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    source = sock.getsockname()[1]
    try:
        for i in range(0, len(data), size):
            sock.sendall(data[i:i + size])
            if size < 100:
                time.sleep(0.0005)
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(3)
        while sock.recv(65536):
            pass
    except OSError:
        pass
    sock.close()
    return source


def send_all(address):
    tries = [(name, 80, data, 1 << 20) for name, data in {**HTTP, **TLS}.items()]
    tries += [(name, 53, data, 1 << 20) for name, data in DNS.items()]
    tries += [(name + "-tiny", 80, data, 1) for name, data in HTTP.items()
              if name in ("plain", "dots-encoded", "host-twice", "pipelined", "bare-lf", "absolute")]
    tries += [("tls-tiny", 80, TLS["tls-records"], 1), ("dns-tiny", 53, DNS["dns"], 1)]
    threads = []

    def one(name, port, data, size):
        # Some servers take the end for the end of a head: that counts as a byte.
        print(name, send(address, port, data, size), len(data) + name.startswith("cut"), flush=True)

    for one_try in tries:
        threads.append(threading.Thread(target=one, args=one_try))
        threads[-1].start()
        if len(threads) >= 8:
            threads.pop(0).join()
    for thread in threads:
        thread.join()
    print("tried", len(tries))


class Sink(socketserver.BaseRequestHandler):
    def handle(self):
        total = 0
        try:
            while data := self.request.recv(65536):
                total += len(data)
            total += 1
        except OSError:
            pass
        print(self.client_address[1], total, flush=True)


class Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True


if sys.argv[1] == "send":
    send_all(sys.argv[2])
else:
    for number in sys.argv[2:]:
        threading.Thread(target=Server(("::", int(number)), Sink).serve_forever, daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()
