"""One message to everybody, at about the price of a system call each.

Tornado's `write_message` makes a frame, a task and two futures for every connection. Here a frame
is made once, and handed straight to the socket while the connection's stream has nothing to send.
What the kernel does not take goes through the stream, and what comes after it waits, up to a bound:
who reads slower than that is dropped, and nobody else waits for them. The messages of one turn of
the event loop are joined, so that each connection has one send for all of them.
"""

import asyncio
import ssl
import struct
from collections.abc import Callable, Iterable

from tornado.escape import utf8
from tornado.iostream import IOStream
from tornado.websocket import WebSocketHandler

BOUND = 256 * 1024  # bytes that may wait for a connection behind what its stream is sending
TOO_SLOW = 1013  # "try again later", in IANA's registry of close codes
CLOSE = b"\x88"  # how a close frame begins
NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


# region: frame
def frame(text: str | bytes) -> bytes:
    """A message as a server sends it: a text frame (RFC 6455, 5.2).

    Neither masked nor compressed. Bytes are UTF-8 already.
    """
    data = utf8(text)
    if len(data) < 126:
        return struct.pack("!BB", 0x81, len(data)) + data
    if len(data) < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, len(data)) + data
    return struct.pack("!BBQ", 0x81, 127, len(data)) + data


# endregion


class Line:
    """The way to one connection.

    `push` takes bytes, and tells how many it took: it is the socket's own `send` while the stream
    has nothing to send, and else has them wait. So sending has nothing to ask.
    """

    __slots__ = (
        "closed",
        "connection",
        "drop",
        "push",
        "size",
        "straight",
        "stream",
        "waiting",
        "writing",
    )

    def __init__(
        self, connection: WebSocketHandler, drop: Callable[[WebSocketHandler], None]
    ) -> None:
        assert connection.ws_connection is not None
        assert connection.ws_connection.stream is not None
        self.connection = connection
        self.drop = drop  # called when more than BOUND bytes wait
        self.stream = connection.ws_connection.stream
        self.straight = self.stream.socket.send
        self.push: Callable[[bytes], int] = self.straight
        self.closed = False  # a close frame was written, which nothing may follow
        self.writing = 0  # bytes that the stream was given since it was free
        self.waiting: list[bytes] = []  # for it to be free; all connections share these
        self.size = 0  # bytes of what waits
        # To ask the stream for each message would cost more than half of what the send does: it
        # tells, instead. Pings, pongs and close frames are written here, too.
        self.stream.write = self.write  # type: ignore[method-assign]
        self.queue(b"")  # after what may be left of the handshake

    def write(self, data: bytes | memoryview) -> "asyncio.Future[None]":
        """Write a frame of Tornado's own."""
        future = self.queue(data)
        if data[:1] == CLOSE:
            self.closed, self.push = True, self._wait
        return future

    def queue(self, data: bytes | memoryview) -> "asyncio.Future[None]":
        """Send by the stream what the socket did not take."""
        future = IOStream.write(self.stream, data)
        if self.stream.writing():
            self.push = self._wait
            self.writing += len(data)
            future.add_done_callback(self._written)
        return future

    def _written(self, future: "asyncio.Future[None]") -> None:
        if self.stream.writing():
            return
        waiting, self.waiting = self.waiting, []
        self.writing = self.size = 0
        if not self.closed:
            self.push = self.straight
            if waiting:
                send([self], b"".join(waiting))

    def _wait(self, data: bytes) -> int:
        if not self.closed:
            self.waiting.append(data)
            self.size += len(data)
            if self.size > BOUND:
                self.drop(self.connection)
        return len(data)


def send(lines: Iterable[Line], data: bytes) -> None:
    """Send whole frames to each, now or when it is their turn."""
    size = len(data)
    for line in lines:
        try:
            if (sent := line.push(data)) < size:
                line.queue(memoryview(data)[sent:])
        except NOT_NOW:
            line.queue(data)
        except OSError:
            line.stream.close(exc_info=True)


class Crowd:
    """Connections that are told the same. Who has joined is spoken to through the crowd only."""

    def __init__(self) -> None:
        self.deliveries = 0  # messages sent or queued, times connections
        self.dropped = 0  # connections that read too slowly
        self._lines: dict[WebSocketHandler, Line] = {}
        self._said: list[bytes] = []  # frames of this turn for all
        self._own: dict[WebSocketHandler, list[bytes]] = {}  # for who hears more or less than all

    def __len__(self) -> int:
        return len(self._lines)

    def connections(self) -> list[WebSocketHandler]:
        """Who is here just now."""
        return list(self._lines)

    @property
    def queued(self) -> int:
        """Bytes that wait for slow connections, most of which these share."""
        return sum(line.writing + line.size for line in self._lines.values())

    def join(self, connection: WebSocketHandler) -> None:
        """Take a connection in; it hears what is said from now on."""
        if connection.ws_connection is None or connection.ws_connection.is_closing():
            return
        self._lines[connection] = Line(connection, self._drop)
        if self._said:
            self._own[connection] = []

    def leave(self, connection: WebSocketHandler) -> None:
        """Tell a connection nothing more, whether it had joined or not."""
        self._own.pop(connection, None)
        if line := self._lines.pop(connection, None):
            line.waiting.clear()
            del line.stream.write  # what stands behind it is Tornado's own

    def send_all(self, text: str | bytes) -> None:
        """Tell everybody, at the end of this turn of the loop."""
        self._flush_soon()
        said = frame(text)
        for frames in [self._said, *self._own.values()]:
            frames.append(said)

    def send_one(self, connection: WebSocketHandler, text: str | bytes) -> None:
        """Tell one connection, after all that it was told before."""
        if connection in self._lines:
            self._flush_soon()
            self._own.setdefault(connection, list(self._said)).append(frame(text))

    def _flush_soon(self) -> None:
        if not self._said and not self._own:
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Send what was said in this turn; before closing a connection, too, that shall hear it."""
        said, self._said = self._said, []
        own, self._own = self._own, {}
        for connection, frames in own.items():
            if frames:
                self._send([self._lines[connection]], frames)
        if said:
            lines = self._lines.values()
            self._send([each for each in lines if not own or each.connection not in own], said)

    def _send(self, lines: list[Line], frames: list[bytes]) -> None:
        send(lines, b"".join(frames))
        self.deliveries += len(lines) * len(frames)

    def _drop(self, connection: WebSocketHandler) -> None:
        """Close a connection that is too slow; Tornado aborts it when it does not close in 5 s."""
        self.dropped += 1
        connection.close(TOO_SLOW, "You read too slowly.")
        self.leave(connection)
