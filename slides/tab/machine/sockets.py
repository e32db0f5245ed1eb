"""Sockets whose other end is in the same tab, under an unchanged `socket` module."""

import collections
import errno
import socket
from collections.abc import Callable
from typing import Any

from machine import network, waiting
from machine.network import End, failure

RealSocket = socket.socket
KINDS = {socket.AF_INET, getattr(socket, "AF_UNIX", 1)}

# Names that the browser build of Python leaves out, with Linux's numbers.
CONSTANTS = {
    "AI_ADDRCONFIG": 32,
    "AI_NUMERICHOST": 4,
    "AI_PASSIVE": 1,
    "EAI_FAMILY": -6,
    "EAI_NONAME": -2,
    "IPPROTO_IPV6": 41,
    "IPPROTO_TCP": 6,
    "IPV6_V6ONLY": 26,
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
    "TCP_KEEPCNT": 6,
    "TCP_KEEPIDLE": 4,
    "TCP_KEEPINTVL": 5,
    "TCP_NODELAY": 1,
}


class Socket(RealSocket):
    """A stream socket. It has no C socket below it, and all of its methods."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None):
        self._family = socket.AF_INET if family == -1 else socket.AddressFamily(family)
        kind = socket.SOCK_STREAM if type == -1 else type
        if self._family not in KINDS or kind & 0xF != socket.SOCK_STREAM or fileno is not None:
            raise failure(errno.EAFNOSUPPORT)
        self._io_refs = 0
        self._closed = False
        self._timeout: float | None = socket.getdefaulttimeout()
        self._options: dict[tuple[int, int], Any] = {}
        self._number = network.descriptor(self)
        self._here: Any = ("0.0.0.0", 0) if self._family == socket.AF_INET else ""
        self._there: Any = None
        self._error = 0
        self._arrived = bytearray()
        self._at_end = False  # the far end sends no more
        self._finished = False  # this end sends no more
        self._far: End | None = None
        self._waiting: collections.deque[Socket] | None = None  # to be accepted
        self._connecting = False

    # What it is.

    @property
    def family(self) -> Any:
        return self._family

    @property
    def type(self) -> Any:
        return socket.SOCK_STREAM

    @property
    def proto(self) -> int:
        return 6 if self._family == socket.AF_INET else 0

    @property
    def timeout(self) -> float | None:
        return self._timeout

    def fileno(self) -> int:
        return -1 if self._closed else self._number

    def gettimeout(self) -> float | None:
        return self._timeout

    def settimeout(self, value: float | None) -> None:
        self._timeout = value

    def setblocking(self, flag: bool) -> None:
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        return self._timeout != 0

    def get_inheritable(self) -> bool:
        return False

    def set_inheritable(self, inheritable: bool) -> None:
        pass

    def setsockopt(self, level: int, option: int, value: Any, *length: int) -> None:
        self._options[level, option] = value

    def getsockopt(self, level: int, option: int, *length: int) -> Any:
        if (level, option) == (socket.SOL_SOCKET, socket.SO_ERROR):
            error, self._error = self._error, 0
            return error
        return self._options.get((level, option), 0)

    def getsockname(self) -> Any:
        return self._here

    def getpeername(self) -> Any:
        if self._there is None:
            raise failure(errno.ENOTCONN)
        return self._there

    # A server's socket.

    def bind(self, address: Any) -> None:
        self._check_open()
        if self._family == socket.AF_INET:
            host, port = address
            host = network.resolve(host, port, flags=socket.AI_PASSIVE)[0][4][0]
            if not network.is_local(host):
                raise failure(errno.EADDRNOTAVAIL)
            address = (host, port or network.free_port())
        if network.is_taken(self._port(address)):
            raise failure(errno.EADDRINUSE)
        self._here = address

    def listen(self, backlog: int = 128) -> None:
        if self._waiting is None:
            if self._family == socket.AF_INET and not self._here[1]:
                self.bind(("0.0.0.0", 0))
            if network.is_taken(self._port(self._here)):
                raise failure(errno.EADDRINUSE)
            self._waiting = collections.deque()
            network.open_port(self._port(self._here), self)

    def accept(self) -> tuple["Socket", Any]:
        self._block(lambda: self._waiting)
        if not self._waiting:
            raise BlockingIOError(errno.EAGAIN, "no connection is waiting")
        near = self._waiting.popleft()
        return near, near._there

    def admit(self, far: Callable[["Socket"], End], address: Any) -> "Socket":
        """Put a new connection in the queue; `far` makes its far end."""
        near = Socket(self._family)
        near._timeout = None
        near._here = self._here if self._family != socket.AF_INET else ("127.0.0.1", self._here[1])
        near._there = address
        near._far = far(near)
        assert self._waiting is not None
        self._waiting.append(near)
        waiting.notify()
        return near

    # A client's socket.

    def connect(self, address: Any) -> None:
        self._check_open()
        if self._far is not None:
            raise failure(errno.EISCONN)
        self._begin(address)
        if self._timeout == 0:
            raise BlockingIOError(errno.EINPROGRESS, "Operation now in progress")
        self._block(lambda: not self._connecting)
        if self._connecting:
            raise TimeoutError("timed out")
        if error := self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise failure(error)

    def connect_ex(self, address: Any) -> int:
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or 0
        return 0

    def _begin(self, address: Any) -> None:
        if self._family == socket.AF_INET:
            address = network.resolve(*address[:2])[0][4]
        listener = network.listeners.get(self._port(address))
        self._there = address
        if self._family == socket.AF_INET:
            self._here = ("127.0.0.1", self._here[1] or network.free_port())
        if self._family == socket.AF_INET and not network.is_local(address[0]):
            self.failed(errno.ENETUNREACH)
        elif listener is not None:
            near = listener.admit(lambda near: Beside(self), self._here)
            self._far = Beside(near)
        elif self._family == socket.AF_INET and network.is_taken(address[1]):
            self._connecting = True
            network.wire_to(address[1], self)
        else:
            is_path = self._family != socket.AF_INET
            self.failed(errno.ENOENT if is_path else errno.ECONNREFUSED)

    def became_connected(self) -> None:
        """The other program has the connection."""
        self._connecting = False
        number = next(n for n, wire in network.wires.items() if wire.near is self)
        self._far = network.wires[number]
        waiting.notify()

    def failed(self, error: int) -> None:
        """There is no connection; SO_ERROR tells why."""
        self._connecting = False
        self._error = error
        self._there = None
        waiting.notify()

    # Bytes.

    def send(self, data: Any, flags: int = 0) -> int:
        self._check_open()
        if self._error:
            raise failure(self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        if self._finished:
            raise failure(errno.EPIPE)
        if self._far is None:
            raise failure(errno.ENOTCONN)
        view = memoryview(data).cast("B")
        if not len(view):
            return 0
        self._block(self.is_writable)
        if self._is_far_gone():
            raise failure(errno.EPIPE)
        room = self._far.room()
        if room <= 0:
            raise BlockingIOError(errno.EAGAIN, "the other end has not read yet")
        self._far.put(bytes(view[:room]))
        return min(len(view), room)

    def sendall(self, data: Any, flags: int = 0) -> None:
        view = memoryview(data).cast("B")
        while len(view):
            view = view[self.send(view) :]

    def sendmsg(self, buffers: Any, *rest: Any) -> int:
        return self.send(b"".join(buffers))

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self._check_open()
        self._block(self.is_readable)
        if self._error:
            raise failure(self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        if not self._arrived:
            if self._at_end:
                return 0
            if self._far is None:
                raise failure(errno.ENOTCONN)
            raise BlockingIOError(errno.EAGAIN, "nothing has arrived")
        view = memoryview(buffer).cast("B")
        count = min(nbytes or len(view), len(view), len(self._arrived))
        view[:count] = self._arrived[:count]
        if not flags & socket.MSG_PEEK:
            del self._arrived[:count]
            if self._far is not None:
                self._far.consumed(count)
        return count

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        buffer = bytearray(min(bufsize, max(len(self._arrived), 65536)))
        count = self.recv_into(buffer, flags=flags)
        return bytes(buffer[:count])

    def receive(self, data: bytes) -> None:
        """Bytes have come from the far end."""
        if not self._closed:
            self._arrived += data
            waiting.notify()

    def receive_end(self) -> None:
        """The far end sends no more."""
        self._at_end = True
        waiting.notify()

    def was_reset(self) -> None:
        """The far end is gone, without a goodbye."""
        self._at_end = self._finished = True
        self._error = errno.ECONNREFUSED if self._connecting else errno.ECONNRESET
        self._connecting = False
        waiting.notify()

    # Its end.

    def shutdown(self, how: int) -> None:
        self._check_open()
        if self._there is None:
            raise failure(errno.ENOTCONN)
        if how in (socket.SHUT_WR, socket.SHUT_RDWR):
            self._finish()
        if how in (socket.SHUT_RD, socket.SHUT_RDWR):
            self.receive_end()

    def _finish(self) -> None:
        if self._far is not None and not self._finished:
            self._finished = True
            self._far.end()

    def _real_close(self, *_: Any) -> None:
        self._closed = True
        network.sockets.pop(self._number, None)
        if self._waiting is not None:
            network.close_port(self._port(self._here), self)
            for each in self._waiting:
                each.close()
        self._finish()
        if isinstance(self._far, network.Wire):
            self._far.near_closed()
        waiting.notify()

    def detach(self) -> int:
        raise failure(errno.EOPNOTSUPP)

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self._real_close()

    # Readiness.

    def is_readable(self) -> bool:
        """Tell whether reading, or accepting, would not block."""
        return bool(self._arrived or self._at_end or self._error or self._waiting)

    def is_writable(self) -> bool:
        """Tell whether writing would not block, or a connection is made."""
        if self._error or self._finished or (self._at_end and self._far is None):
            return True
        return self._is_far_gone() or (self._far is not None and self._far.room() > 0)

    def _is_far_gone(self) -> bool:
        return isinstance(self._far, Beside) and self._far.sock._closed

    def _block(self, condition: Callable[[], Any]) -> None:
        if self._timeout != 0 and not waiting.wait_for(condition, self._timeout):
            raise TimeoutError("timed out")

    def _check_open(self) -> None:
        if self._closed:
            raise failure(errno.EBADF)

    def _port(self, address: Any) -> Any:
        return address[1] if self._family == socket.AF_INET else address


class Beside:
    """The far end of a connection within the program: simply the other socket."""

    def __init__(self, sock: Socket) -> None:
        self.sock = sock

    def room(self) -> int:
        return network.BUFFER - len(self.sock._arrived)

    def put(self, data: bytes) -> None:
        self.sock.receive(data)

    def end(self) -> None:
        if not self.sock._closed:
            self.sock.receive_end()

    def consumed(self, count: int) -> None:
        waiting.notify()


def pair(*arguments: Any) -> tuple[Socket, Socket]:
    """`socket.socketpair`."""
    one, other = Socket(), Socket()
    one._far, other._far = Beside(other), Beside(one)
    one._there = other._there = one._here = other._here = ("127.0.0.1", 0)
    return one, other


def install() -> None:
    """Put these sockets in the place of those of the `socket` module."""
    for name, number in CONSTANTS.items():
        if not hasattr(socket, name):
            setattr(socket, name, number)
    module: Any = socket
    module.socket = module.SocketType = Socket
    module.socketpair = pair
    module.getaddrinfo = network.resolve
    module.gethostbyname = lambda name: network.resolve(name, 0)[0][4][0]
    module.has_ipv6 = False
