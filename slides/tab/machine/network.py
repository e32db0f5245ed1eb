"""The loopback network of a tab: who listens where, and how a connection comes about."""

import collections
import errno
import itertools
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import kernel

from machine import names, waiting, wires
from machine.descriptors import failure
from machine.endpoints import Beside, End, Endpoint

AF_UNIX = 1
PORTS = 2000  # that one program may give out
RESERVED = 1024  # below it are the ports that only the system's own programs may take
NOWHERE = {socket.AF_INET: ("0.0.0.0", 0), socket.AF_INET6: ("::", 0, 0, 0), AF_UNIX: ""}
REUSE_ADDRESS = (socket.SOL_SOCKET, 2)
REUSE_PORT = (socket.SOL_SOCKET, 15)
V6ONLY = (41, 26)

# By family and port, or by path: all that are bound there. Who listens gets the connections.
_bound: dict[Any, list[Endpoint]] = collections.defaultdict(list)
_ephemeral = itertools.cycle(range(kernel.firstPort, kernel.firstPort + PORTS))


def bind(endpoint: Endpoint, address: Any) -> None:
    """Give an endpoint its address, if nobody else has it."""
    if endpoint.here is not None:
        raise failure(errno.EINVAL)
    address = local(endpoint.family, address)
    key = _key(endpoint.family, address)
    if endpoint.family != AF_UNIX and 0 < address[1] < RESERVED:
        raise failure(errno.EACCES)
    if not _may_share(endpoint, key):
        raise failure(errno.EADDRINUSE)
    if endpoint.family == AF_UNIX:
        _make_file(address)
    endpoint.here = address
    endpoint.let_go = partial(_release, endpoint)
    _bound[key].append(endpoint)


def listen(endpoint: Endpoint) -> None:
    """From now on, connections to the endpoint's address are its own."""
    if endpoint.queue is not None:
        return
    if endpoint.here is None:
        bind(endpoint, NOWHERE[endpoint.family])
    key = _key(endpoint.family, endpoint.here)
    others = [each for each in _bound[key] if each.queue is not None]
    if any(not each.options.get(REUSE_PORT) for each in others):
        raise failure(errno.EADDRINUSE)
    endpoint.queue = collections.deque()
    if endpoint.family != AF_UNIX:
        kernel.listen(endpoint.here[1])


def connect(endpoint: Endpoint, address: Any) -> None:
    """Begin to connect; the endpoint learns what came of it."""
    if endpoint.far is not None:
        raise failure(errno.EISCONN)
    if endpoint.is_connecting:
        raise failure(errno.EALREADY)
    if endpoint.family == AF_UNIX:
        _connect_to_path(endpoint, address)
        return
    address = names.resolve(*address[:2], family=endpoint.family)[0][4]
    endpoint.there = address
    if endpoint.here is None:
        endpoint.here = (names.LOOPBACK[endpoint.family], free_port(), *address[2:])
    if not names.is_local(address[0]):
        endpoint.was_refused(errno.ENETUNREACH)
    elif listener := listener_at(endpoint.family, address[1]):
        endpoint.was_connected(Beside(admit(listener, Beside(endpoint), endpoint.here)))
    elif kernel.isTaken(address[1]):
        wires.connect(address[1], endpoint)
    else:
        endpoint.was_refused(errno.ECONNREFUSED)


def _connect_to_path(endpoint: Endpoint, path: Any) -> None:
    listener = listener_at(AF_UNIX, path)
    if listener is None:
        raise failure(errno.ECONNREFUSED if _bound.get(path) else errno.ENOENT)
    endpoint.there = path
    endpoint.was_connected(Beside(admit(listener, Beside(endpoint), endpoint.here or "")))


def admit(listener: Endpoint, far: End | Callable[[Endpoint], End], address: Any) -> Endpoint:
    """Put a new connection in a listener's queue; `far` is its other end, or makes it."""
    near = Endpoint(listener.family)
    near.here, near.there = listener.here, address
    if listener.family != AF_UNIX:
        near.here = (names.LOOPBACK[listener.family], listener.here[1], *listener.here[2:])
    near.far = far(near) if callable(far) else far
    assert listener.queue is not None
    listener.queue.append(near)
    waiting.notify()
    return near


def listener_at(family: int, place: Any) -> Endpoint | None:
    """Who listens on a port, or at a path: of several, the one with the fewest to accept."""
    keys = [place] if family == AF_UNIX else [(family, place)]
    if family == socket.AF_INET:
        keys.append((socket.AF_INET6, place))
    for key in keys:
        found = [each for each in _bound.get(key, ()) if each.queue is not None]
        if family == socket.AF_INET:  # which an IPv6 socket may serve, too
            found = [each for each in found if not each.options.get(V6ONLY)]
        if found:
            return min(found, key=lambda each: len(each.queue or ()))
    return None


def _release(endpoint: Endpoint) -> None:
    key = _key(endpoint.family, endpoint.here)
    _bound[key].remove(endpoint)
    if not _bound[key]:
        del _bound[key]
    if endpoint.queue is not None and endpoint.family != AF_UNIX:
        port = endpoint.here[1]
        if not any(listener_at(family, port) for family in names.LOOPBACK):
            kernel.unlisten(port)


def local(family: int, address: Any) -> Any:
    """An address of this machine, for `bind`: names resolved, and a port chosen for 0."""
    if family == AF_UNIX:
        return address
    host, port = address[:2]
    found = names.resolve(host or None, port, family=family, flags=names.PASSIVE)[0][4]
    if not names.is_local(found[0]):
        raise failure(errno.EADDRNOTAVAIL)
    return (found[0], port or free_port(), *found[2:])


def free_port() -> int:
    """A port that nobody uses, as the system gives for port 0."""
    for port in itertools.islice(_ephemeral, PORTS):
        if not kernel.isTaken(port) and not any((each, port) in _bound for each in names.LOOPBACK):
            return port
    raise failure(errno.EADDRNOTAVAIL)


def _may_share(endpoint: Endpoint, key: Any) -> bool:
    if endpoint.family != AF_UNIX and kernel.isTaken(key[1]):
        return False
    options = endpoint.options
    for other in _bound.get(key, ()):
        if options.get(REUSE_PORT) and other.options.get(REUSE_PORT):
            continue
        both = options.get(REUSE_ADDRESS) and other.options.get(REUSE_ADDRESS)
        if not both or other.queue is not None:
            return False
    return True


def _make_file(path: str) -> None:
    if path.startswith("\0"):  # a name that is not in the file system
        return
    try:
        open(path, "x").close()
    except FileExistsError:
        raise failure(errno.EADDRINUSE) from None


def _key(family: int, address: Any) -> Any:
    return address if family == AF_UNIX else (family, address[1])


def _accept(number: int, port: int) -> None:
    listener = listener_at(socket.AF_INET, port) or listener_at(socket.AF_INET6, port)
    if listener is None:
        kernel.reset(number)
        return
    scope = (0, 0) if listener.family == socket.AF_INET6 else ()
    address = (names.LOOPBACK[listener.family], 40000 + number % 20000, *scope)
    admit(listener, lambda near: wires.Wire(number, near), address)


def install() -> None:
    """Have connections from outside come to those who listen."""
    waiting.handlers["accept"] = _accept
