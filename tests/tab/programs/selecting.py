"""Waiting for sockets without asyncio: selectors, select and poll."""

import select
import selectors
import socket
import threading
import time


def with_selectors() -> None:
    with selectors.DefaultSelector() as selector, socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        selector.register(server, selectors.EVENT_READ, "server")
        clients = [socket.create_connection(server.getsockname()) for _ in range(3)]
        echoed = 0
        for number, client in enumerate(clients):
            client.sendall(b"%d" % number)
        while echoed < 3:
            for key, events in selector.select(timeout=10):
                if key.data == "server":
                    near, _ = server.accept()
                    selector.register(near, selectors.EVENT_READ, "client")
                elif data := key.fileobj.recv(100):
                    print(sorted([data.isdigit(), bool(events & selectors.EVENT_READ)]))
                    key.fileobj.sendall(data * 2)
                    echoed += 1
        print([client.recv(10) for client in clients])
        print(len(selector.get_map()), selector.select(timeout=0))
        for key in list(selector.get_map().values()):
            selector.unregister(key.fileobj)
            key.fileobj.close()
        for client in clients:
            client.close()


def with_select() -> None:
    one, other = socket.socketpair()
    print(select.select([one], [one], [], 0)[1] == [one])
    before = time.monotonic()
    print(select.select([one], [], [], 0.05), time.monotonic() - before >= 0.045)
    threading.Timer(0.05, other.send, [b"x"]).start()
    print(select.select([one], [], [])[0] == [one])
    poll = select.poll()
    poll.register(one, select.POLLIN)
    print(poll.poll(100) == [(one.fileno(), select.POLLIN)])
    one.recv(1)
    print(poll.poll(10))
    one.close()
    try:
        select.select([one], [], [], 0)
    except ValueError as error:
        print(error)


with_selectors()
with_select()
