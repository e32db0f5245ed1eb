"""File descriptors of what is no file: sockets, and the two ends of a pipe."""

import errno
import itertools
import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from machine.endpoints import Endpoint

# Those of files are small; what is above this is ours.
_numbers = itertools.count(1000)

table: dict[int, "Endpoint"] = {}

# Where Linux says it otherwise than this Python, readers know Linux's words.
TEXTS = {
    errno.EADDRINUSE: "Address already in use",
    errno.EADDRNOTAVAIL: "Cannot assign requested address",
    errno.EAFNOSUPPORT: "Address family not supported by protocol",
    errno.EALREADY: "Operation already in progress",
    errno.EINPROGRESS: "Operation now in progress",
    errno.EISCONN: "Transport endpoint is already connected",
    errno.ENETUNREACH: "Network is unreachable",
    errno.ENOTCONN: "Transport endpoint is not connected",
    errno.ETIMEDOUT: "Connection timed out",
}
text_of = os.strerror


def text(number: int) -> str:
    """`os.strerror`."""
    return TEXTS.get(number) or text_of(number)


def failure(number: int) -> OSError:
    """The error with this number, of the class and with the text that the system gives it."""
    return OSError(number, text(number))


def add(endpoint: "Endpoint") -> int:
    """A new descriptor of an endpoint."""
    number = next(_numbers)
    table[number] = endpoint
    endpoint.descriptors += 1
    return number


def find(number: int) -> "Endpoint":
    """What a descriptor stands for."""
    if number not in table:
        raise failure(errno.EBADF)
    return table[number]


def close(number: int) -> None:
    """`os.close`: with its last descriptor, an endpoint closes."""
    endpoint = find(number)
    del table[number]
    endpoint.descriptors -= 1
    if not endpoint.descriptors:
        endpoint.close()


def close_all() -> None:
    """Close what a program has left open, as the system does when it ends."""
    for number in list(table):
        close(number)


def duplicate(number: int, inheritable: bool = True) -> int:
    """`os.dup`."""
    return add(find(number))


def read(number: int, count: int) -> bytes:
    """`os.read`."""
    endpoint = find(number)
    endpoint.wait_until(endpoint.is_readable)
    buffer = bytearray(min(count, max(len(endpoint.arrived), 1)))
    return bytes(buffer[: endpoint.get(memoryview(buffer))])


def write(number: int, data: Any) -> int:
    """`os.write`."""
    endpoint = find(number)
    endpoint.wait_until(endpoint.is_writable)
    with memoryview(data) as raw, raw.cast("B") as view:
        return endpoint.put(view)


def set_blocking(number: int, blocking: bool) -> None:
    """`os.set_blocking`."""
    find(number).is_blocking = blocking


def get_blocking(number: int) -> bool:
    """`os.get_blocking`."""
    return find(number).is_blocking


def status(number: int) -> os.stat_result:
    """`os.fstat`."""
    find(number)
    return os.stat_result((stat.S_IFSOCK | 0o777, *(0,) * 9))


def _either(ours: Callable[..., Any], files: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the `os` module that treats a descriptor by what it stands for."""

    def function(fd: int, *rest: Any, **named: Any) -> Any:
        return (ours if fd in table else files)(fd, *rest, **named)

    function.__name__, function.__doc__ = files.__name__, files.__doc__
    return function


def install() -> None:
    """Have the `os` module know these descriptors beside those of files."""
    system: Any = os
    for ours, name in (
        (close, "close"),
        (duplicate, "dup"),
        (read, "read"),
        (write, "write"),
        (status, "fstat"),
        (set_blocking, "set_blocking"),
        (get_blocking, "get_blocking"),
        (lambda fd: False, "isatty"),
        (lambda fd, inheritable: None, "set_inheritable"),
        (lambda fd: False, "get_inheritable"),
    ):
        setattr(system, name, _either(ours, getattr(system, name)))
    system.strerror = text
