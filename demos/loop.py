"""An event loop in thirty lines, echoing to many clients at once.

Shows: what is under every asynchronous framework: register a socket,
    wait for events, call the callback; one thread, no Tornado
Try:
    echo hello | curl -s --max-time 1 telnet://localhost:8888
Needs: nothing, not even Tornado
Where: tab, process
"""

import selectors
import socket
from collections.abc import Callable

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Loop:
    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()

    def watch(
        self,
        sock: socket.socket,
        event: int,
        callback: Callable[[], None],
    ) -> None:
        self.forget(sock)
        self.selector.register(sock, event, callback)

    def forget(self, sock: socket.socket) -> None:
        if sock in self.selector.get_map():
            self.selector.unregister(sock)

    def run(self) -> None:
        while self.selector.get_map():
            for key, _ in self.selector.select():
                callback = key.data
                callback()


class Echo:
    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        self.loop, self.sock, self.waiting = loop, sock, b""
        loop.watch(sock, READ, self.on_readable)

    def on_readable(self) -> None:
        try:
            self.waiting = self.sock.recv(65536)
        except OSError:
            self.waiting = b""
        if self.waiting:
            self.loop.watch(self.sock, WRITE, self.on_writable)
        else:
            self.close()

    def on_writable(self) -> None:
        try:
            sent = self.sock.send(self.waiting)
        except OSError:
            return self.close()  # this client only
        # The kernel takes what it has room for: keep the rest.
        self.waiting = self.waiting[sent:]
        if not self.waiting:
            self.loop.watch(self.sock, READ, self.on_readable)

    def close(self) -> None:
        self.loop.forget(self.sock)
        self.sock.close()


def listen(loop: Loop, port: int, address: str) -> socket.socket:
    server = socket.create_server((address, port))
    server.setblocking(False)
    loop.watch(server, READ, lambda: accept(loop, server))
    return server


def accept(loop: Loop, server: socket.socket) -> None:
    try:
        client, _ = server.accept()
    except OSError:
        return  # it left before we came to the door
    client.setblocking(False)
    Echo(loop, client)


def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until interrupted."""
    loop = Loop()
    with listen(loop, port, address):
        loop.run()


if __name__ == "__main__":
    main()
