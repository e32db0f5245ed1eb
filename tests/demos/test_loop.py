"""`loop`: one thread, no framework, and two hundred clients."""

import contextlib
import socket
import struct
import threading

import pytest

from demos import loop

PATIENCE = 20  # seconds


@pytest.fixture
def address():
    """Where the demo echoes, on a thread of its own, until the test is over.

    The loop ends by itself once it has nothing to wait for: no connection may be left.
    """
    running = loop.Loop()
    server = loop.listen(running, 0, "127.0.0.1")
    # The connections inherit a buffer too small for what the loop sends at a time.
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    stop, stopped = socket.socketpair()

    def on_stop():
        for sock in (server, stopped):
            running.forget(sock)
            sock.close()

    running.watch(stopped, loop.READ, on_stop)
    thread = threading.Thread(target=running.run)
    thread.start()
    yield server.getsockname()  # whoever connects has left when this goes on
    stop.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    running.selector.close()


@pytest.fixture
def connect(address):
    """Opens a connection to the demo: `connect()`, or one with room for so many bytes unread."""
    with contextlib.ExitStack() as opened:

        def connect(room=None):
            client = opened.enter_context(socket.socket())
            if room:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
            client.settimeout(PATIENCE)
            client.connect(address)
            return client

        yield connect


def read(client, size):
    """Exactly so many bytes from a connection."""
    received = bytearray()
    while len(received) < size:
        chunk = client.recv(min(65536, size - len(received)))
        assert chunk, "the server closed the connection"
        received += chunk
    return bytes(received)


def test_two_hundred_clients_are_held_at_once(connect):
    """All are connected and have spoken before the first one listens; each hears its own words."""
    threads = threading.active_count()
    clients = [connect() for _ in range(200)]
    for number, client in enumerate(clients):
        client.sendall(b"%04d" % number)
    answers = [read(client, 4) for client in clients]
    assert answers == [b"%04d" % number for number in range(200)]
    assert threading.active_count() <= threads


def test_a_message_larger_than_any_buffer_comes_back_whole(connect):
    """What the kernel has no room for is kept and sent when there is room."""
    client = connect()
    message = bytes(range(256)) * 10_000
    sender = threading.Thread(target=client.sendall, args=(message,))
    sender.start()
    assert read(client, len(message)) == message
    sender.join(PATIENCE)


def test_a_client_that_never_reads_holds_up_nobody(connect):
    """Its words fill the buffers between it and the server; the others are answered."""
    deaf, other = connect(room=4096), connect()
    deaf.setblocking(False)
    for _ in range(300):
        with contextlib.suppress(BlockingIOError):
            deaf.send(b"x" * 65536)
        other.sendall(b"ping")
        assert read(other, 4) == b"ping"
    with pytest.raises(BlockingIOError):  # full, on both ways
        deaf.send(b"x" * 65536)


@pytest.mark.parametrize("size", [1, 1_000_000], ids=["listening", "sending"])
def test_a_client_that_breaks_off_is_the_only_one_closed(connect, size):
    """A reset connection ends itself, not the loop, whatever the server was doing with it."""
    broken, other = connect(), connect()
    broken.sendall(b"x" * size)
    assert read(broken, 1) == b"x"
    broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    broken.close()  # with a reset, for it lingers no time
    for _ in range(3):
        other.sendall(b"ping")
        assert read(other, 4) == b"ping"


def test_a_client_that_says_goodbye_is_forgotten(connect):
    """The end of its words is the end of its connection."""
    client = connect()
    client.sendall(b"bye")
    assert read(client, 3) == b"bye"
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""
