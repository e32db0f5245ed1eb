"""The loopback network of a tab: who listens where, and the two ends of each connection.

A connection inside a program joins two sockets. A connection with another program on the same
host, or with the page, has a `Wire` at the far end: its bytes travel as messages.
"""

import errno
import ipaddress
import itertools
import os
import socket
from typing import TYPE_CHECKING, Any, Protocol

import kernel
from machine import waiting
from pyodide.ffi import to_js

if TYPE_CHECKING:
    from machine.sockets import Socket

BUFFER = 256 * 1024  # bytes a receiver holds before its sender must wait, as a kernel does
LOCAL = ("127.0.0.1", "0.0.0.0", "localhost", "")

sockets: dict[int, "Socket"] = {}  # by file descriptor
listeners: dict[Any, "Socket"] = {}  # by port, or by path
wires: dict[int, "Wire"] = {}

# Real file descriptors are small; what is above this is ours.
_descriptors = itertools.count(1000)
_ephemeral = itertools.count(kernel.firstPort)
_wire_ids = itertools.count(2, 2)  # the page's own are odd


class End(Protocol):
    """The far end of a connection, as a socket sees it."""

    def room(self) -> int:
        """How many bytes it takes now."""

    def put(self, data: bytes) -> None:
        """Give it bytes, at most as many as it has room for."""

    def end(self) -> None:
        """No more bytes will come."""

    def consumed(self, count: int) -> None:
        """The socket has read `count` bytes that came from this end."""


class Wire:
    """The far end of a connection that leads out of this program."""

    def __init__(self, number: int, near: "Socket") -> None:
        self.number = number
        self.near = near
        self.credit = BUFFER
        self.unread = 0
        self.ended = False
        wires[number] = self

    def room(self) -> int:
        return 0 if self.ended else self.credit

    def put(self, data: bytes) -> None:
        self.credit -= len(data)
        kernel.send(self.number, to_js(data))

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            kernel.finish(self.number)

    def consumed(self, count: int) -> None:
        self.unread += count
        if self.unread >= BUFFER // 4:
            kernel.credit(self.number, self.unread)
            self.unread = 0


    def near_closed(self) -> None:
        """The socket is closed; what comes after this is for nobody."""
        if self.near._at_end:
            wires.pop(self.number, None)


def descriptor(sock: "Socket") -> int:
    """A file descriptor for a new socket."""
    number = next(_descriptors)
    sockets[number] = sock
    return number


def free_port() -> int:
    """A port that nothing listens on, as the system gives for port 0."""
    return next(port for port in _ephemeral if not is_taken(port))


def is_taken(port: Any) -> bool:
    """Tell whether a program on this host listens there already."""
    return port in listeners or (isinstance(port, int) and kernel.isTaken(port))


def open_port(port: Any, sock: "Socket") -> None:
    """From now on, connections to `port` are this socket's."""
    listeners[port] = sock
    if isinstance(port, int):
        kernel.listen(port)


def close_port(port: Any, sock: "Socket") -> None:
    """Connections to the port are refused again."""
    if listeners.get(port) is sock:
        del listeners[port]
        if isinstance(port, int):
            kernel.unlisten(port)


def wire_to(port: int, near: "Socket") -> None:
    """Ask the page for a connection to another program on this host."""
    number = next(_wire_ids)
    Wire(number, near)
    kernel.connect(number, port)


def resolve(
    host: str | bytes | None,
    port: Any,
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
) -> list[tuple[Any, ...]]:
    """`socket.getaddrinfo` for a machine that knows nobody but itself."""
    name = host.decode() if isinstance(host, bytes) else host
    if family not in (0, socket.AF_INET):
        raise socket.gaierror(socket.EAI_FAMILY, "ai_family not supported: a tab has IPv4 only")
    if not name:
        name = "0.0.0.0" if flags & socket.AI_PASSIVE else "127.0.0.1"
    elif name == "localhost" and not flags & socket.AI_NUMERICHOST:
        name = "127.0.0.1"
    try:
        address = str(ipaddress.IPv4Address(name))
    except ValueError:
        raise socket.gaierror(
            socket.EAI_NONAME, f"Name or service not known: a tab reaches localhost, not {name!r}"
        ) from None
    kinds = [(socket.SOCK_STREAM, 6)]
    return [
        (socket.AF_INET, kind, number, "", (address, int(port or 0)))
        for kind, number in kinds
        if type in (0, kind)
    ]


def is_local(host: str) -> bool:
    """Tell whether a numeric address is this machine's."""
    return host in LOCAL or host.startswith("127.")


def failure(number: int) -> OSError:
    """The error with this number, of the class and with the text that the system gives it."""
    return OSError(number, os.strerror(number))


def _accept(number: int, port: int) -> None:
    listener = listeners.get(port)
    if listener is None:
        kernel.reset(number)
    else:
        listener.admit(lambda near: Wire(number, near), ("127.0.0.1", 40000 + number % 20000))


def _connected(number: int) -> None:
    if number in wires:
        wires[number].near.became_connected()


def _refused(number: int) -> None:
    if number in wires:
        wires.pop(number).near.failed(errno.ECONNREFUSED)


def _data(number: int, data: Any) -> None:
    if number not in wires:
        return
    if wires[number].near._closed:
        del wires[number]
        kernel.reset(number)
    else:
        wires[number].near.receive(data.to_bytes())


def _end(number: int) -> None:
    if number in wires:
        near = wires[number].near
        near.receive_end()
        if near._closed:
            del wires[number]


def _reset(number: int) -> None:
    if number in wires:
        wire = wires.pop(number)
        wire.ended = True
        wire.near.was_reset()


def _credit(number: int, count: int) -> None:
    if number in wires:
        wires[number].credit += count


def install() -> None:
    """Have what the page sends about connections handled here."""
    waiting.handlers.update(
        accept=_accept,
        connected=_connected,
        refused=_refused,
        data=_data,
        end=_end,
        reset=_reset,
        credit=_credit,
    )
