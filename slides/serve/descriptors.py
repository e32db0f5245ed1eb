"""As many connections as the system lets a process have, and no mistake when more want one.

A process that has no file descriptor left cannot accept, and cannot refuse either: the event loop
would try again and again, and there would be none for the store. So the last few are kept.
"""

import contextlib
import logging
import socket
import sys
import time
from typing import Any

import tornado.httpserver

KEPT = 48  # descriptors for everything but connections: the store, the bus, files of the deck
QUIET_SECONDS = 60.0  # between two warnings
PLENTY = 100_000  # descriptors; more are not asked for
BODY = 1024 * 1024  # bytes of a request's body: nothing here takes more
IDLE_SECONDS = 75.0  # for the next request of a connection, or the rest of one's head

log = logging.getLogger(__name__)


class Server(tornado.httpserver.HTTPServer):
    """An HTTP server that closes the connections for which there is no descriptor to spare."""

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        bounds = {"max_body_size": BODY, "idle_connection_timeout": IDLE_SECONDS}
        super().initialize(*args, **bounds | kwargs)
        self.most = raise_limit() - KEPT
        self._quiet_until = 0.0

    def _handle_connection(self, connection: socket.socket, address: Any) -> None:
        # The system gives the lowest number that is free: a high one tells that few are left.
        if connection.fileno() < self.most:
            return super()._handle_connection(connection, address)
        connection.close()
        if time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            log.warning("no more connections than %d: raise `ulimit -n`", self.most)


def raise_limit() -> int:
    """Let this process have as many descriptors as it may; how many those are."""
    if sys.platform == "win32":
        return PLENTY
    import resource

    now, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = PLENTY if hard == resource.RLIM_INFINITY else hard
    with contextlib.suppress(ValueError, OSError):  # some systems allow less than they say
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, most), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
