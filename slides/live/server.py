"""Serves an application on the running event loop: one server a port, replaced, never stacked."""

import contextvars
import inspect
import itertools
from collections.abc import Awaitable, Callable
from socket import socket
from typing import Any
from weakref import WeakSet

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.web import Application, RequestHandler

from slides.live import handover, log, ports
from slides.live.notebook import loaded_program
from slides.live.stage import is_recording, stage

BARE_PAGE = 600  # bytes; a page with a style of its own is longer

_numbers = itertools.count(1)


class ClosingServer(HTTPServer):
    """An HTTP server that can close every connection it has, websockets included."""

    streams: WeakSet[IOStream]

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Serve a connection, and remember it: a websocket leaves Tornado's own list."""
        self.__dict__.setdefault("streams", WeakSet()).add(stream)
        super().handle_stream(stream, address)

    async def close(self) -> None:
        """Refuse new connections and close those there are."""
        self.stop()
        await self.close_all_connections()
        for stream in list(self.__dict__.get("streams", ())):
            stream.close()


class Server:
    """An application that is served, or was: `state` is "running", "stopped" or "replaced".

    `asked` is the port that was asked for and `address` the URL it makes; `port` and `url` are the
    real ones.
    """

    def __init__(self, app: Any, asked: int, name: str | None = None, path: str = "/") -> None:
        self.app = app
        self.asked = asked
        self.name = name
        self.path = path.removeprefix("/")
        self.port = asked
        self.number = next(_numbers)
        self.state = "stopped"
        self.note = ""
        self.is_bare = False  # the page in the panel brings no style of its own
        self.log = log.Log()
        self.listeners: list[Callable[[], None]] = []
        self.before_stop: list[Callable[[], Awaitable[None]]] = []
        self._http: ClosingServer | None = None

    @property
    def address(self) -> str:
        """The URL as it was asked for; `sh` reaches the server under it in any case."""
        return f"http://localhost:{self.asked}/"

    @property
    def url(self) -> str:
        """The URL where the server really listens."""
        return f"http://localhost:{self.port}/"

    @property
    def ws_url(self) -> str:
        """The real URL with the scheme of a websocket."""
        return f"ws://localhost:{self.port}/"

    async def start(self) -> None:
        """Listen on the asked-for port, or on a free one if another program has it."""
        if self._http is not None:
            return
        sockets = await self._open()
        self.port = sockets[0].getsockname()[1]
        self.asked = self.asked or self.port
        if self.port != self.asked:
            ports.moved[self.asked] = self.port
        if isinstance(self.app, Application):
            self.app.settings.setdefault("log_function", self._log_request)
        self._http = ClosingServer(self.app)
        # What handles a connection inherits the context in which its socket was added.
        context = contextvars.copy_context()
        context.run(log.current.set, self.log)
        context.run(self._http.add_sockets, sockets)
        await _call(self.app, "start")
        self._become("running")

    async def _open(self) -> list[socket]:
        self.note = ""
        if is_recording() or not self.asked:
            # Chapters are recorded side by side; each has the talk's ports to itself.
            return ports.open_free_port()
        opened = ports.open_port(self.asked)
        if opened is None and await handover.ask_for(self.asked):
            opened = ports.open_port(self.asked)
        if opened is None:
            self.note = f"Port {self.asked} belongs to another program: this is a free one."
            self.log.write("note", self.note)
        return opened or ports.open_free_port()

    async def stop(self, state: str = "stopped") -> None:
        """Close the connections, stop the application's own work and free the port."""
        while self.before_stop:
            await self.before_stop.pop()()
        http, self._http = self._http, None
        if http is not None:
            await http.close()
            await _call(self.app, "stop")
            if ports.moved.get(self.asked) == self.port:
                del ports.moved[self.asked]
            settings = getattr(self.app, "settings", {})
            if settings.get("log_function") == self._log_request:
                del settings["log_function"]
        if self.state != "replaced":
            self._become(state)

    def _become(self, state: str) -> None:
        self.state = state
        self._tell()

    def _log_request(self, handler: RequestHandler) -> None:
        self.log.request(handler)
        if handler.request.headers.get("Sec-Fetch-Dest") == "iframe":
            self.is_bare = is_bare(handler)
            self._tell()

    def _tell(self) -> None:
        for listener in tuple(self.listeners):
            listener()

    def _ipython_display_(self) -> None:
        """Show nothing as a cell's value: `serve` has shown the panel."""


async def _call(app: Any, method: str) -> None:
    """Call an application's own `start` or `stop`, if it has one, and wait for it."""
    called = getattr(app, method, None)
    result = called() if callable(called) else None
    if inspect.isawaitable(result):
        await result


async def serve(app: Any, port: int = 8888, name: str | None = None, path: str = "/") -> Server:
    """Serve `app` on the running loop and show its panel, in place of what had the port before.

    `app` is a `tornado.web.Application` or anything else `HTTPServer` takes. Where another program
    has the port, a free one is taken and the panel says so. The panel opens the page at `path`.
    An application with methods `start` and `stop` has them called, and awaited if need be, when its
    server starts and stops.
    """
    here = stage()
    async with here.lock(port):
        here.collect_records()
        ports.lead_clients()
        server = Server(app, port, name or find_name(app), path)
        old = here.servers.pop(port, None)
        if old is not None:
            await old.stop("replaced")
        await server.start()
        here.servers[server.asked] = server
    await _show(server)
    return server


async def _show(server: Server) -> None:
    if is_recording():
        from slides.live import recording

        await recording.show(server)
    else:
        from slides.live import panel

        await panel.show(server)


def is_bare(handler: RequestHandler) -> bool:
    """Tell whether a response is a few words or data, which a browser shows in small type."""
    headers = handler._headers
    is_page = headers.get("Content-Type", "").startswith("text/html")
    return not is_page or int(headers.get("Content-Length", BARE_PAGE)) < BARE_PAGE


def find_name(app: Any) -> str | None:
    """Find the program an application belongs to: the module of its first own handler."""
    if not isinstance(app, Application):
        return None
    pending = [app.default_router]
    while pending:
        for rule in pending.pop().rules:
            if hasattr(rule.target, "rules"):
                pending.append(rule.target)
            module = getattr(rule.target, "__module__", "")
            if inspect.isclass(rule.target) and module.split(".")[0] != "tornado":
                # A handler that a cell defined anew is still part of the program it loaded.
                return loaded_program() if module == "__main__" else module.rpartition(".")[2]
    return None
