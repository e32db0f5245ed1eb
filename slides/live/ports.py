"""Opens loopback ports, and lets this process find a server under the port that was asked for."""

import errno
import socket
from typing import Any

from tornado.netutil import DefaultLoopResolver, Resolver, bind_sockets

# A machine without IPv6 answers its loopback address with one of these.
NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
FREE_PORT_ATTEMPTS = 20

# Asked-for port -> real port, wherever the two differ.
moved: dict[int, int] = {}


def open_port(port: int) -> list[socket.socket]:
    """Listen on both loopback addresses at `port`; OSError where another program has one."""
    sockets = bind_sockets(port, "127.0.0.1")
    try:
        return sockets + bind_sockets(port, "::1")
    except OSError as error:
        if error.errno in NO_IPV6:
            return sockets
        for opened in sockets:
            opened.close()
        raise


def open_free_port() -> list[socket.socket]:
    """Listen on a free port, the same one on both loopback addresses."""
    for _ in range(FREE_PORT_ATTEMPTS):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        try:
            return open_port(port)
        except OSError:
            continue
    raise OSError(errno.EADDRINUSE, "no loopback port is free")


def is_taken(error: OSError) -> bool:
    """Tell whether opening failed because of the port itself, which another one would cure."""
    return error.errno in (errno.EADDRINUSE, errno.EACCES)


class MovedPortResolver(DefaultLoopResolver):
    """Leads Tornado's own clients from localhost:ASKED to the server's real port.

    A demo that fetches http://localhost:8889/search then needs no change when 8889 was taken.
    """

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[tuple[int, Any]]:
        """Resolve as usual, except for a port that moved."""
        if host in ("localhost", "127.0.0.1", "::1") and port in moved:
            return [(socket.AF_INET, ("127.0.0.1", moved[port]))]
        return await super().resolve(host, port, family)


def lead_clients() -> None:
    """Make every client that is created from now on follow `moved`."""
    Resolver.configure(MovedPortResolver)
