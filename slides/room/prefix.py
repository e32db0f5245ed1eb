"""A whole program under a prefix of another server's addresses, as a proxy would have it.

The program stays as it is and does not know: its pages use relative addresses. What it costs is
bounded here, and its clients are seen from here: how many there are, how much waits for the
slowest of them, and who was dropped because no more could wait.
"""

from typing import Any, cast

from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.iostream import IOStream, StreamBufferFullError
from tornado.routing import Router
from tornado.web import Application, ErrorHandler, RedirectHandler

READ = ("GET", "HEAD")


class Client:
    """A connection that asked for a websocket, seen from beside the program."""

    def __init__(self, request: HTTPServerRequest) -> None:
        self.connection = cast(Any, request.connection)
        self.stream: IOStream = self.connection.stream
        self.was_dropped = False
        self.stream.write = self.write  # type: ignore[method-assign]

    @property
    def is_there(self) -> bool:
        """Whether it has its websocket, for which HTTP gave the stream away."""
        return self.connection.stream is None and not self.stream.closed()

    @property
    def is_over(self) -> bool:
        """Whether it left, or was answered otherwise; until then it may yet have its websocket."""
        is_answered = self.connection.stream is not None and self.connection._write_finished
        return self.stream.closed() or is_answered

    @property
    def queued(self) -> int:
        """Bytes that wait until it reads, beyond what the system holds for it."""
        return 0 if self.stream.closed() else len(self.stream._write_buffer)

    def write(self, data: bytes | memoryview) -> Any:
        """Write as the stream does, and notice when it takes no more: that is who is dropped."""
        try:
            return IOStream.write(self.stream, data)
        except StreamBufferFullError:
            self.was_dropped = True
            raise


class Program:
    """An application, and who is connected to it under whatever prefix."""

    def __init__(self, app: Application, most: int) -> None:
        self.app = app
        self.most = most  # websockets at once
        self.dropped = 0  # clients that read too slowly
        self._clients: list[Client] = []

    def add(self, request: HTTPServerRequest) -> bool:
        """Take notice of somebody who asks for a websocket; False when no more may."""
        self._forget()
        if len(self._clients) >= self.most:
            return False
        self._clients.append(Client(request))
        return True

    def there(self) -> list[Client]:
        """Who is connected just now."""
        self._forget()
        return [each for each in self._clients if each.is_there]

    def _forget(self) -> None:
        self.dropped += sum(each.was_dropped for each in self._clients if each.is_over)
        self._clients = [each for each in self._clients if not each.is_over]

    def figures(self) -> dict[str, int]:
        """How many are there, for how many of them bytes wait, and how many for the slowest."""
        queued = [each.queued for each in self.there()]
        return {
            "clients": len(queued),
            "most": self.most,
            "waiting": sum(size > 0 for size in queued),
            "queued": max(queued, default=0),
            "dropped": self.dropped,
        }


class Prefix(Router):
    """Strips the prefix off an address, and hands the request to the program."""

    def __init__(self, prefix: str, program: Program, methods: tuple[str, ...] = READ) -> None:
        self.prefix = prefix
        self.program = program
        self.methods = methods  # the others are refused

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate:
        path = request.path.removeprefix(self.prefix)
        if not path:  # relative addresses begin behind the slash
            url = {"url": f"{self.prefix}/", "permanent": False}
            return self.program.app.get_handler_delegate(request, RedirectHandler, url)
        if request.method not in self.methods:
            return self.refuse(request, 405)
        if "Upgrade" in request.headers and not self.program.add(request):
            return self.refuse(request, 503)
        request.path = path
        found = self.program.app.find_handler(request)
        assert found is not None  # an application answers everything, be it by 404
        return found

    def refuse(self, request: HTTPServerRequest, status: int) -> HTTPMessageDelegate:
        """Answer with a status, in place of the program."""
        status_code = {"status_code": status}
        return self.program.app.get_handler_delegate(request, ErrorHandler, status_code)
