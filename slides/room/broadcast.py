"""One message to everybody, at about the price of a system call each.

Tornado's `write_message` makes a frame, a task and two futures for every connection. Here a frame
is made once, and handed straight to the socket while the connection's stream has nothing to send.
What the kernel does not take goes through the stream, and what comes after it waits, up to a bound:
who reads slower than that is dropped, and nobody else waits for them. The messages of one turn of
the event loop are joined, so that each connection has one send for all of them.
"""

import asyncio
import struct

from tornado.escape import utf8
from tornado.websocket import WebSocketHandler

BOUND = 256 * 1024  # bytes that may wait for a connection behind what its stream is sending
TOO_SLOW = 1013  # "try again later", in IANA's registry of close codes


# region: frame
def frame(text: str | bytes) -> bytes:
    """A message as a server sends it: a text frame, neither masked nor compressed (RFC 6455, 5.2).

    Bytes are UTF-8 already.
    """
    data = utf8(text)
    if len(data) < 126:
        return struct.pack("!BB", 0x81, len(data)) + data
    if len(data) < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, len(data)) + data
    return struct.pack("!BBQ", 0x81, 127, len(data)) + data


# endregion


class Line:
    """The way to one connection: what its stream is sending of ours, and what waits behind that."""

    __slots__ = ("connection", "protocol", "size", "stream", "waiting", "writing")

    def __init__(self, connection: WebSocketHandler) -> None:
        assert connection.ws_connection is not None
        assert connection.ws_connection.stream is not None
        self.connection = connection
        self.protocol = connection.ws_connection
        self.stream = connection.ws_connection.stream
        self.writing = 0  # bytes that the stream took over, until all of them are sent
        self.waiting: list[memoryview] = []  # views of frames that all connections share
        self.size = 0  # bytes of these

    # region: line
    def send(self, data: memoryview) -> None:
        """Send whole frames, now or when it is their turn."""
        if self.writing:
            self.waiting.append(data)
            self.size += len(data)
        elif not self.protocol.is_closing():
            try:
                # Tornado's own frames, such as pings, may be in the stream.
                sent = 0 if self.stream.writing() else self.stream.write_to_fd(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                return self.stream.close(exc_info=True)
            if sent < len(data):
                self._write(data[sent:])

    def _write(self, data: memoryview) -> None:
        self.writing = len(data)
        self.stream.write(data).add_done_callback(self._written)

    def _written(self, future: "asyncio.Future[None]") -> None:
        self.writing = self.size = 0
        waiting, self.waiting = self.waiting, []
        if waiting:
            self.send(memoryview(b"".join(waiting)))

    # endregion


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
        if connection.ws_connection is not None:  # else it is closed already
            self._lines[connection] = Line(connection)
            if self._said:
                self._own[connection] = []

    def leave(self, connection: WebSocketHandler) -> None:
        """Tell a connection nothing more, whether it had joined or not."""
        self._own.pop(connection, None)
        self._lines.pop(connection, None)

    # region: crowd
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
        if said:
            self._send([line for who, line in self._lines.items() if who not in own], said)
        for connection, frames in own.items():
            if frames:
                self._send([self._lines[connection]], frames)

    def _send(self, lines: list[Line], frames: list[bytes]) -> None:
        data = memoryview(b"".join(frames))
        for line in lines:
            line.send(data)
            if line.size > BOUND:
                self._drop(line.connection)
        self.deliveries += len(lines) * len(frames)

    def _drop(self, connection: WebSocketHandler) -> None:
        """Close a connection that is too slow; Tornado aborts it when it does not close in 5 s."""
        self.dropped += 1
        self.leave(connection)
        connection.close(TOO_SLOW, "You read too slowly.")

    # endregion
