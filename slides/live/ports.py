"""Opens loopback ports, and lets this process find a server under the port that was asked for."""

import errno
import socket
from typing import Any

from tornado.netutil import DefaultLoopResolver, Resolver

# A machine without IPv6 answers its loopback address with one of these.
NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
# A port in use, or one below 1024: another port is the cure.
TAKEN = {errno.EADDRINUSE, errno.EACCES}
FREE_PORT_ATTEMPTS = 20

# Asked-for port -> real port, wherever the two differ.
moved: dict[int, int] = {}


def open_port(port: int) -> list[socket.socket] | None:
    """Listen on both loopback addresses at `port`; None where another program has one of them."""
    sockets: list[socket.socket] = []
    try:
        sockets.append(_listen("127.0.0.1", port, socket.AF_INET))
        sockets.append(_listen("::1", port, socket.AF_INET6))
    except OSError as error:
        if sockets and error.errno in NO_IPV6:
            return sockets
        for opened in sockets:
            opened.close()
        if error.errno not in TAKEN:
            raise
        return None
    return sockets


def _listen(address: str, port: int, family: socket.AddressFamily) -> socket.socket:
    # Not Tornado's bind_sockets: it leaves its socket open where the port is taken.
    opened = socket.create_server((address, port), family=family, backlog=128)
    opened.setblocking(False)
    return opened


def open_free_port() -> list[socket.socket]:
    """Listen on a free port, the same one on both loopback addresses."""
    for _ in range(FREE_PORT_ATTEMPTS):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        opened = open_port(port)
        if opened is not None:
            return opened
    raise OSError(errno.EADDRINUSE, "no loopback port is free")


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
