"""The demos that the audience's own phones are the clients of, inside the deck's server.

Which ones they are, they say themselves: `Where: room`. Each is the program that it is anywhere,
under `/live/NAME/`; only the speaker may do more there than look, listen and say things over a
websocket. In a room of several processes each has its own.
"""

import importlib
import inspect
import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, OutputTransform, RequestHandler
from tornado.websocket import WebSocketHandler

from demos.catalog import Demo, demos
from slides.room.access import Access
from slides.room.handlers import admit
from slides.room.limits import Limit
from slides.room.prefix import READ, Prefix, Program

MOST = 500  # clients of a demo: its plain loop may take 20 ms of this server's for a message to all
PACE = {"interval_ms": 1000, "backlog": 8 * 1024}  # what slowness does, within seconds
KEPT = {
    "websocket_ping_interval": 20,  # a phone that is gone leaves without a word
    "websocket_ping_timeout": 10,
    "websocket_max_message_size": 1024,
}
SLOW = 3  # clients that never read, at once
SMALLEST = 1  # byte; the system rounds it up to what it needs
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

Log = Callable[[RequestHandler], None]
log = logging.getLogger(__name__)


class Live:
    """The demos of one server, from its start to its end."""

    def __init__(self, most: int = MOST, log: Log | None = None) -> None:
        self.most = most
        self.log = log
        self.programs: dict[str, Program] = {}
        self._beside: list[HTTPServer] = []
        self._slow: list[tuple[IOStream, socket.socket]] = []

    def start(self) -> None:
        """Make every demo there is for a room, and begin what it asks.

        One that cannot be made is not there: the talk goes on without it.
        """
        for demo in demos():
            if "room" in demo.where:
                try:
                    self.programs[demo.name] = self._make(demo)
                except Exception:
                    log.exception("the room is without the demo %s", demo.name)

    async def stop(self) -> None:
        """End what was begun; the demos end with the connections of their clients."""
        for _, deaf in self._slow:
            deaf.close()
        for server in self._beside:
            server.stop()
            await server.close_all_connections()

    def _make(self, demo: Demo) -> Program:
        urls = {name: self._start_beside(name) for name, _ in demo.beside}
        return Program(make(demo.name, self.log, **urls, **PACE), self.most)

    def _start_beside(self, name: str) -> str:
        """Start a demo that another one asks; where it answers, for this machine alone."""
        sockets = bind_sockets(0, "127.0.0.1")
        server = HTTPServer(make(name, not_at_all))  # it is asked every second
        server.add_sockets(sockets)
        self._beside.append(server)
        return f"http://127.0.0.1:{sockets[0].getsockname()[1]}/{name}"

    def figures(self) -> dict[str, dict[str, int]]:
        """What there is to see of each demo, by its name."""
        return {name: program.figures() for name, program in self.programs.items()}

    def add_slow(self, name: str) -> bool:
        """Let a client come that never reads; False when there are enough of them.

        The system holds as little for it as it can, so that what waits is soon to be seen.
        """
        self._slow = [(stream, deaf) for stream, deaf in self._slow if not forgotten(stream, deaf)]
        if len(self._slow) >= SLOW:
            return False
        deaf, ours = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALLEST)
        deaf.send(
            HANDSHAKE.format(path=f"/{name}{websocket_path(self.programs[name].app)}").encode()
        )
        stream = IOStream(ours)
        HTTPServer(Prefix(f"/{name}", self.programs[name])).handle_stream(stream, ("", 0))
        self._slow.append((stream, deaf))
        return True


def make(name: str, log: Log | None, **wanted: Any) -> Application:
    """A demo's application, with what it takes of what is wanted; `log` has its requests."""
    make_app = importlib.import_module(f"demos.{name}").make_app
    taken = inspect.signature(make_app).parameters
    app: Application = make_app(**{each: wanted[each] for each in wanted if each in taken})
    app.settings = {**KEPT, **app.settings}
    if log is not None:
        app.settings["log_function"] = log
    app.add_transform(OwnFrames)
    return app


def not_at_all(handler: RequestHandler) -> None:
    """Log a request so."""


def websocket_path(app: Application) -> str:
    """Where a demo has its websocket."""
    for rule in app.wildcard_router.rules:
        if inspect.isclass(rule.target) and issubclass(rule.target, WebSocketHandler):
            return rule.matcher.reverse() or "/"
    return "/"


def forgotten(stream: IOStream, deaf: socket.socket) -> bool:
    """Whether a slow client was dropped; then nothing of it is left."""
    if stream.closed():
        deaf.close()
    return stream.closed()


class OwnFrames(OutputTransform):
    """Lets the pages of this server frame a demo's page, and nobody else's."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        headers["Content-Security-Policy"] = "frame-ancestors 'self'"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        return status_code, headers, chunk


class SpeakersPrefix(Prefix):
    """The same for the speaker, who may also run what a demo runs."""

    def __init__(self, prefix: str, program: Program, access: Access, guesses: Limit) -> None:
        super().__init__(prefix, program, (*READ, "POST"))
        self.access = access
        self.guesses = guesses

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate:
        try:
            admit(RequestHandler(self.program.app, request), self.access, self.guesses)
        except HTTPError as error:
            return self.refuse(request, error.status_code)
        return super().find_handler(request)


def prefixes(live: Live) -> Iterable[tuple[str, Prefix]]:
    """The demos' addresses for everybody, as an application's rules."""
    for name, program in live.programs.items():
        yield rf"/live/{name}(?:/.*)?", Prefix(f"/live/{name}", program)


def speakers_prefixes(live: Live, access: Access, guesses: Limit) -> Iterable[tuple[str, Prefix]]:
    """The same under `/speaker/`, behind the token."""
    for name, program in live.programs.items():
        prefix = f"/speaker/live/{name}"
        yield rf"{prefix}(?:/.*)?", SpeakersPrefix(prefix, program, access, guesses)
