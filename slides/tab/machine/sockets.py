"""`socket.socket` over the endpoints of a tab, under an unchanged `socket` module."""

import contextlib
import errno
import socket
from collections.abc import Callable
from typing import Any

from machine import descriptors, names, network, waiting
from machine.descriptors import failure
from machine.endpoints import Endpoint, joined

RealSocket = socket.socket
KIND = 0xF  # the bits of a socket's type that say its kind
KINDS = (socket.AF_INET, socket.AF_INET6, network.AF_UNIX)

# Names that the browser build of Python may leave out, with Linux's numbers.
CONSTANTS = {
    "AF_UNIX": network.AF_UNIX,
    "AI_ADDRCONFIG": 32,
    "AI_CANONNAME": 2,
    "AI_NUMERICHOST": names.NUMERIC_HOST,
    "AI_NUMERICSERV": 1024,
    "AI_PASSIVE": names.PASSIVE,
    "EAI_FAMILY": names.NO_FAMILY,
    "EAI_NONAME": names.NO_NAME,
    "EAI_SERVICE": names.NO_SERVICE,
    "EAI_SOCKTYPE": names.NO_KIND,
    "IPPROTO_IPV6": 41,
    "IPPROTO_TCP": names.TCP,
    "IPV6_V6ONLY": 26,
    "MSG_DONTWAIT": 64,
    "MSG_PEEK": 2,
    "SHUT_RD": 0,
    "SHUT_RDWR": 2,
    "SHUT_WR": 1,
    "SOL_SOCKET": 1,
    "SOMAXCONN": 128,
    "SO_BROADCAST": 6,
    "SO_ERROR": 4,
    "SO_KEEPALIVE": 9,
    "SO_LINGER": 13,
    "SO_RCVBUF": 8,
    "SO_REUSEADDR": 2,
    "SO_REUSEPORT": 15,
    "SO_SNDBUF": 7,
    "SO_TYPE": 3,
    "TCP_KEEPCNT": 6,
    "TCP_KEEPIDLE": 4,
    "TCP_KEEPINTVL": 5,
    "TCP_NODELAY": 1,
}


class Socket(RealSocket):
    """A stream socket. It has no C socket below it, and all of its methods."""

    def __init__(
        self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None
    ) -> None:
        self._io_refs = 0
        self._closed = False
        self._number = -1
        if fileno is None:
            family = socket.AF_INET if family == -1 else family
            kind = socket.SOCK_STREAM if type == -1 else type & KIND
            if family not in KINDS or kind != socket.SOCK_STREAM:
                raise failure(errno.EAFNOSUPPORT)
            fileno = descriptors.add(Endpoint(family))
        self._end = descriptors.find(fileno)
        self._number = fileno
        self.settimeout(socket.getdefaulttimeout())

    # What it is.

    @property
    def family(self) -> Any:
        known = self._end.family in (socket.AF_INET, socket.AF_INET6)
        return socket.AddressFamily(self._end.family) if known else self._end.family

    @property
    def type(self) -> Any:
        return socket.SOCK_STREAM

    @property
    def proto(self) -> int:
        return 0 if self._end.family == network.AF_UNIX else names.TCP

    @property
    def timeout(self) -> float | None:
        return self._timeout

    def fileno(self) -> int:
        return self._number

    def gettimeout(self) -> float | None:
        return self._timeout

    def settimeout(self, value: float | None) -> None:
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._timeout = value
        self._end.is_blocking = value is None

    def setblocking(self, flag: bool) -> None:
        self.settimeout(None if flag else 0.0)

    def getblocking(self) -> bool:
        return self._timeout != 0

    def get_inheritable(self) -> bool:
        return False

    def set_inheritable(self, inheritable: bool) -> None:
        pass

    def setsockopt(self, level: int, option: int, value: Any, *length: int) -> None:
        self._open().options[level, option] = value

    def getsockopt(self, level: int, option: int, length: int = 0) -> Any:
        end = self._open()
        if level == socket.SOL_SOCKET and option == socket.SO_ERROR:
            return end.take_error()
        if level == socket.SOL_SOCKET and option == socket.SO_TYPE:
            return int(socket.SOCK_STREAM)
        return end.options.get((level, option), bytes(length) if length else 0)

    def getsockname(self) -> Any:
        end = self._open()
        return network.NOWHERE[end.family] if end.here is None else end.here

    def getpeername(self) -> Any:
        end = self._open()
        if end.far is None:
            raise failure(errno.ENOTCONN)
        return "" if end.there is None else end.there

    # How its connection comes about.

    def bind(self, address: Any) -> None:
        network.bind(self._open(), address)

    def listen(self, backlog: int = 128) -> None:
        network.listen(self._open())

    def _accept(self) -> tuple[int, Any]:
        end = self._open()
        if end.queue is None:
            raise failure(errno.EINVAL)
        self._wait(end.is_readable)
        if not end.queue:
            raise failure(errno.EBADF if end.is_closed else errno.EAGAIN)
        near = end.queue.popleft()
        return descriptors.add(near), near.there

    def connect(self, address: Any) -> None:
        end = self._open()
        network.connect(end, address)
        if self._timeout == 0 and end.family != network.AF_UNIX:
            raise failure(errno.EINPROGRESS)
        self._wait(lambda: not end.is_connecting)
        if error := end.take_error():
            raise failure(error)

    def connect_ex(self, address: Any) -> int:
        try:
            self.connect(address)
        except OSError as error:
            if error.errno is None:
                raise
            return error.errno
        return 0

    # Bytes.

    def send(self, data: Any, flags: int = 0) -> int:
        end = self._open()
        if end.queue is None:
            self._wait(end.is_writable, flags)
        with memoryview(data) as raw, raw.cast("B") as view:
            return end.put(view)

    def sendall(self, data: Any, flags: int = 0) -> None:
        with memoryview(data) as raw, raw.cast("B") as view:
            sent = 0
            while sent < len(view):
                with view[sent:] as rest:
                    sent += self.send(rest, flags)

    def sendmsg(self, buffers: Any, *rest: Any) -> int:
        return self.send(b"".join(buffers))

    def sendto(self, data: Any, *flags_and_address: Any) -> int:
        return self.send(data)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        end = self._open()
        self._wait(end.is_readable, flags)
        with memoryview(buffer) as raw, raw.cast("B") as view, view[: nbytes or None] as part:
            return end.get(part, peek=bool(flags & socket.MSG_PEEK))

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        self._wait(self._open().is_readable, flags)
        buffer = bytearray(min(bufsize, max(len(self._end.arrived), 1)))
        return bytes(buffer[: self.recv_into(buffer, flags=flags)])

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Any]:
        return self.recv(bufsize, flags), self._end.there

    # Its end.

    def shutdown(self, how: int) -> None:
        end = self._open()
        if end.far is None:
            raise failure(errno.ENOTCONN)
        if how in (socket.SHUT_WR, socket.SHUT_RDWR):
            end.finish()
        if how in (socket.SHUT_RD, socket.SHUT_RDWR):
            end.receive_end()

    def _real_close(self, *_: Any) -> None:
        if self._number >= 0:
            descriptors.close(self.detach())

    def detach(self) -> int:
        number, self._number = self._number, -1
        self._closed = True
        return number

    def __del__(self) -> None:
        with contextlib.suppress(OSError):
            self._real_close()

    def _open(self) -> Endpoint:
        if self._number not in descriptors.table:
            raise failure(errno.EBADF)
        return self._end

    def _wait(self, condition: Callable[[], Any], flags: int = 0) -> None:
        if self._timeout == 0 or flags & socket.MSG_DONTWAIT:
            return
        if not waiting.wait_for(condition, self._timeout):
            raise TimeoutError("timed out")


def pair(family: int | None = None, *kind: int) -> tuple[Socket, Socket]:
    """`socket.socketpair`."""
    one, other = joined(network.AF_UNIX if family is None else family)
    return Socket(fileno=descriptors.add(one)), Socket(fileno=descriptors.add(other))


def install() -> None:
    """Put these sockets in the place of those of the `socket` module."""
    module: Any = socket
    for name, number in CONSTANTS.items():
        if not hasattr(socket, name):
            setattr(module, name, number)
    module.socket = module.SocketType = Socket
    module.socketpair = pair
    module.dup = descriptors.duplicate
    module.close = descriptors.close
