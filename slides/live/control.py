"""The control server: serves the panels of a kernel's servers, on a private loopback port.

Only a page that knows the token in the path gets anything, and only under a loopback name: a web
site that points its own name at 127.0.0.1 (DNS rebinding) is refused by the Host check.
"""

import hmac
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler

from slides.live import handover
from slides.live.log import Line

if TYPE_CHECKING:
    from slides.live.server import Server
    from slides.live.stage import Stage

HERE = Path(__file__).parent
FILES = {
    "": (HERE / "panel.html", "text/html; charset=utf-8"),
    "panel.js": (HERE / "panel.js", "text/javascript; charset=utf-8"),
    "strip.js": (HERE / "strip.js", "text/javascript; charset=utf-8"),
    "panel.css": (HERE.parent / "theme" / "panel.css", "text/css; charset=utf-8"),
}
LOOPBACK = "http://127.0.0.1:* http://localhost:*"
KEPT_PANELS = 20  # servers whose panels still answer, a notebook's replaced ones included


class Control:
    """The control server of one stage."""

    def __init__(self, stage: "Stage") -> None:
        self.stage = stage
        self.token = secrets.token_urlsafe(24)
        self.servers: dict[int, Server] = {}
        self.sockets: set[PanelSocket] = set()
        self._http = HTTPServer(
            Application(
                [
                    (r"/([\w-]+)/(\d+)/socket", PanelSocket, {"control": self}),
                    (r"/([\w-]+)/(\d+)/release", Release, {"control": self}),
                    (r"/([\w-]+)/(\d+)/([\w.]*)", PanelFile, {"control": self}),
                ],
                log_function=lambda handler: None,
            )
        )
        listening = bind_sockets(0, "127.0.0.1")
        self._http.add_sockets(listening)
        self.port: int = listening[0].getsockname()[1]

    def url(self, server: "Server") -> str:
        """Make the secret URL under which everything about one server is."""
        return f"http://127.0.0.1:{self.port}/{self.token}/{server.number}/"

    def add(self, server: "Server") -> str:
        """Give the URL of a server's panel."""
        url = self.url(server)
        self.servers[server.number] = server
        if server.port == server.asked:
            handover.offer(server.port, url + "release")
        for number in list(self.servers)[:-KEPT_PANELS]:
            del self.servers[number]
        return url

    async def close(self) -> None:
        """Close every panel's connection, take offers back and free the port."""
        for server in self.servers.values():
            handover.withdraw(server.asked, self.url(server) + "release")
        for socket in list(self.sockets):
            socket.close()
        self._http.stop()
        await self._http.close_all_connections()


class Guarded(RequestHandler):
    """Lets in who knows the token and calls this machine by a loopback name."""

    def initialize(self, control: Control) -> None:
        self.control = control

    def prepare(self) -> None:
        port = self.control.port
        if self.request.host not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            raise HTTPError(403)
        if not hmac.compare_digest(self.path_args[0], self.control.token):
            raise HTTPError(404)
        if int(self.path_args[1]) not in self.control.servers:
            raise HTTPError(404)

    @property
    def server(self) -> "Server":
        """The server the path names."""
        return self.control.servers[int(self.path_args[1])]

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        # The token is in the path, and the application in the frame must not learn it.
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"connect-src 'self' ws://{self.request.host}; frame-src {LOOPBACK}; "
            f"frame-ancestors {LOOPBACK}; base-uri 'none'; form-action 'none'",
        )


class PanelFile(Guarded):
    """The panel's page and the files it is made of."""

    def get(self, token: str, number: str, name: str) -> None:
        if name not in FILES:
            raise HTTPError(404)
        path, kind = FILES[name]
        self.set_header("Content-Type", kind)
        self.finish(path.read_bytes())


class Release(Guarded):
    """Lets go of a port that another kernel of this user has asked for."""

    async def post(self, token: str, number: str) -> None:
        await self.server.stop("replaced")


class PanelSocket(Guarded, WebSocketHandler):
    """Tells one open panel the server's state, log and ticks, and takes the panel's orders."""

    def open(self, *args: str) -> None:
        server = self.server
        self.control.sockets.add(self)
        self.set_nodelay(True)
        self._say_state()
        self._say({"lines": [line_fields(line) for line in server.log.lines]})
        server.listeners.append(self._say_state)
        server.log.listeners.append(self._say_line)
        self.control.stage.meter.listen(self._say_tick)

    def on_close(self) -> None:
        self.control.sockets.discard(self)
        self.control.stage.meter.ignore(self._say_tick)
        server = self.control.servers.get(int(self.path_args[1]))
        if server is not None and self._say_state in server.listeners:
            server.listeners.remove(self._say_state)
            server.log.listeners.remove(self._say_line)

    async def on_message(self, message: str | bytes) -> None:
        if message == "stop":
            await self.server.stop()
        elif message == "start" and self.server.state == "stopped":
            await self.server.start()

    def _say_state(self) -> None:
        server = self.server
        self._say(
            {
                "state": server.state,
                "name": server.name,
                "url": server.url,
                "path": server.path,
                "note": server.note,
                "bare": server.is_bare,
            }
        )

    def _say_line(self, line: Line) -> None:
        self._say({"lines": [line_fields(line)]})

    def _say_tick(self, now: float, lag: float) -> None:
        stream = self.ws_connection and getattr(self.ws_connection, "stream", None)
        # A panel that does not read (its tab sleeps) misses ticks rather than piling them up.
        if stream and not stream.writing():
            self._say({"tick": [round(now, 4), round(lag * 1000, 2)]})

    def _say(self, message: dict[str, Any]) -> None:
        if self.ws_connection is not None:
            self.write_message(json.dumps(message))


def line_fields(line: Line) -> dict[str, str]:
    """Give a log line as the panel reads it."""
    return {"time": line.time, "kind": line.kind, "text": line.text}
