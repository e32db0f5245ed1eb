"""The two faces of the server, each on a port of its own: opened, served, and ended in order."""

import argparse
import asyncio
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tornado.web
from tornado.httputil import HTTPServerRequest
from tornado.netutil import bind_sockets

from slides import room
from slides.ports import refusal
from slides.room.hub import Hub
from slides.serve.descriptors import Server
from slides.serve.files import Compressed, DeckHandler
from slides.serve.handlers import HealthHandler, UnderWay
from slides.serve.log import hide_token, log_request

PING_SECONDS = 20  # a browser that is gone is noticed; less than a proxy's patience
DAY = 24 * 60 * 60
STOP_SECONDS = 5.0  # for requests under way to finish; supervisord waits a little longer
BACKLOG = 4096  # who connects at once, and would else try again a second later
COMMAND = "python -m slides serve"
PORT = 8000


def a_ping(text: str) -> float:
    """A number of seconds between pings, for argparse."""
    seconds = float(text)
    if not 0.1 <= seconds <= DAY:
        raise argparse.ArgumentTypeError(f"0.1 to {DAY} seconds, and not {text}")
    return seconds


def a_url(text: str) -> str:
    """The address of a page, for argparse."""
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname:
            return text
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no address of a page, as http://talk.example/")


class NoPort(Exception):
    """A face cannot be opened where it was told to; the text says what to type instead."""


def open_ports(
    port: int, address: str, speaker_port: int | None, speaker_address: str, after: int = 1
) -> tuple[list[socket.socket], list[socket.socket]]:
    """The sockets of the audience's face and of the speaker's, which listen already; or NoPort.

    Without a port of its own the speaker's is so many after the audience's: the next.
    """
    speaker = speaker_port or (port + after if port + after <= 65535 else port - after)
    beside = None if speaker_port or after > 1 else speaker_address
    try:
        audience = bind_sockets(port, address, backlog=BACKLOG)
    except OSError as error:
        raise NoPort(refusal(error, port, address, COMMAND, beside=beside)) from None
    try:
        return audience, bind_sockets(speaker, speaker_address, backlog=BACKLOG)
    except OSError as error:
        for each in audience:
            each.close()
        command = COMMAND if port == PORT else f"{COMMAND} --port {port}"
        why = refusal(error, speaker, speaker_address, command, option="--speaker-port")
        raise NoPort(f"The speaker's view: {why}") from None


class Application(tornado.web.Application):
    """Keeps the speaker's token out of every log."""

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        hide_token(request)
        return super().find_handler(request, **kwargs)


def make_app(
    deck: Path, routes: room.Routes | None = None, hub: Hub | None = None, **settings: Any
) -> tornado.web.Application:
    """The deck at `/`, `/healthz`, and the routes of one face of the room."""
    facts: dict[str, Any] = {
        "log_function": log_request,
        "under_way": UnderWay(),
        "compressed": Compressed(),
        "websocket_ping_interval": PING_SECONDS,
        "websocket_ping_timeout": PING_SECONDS / 2,
        "websocket_max_message_size": room.LARGEST,
    }
    return Application(
        [
            *(routes or []),
            (r"/healthz", HealthHandler, {"deck": deck, "hub": hub}),
            (r"/(.*)", DeckHandler, {"path": str(deck), "default_filename": "index.html"}),
        ],
        **facts | settings,
    )


class Face:
    """An application that is served."""

    def __init__(
        self, app: tornado.web.Application, sockets: list[socket.socket], xheaders: bool = False
    ) -> None:
        self.under_way: UnderWay = app.settings["under_way"]
        self.server = Server(app, xheaders=xheaders)
        self.server.add_sockets(sockets)
        self.port: int = sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Accept no more."""
        self.server.stop()

    async def drain(self) -> None:
        """Let the requests under way finish for STOP_SECONDS, close what is left."""
        try:
            await asyncio.wait_for(self.under_way.over(), STOP_SECONDS)
        except TimeoutError:
            number = len(self.under_way)
            print(f"{number} requests were not finished in {STOP_SECONDS:g} s", flush=True)
        await self.server.close_all_connections()
