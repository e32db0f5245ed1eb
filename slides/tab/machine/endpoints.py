"""Endpoints of connections: what a socket's descriptor stands for, and where its bytes are."""

import collections
import errno
import socket
from collections.abc import Callable
from typing import Any, Protocol

from machine import waiting
from machine.descriptors import failure

BUFFER = 1024 * 1024  # bytes sent and not read yet that a connection holds: Linux holds as much


class End(Protocol):
    """The far end of a connection, as an endpoint sees it."""

    def room(self) -> int:
        """How many bytes it takes now."""

    def is_gone(self) -> bool:
        """Tell whether nobody will read what it is given."""

    def put(self, data: bytes) -> None:
        """Give it bytes, at most as many as it has room for."""

    def end(self) -> None:
        """No more bytes will come."""

    def consumed(self, count: int) -> None:
        """The near end has read `count` bytes that came from this one."""

    def near_closed(self) -> None:
        """The near end is closed: what comes for it now is for nobody."""


class Endpoint:
    """One end of a connection, or what connections are accepted from."""

    def __init__(self, family: int = socket.AF_INET) -> None:
        self.family = family
        self.descriptors = 0
        self.is_blocking = True
        self.options: dict[tuple[int, int], Any] = {}
        self.here: Any = None  # its address
        self.there: Any = None  # that of the far end
        self.error = 0  # what SO_ERROR tells
        self.arrived = bytearray()
        self.at_end = False  # the far end sends no more
        self.finished = False  # this end sends no more
        self.is_closed = False
        self.is_connecting = False
        self.far: End | None = None
        self.queue: collections.deque[Endpoint] | None = None  # to be accepted
        self.let_go: Callable[[], None] | None = None  # of its address

    # Readiness.

    def is_readable(self) -> bool:
        """Tell whether reading, or accepting, would not block."""
        if self.queue is not None:
            return bool(self.queue) or self.is_closed
        idle = self.far is None and not self.is_connecting
        return bool(self.arrived or self.at_end or self.error or self.is_closed or idle)

    def is_writable(self) -> bool:
        """Tell whether writing would not block, or a connection is made or has failed."""
        if self.error or self.finished or self.is_closed:
            return True
        if self.far is None:
            return not self.is_connecting and self.queue is None
        return self.far.is_gone() or self.far.room() > 0

    def wait_until(self, condition: Callable[[], Any]) -> None:
        """Wait for a condition, unless this endpoint is not to block."""
        if self.is_blocking:
            waiting.wait_for(condition)

    # Bytes.

    def put(self, data: memoryview) -> int:
        """Send what there is room for; tell how much that was."""
        self._raise_error()
        if self.is_connecting:
            raise failure(errno.EAGAIN)
        if self.finished or self.far is None or self.far.is_gone():
            raise failure(errno.EPIPE)
        room = min(self.far.room(), len(data))
        if room <= 0 < len(data):
            raise failure(errno.EAGAIN)
        self.far.put(bytes(data[:room]))
        return room

    def get(self, into: memoryview, peek: bool = False) -> int:
        """Take bytes that have arrived, or none at the end; tell how many."""
        if not self.arrived:
            self._raise_error()
            if not self.at_end:
                raise failure(errno.EAGAIN if self.far is not None else errno.ENOTCONN)
        count = min(len(into), len(self.arrived))
        into[:count] = self.arrived[:count]
        if count and not peek:
            del self.arrived[:count]
            if self.far is not None:
                self.far.consumed(count)
        return count

    def take_error(self) -> int:
        """The error that has come, once."""
        error, self.error = self.error, 0
        return error

    def _raise_error(self) -> None:
        if self.error:
            raise failure(self.take_error())

    # What happens at the far end.

    def receive(self, data: bytes) -> None:
        """Bytes have come."""
        self.arrived += data
        waiting.notify()

    def receive_end(self) -> None:
        """No more will come."""
        self.at_end = True
        waiting.notify()

    def was_connected(self, far: End) -> None:
        """Somebody has the connection."""
        self.is_connecting = False
        self.far = far
        waiting.notify()

    def was_refused(self, error: int) -> None:
        """There is no connection; SO_ERROR tells why."""
        self.is_connecting = False
        self.error = error
        self.there = None
        waiting.notify()

    def was_reset(self) -> None:
        """The far end is gone, without a goodbye."""
        if not self.at_end:
            self.error = errno.ECONNREFUSED if self.is_connecting else errno.ECONNRESET
        self.at_end = self.finished = True
        self.is_connecting = False
        waiting.notify()

    # Its own end.

    def finish(self) -> None:
        """Send no more."""
        if self.far is not None and not self.finished:
            self.finished = True
            self.far.end()

    def close(self) -> None:
        """Neither send nor receive; let go of what was to be accepted."""
        self.is_closed = True
        self.finish()
        if self.far is not None:
            self.far.near_closed()
        for each in self.queue or ():
            each.close()
        if self.let_go is not None:
            self.let_go()
        waiting.notify()


class Beside:
    """The far end of a connection within the program: simply the other endpoint."""

    def __init__(self, other: Endpoint) -> None:
        self.other = other

    def room(self) -> int:
        return BUFFER - len(self.other.arrived)

    def is_gone(self) -> bool:
        return self.other.is_closed

    def put(self, data: bytes) -> None:
        self.other.receive(data)

    def end(self) -> None:
        self.other.receive_end()

    def consumed(self, count: int) -> None:
        waiting.notify()

    def near_closed(self) -> None:
        pass


def joined(family: int) -> tuple[Endpoint, Endpoint]:
    """Two endpoints, each the far end of the other."""
    one, other = Endpoint(family), Endpoint(family)
    one.far, other.far = Beside(other), Beside(one)
    return one, other
