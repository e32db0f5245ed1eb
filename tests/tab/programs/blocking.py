"""Sockets that block, each in a thread: socketserver, http.server, urllib, timeouts."""

import http.server
import socket
import socketserver
import threading
import time
import urllib.error
import urllib.request


class Upper(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line.upper())


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, *arguments: object) -> None:
        pass


def lines() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Upper) as server:
        threading.Thread(target=server.serve_forever).start()
        with socket.create_connection(server.server_address) as client:
            file = client.makefile("rw")
            for word in "one", "two":
                file.write(f"{word}\n")
                file.flush()
                print(file.readline(), end="")
            file.close()
        server.shutdown()


def pages() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://localhost:{server.server_port}"
        with urllib.request.urlopen(f"{url}/", b"abc" * 100_000) as response:
            print(response.status, response.read() == b"cba" * 100_000)
        try:
            urllib.request.urlopen(f"{url}/none", b"x")
        except urllib.error.HTTPError as error:
            print(error.code, error.read())
        server.shutdown()


def patience() -> None:
    one, other = socket.socketpair()
    one.settimeout(0.1)
    before = time.monotonic()
    try:
        one.recv(1)
    except TimeoutError as error:
        print(error, 0.09 < time.monotonic() - before < 5)
    threading.Timer(0.05, other.sendall, [b"late"]).start()
    one.settimeout(None)
    print(one.recv(10), one.gettimeout(), one.getblocking())
    other.close()
    print(one.recv(10))


lines()
pages()
patience()
