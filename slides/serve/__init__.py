"""Serves the built deck and the room around it, in plain Tornado.

A deck may be rebuilt while it is served, so nothing is remembered that the disk could contradict:
pages are revalidated at every visit, and only files with a hash in their name are kept for long.
"""

import argparse
import asyncio
import signal
import sys
import webbrowser
from dataclasses import dataclass, field
from pathlib import Path

import tornado.httpserver
import tornado.log
import tornado.web

from slides import room
from slides.ports import a_port, open_warning, refusal
from slides.room.access import Access, token_in
from slides.room.bus import Unusable, open_bus
from slides.room.hub import Hub
from slides.room.store import Store, StoreFull
from slides.serve.files import Compressed, DeckHandler
from slides.serve.handlers import HealthHandler, UnderWay, is_built

ROOT = Path(__file__).resolve().parent.parent.parent
DECK = ROOT / "build" / "deck"
STORE = ROOT / "build" / "room.sqlite"
COMMAND = "python -m slides serve"

# Requests under way get this long to finish; supervisord waits a little longer.
STOP_SECONDS = 5.0
PING_SECONDS = 20  # a browser that is gone is noticed; less than a proxy's patience


@dataclass
class Settings:
    """What a server is told when it starts."""

    port: int = 8000
    address: str = "127.0.0.1"
    deck: Path = DECK
    xheaders: bool = False  # believe the client address a proxy reports
    open: bool = False
    speaker_port: int = 8001
    speaker_address: str = "127.0.0.1"
    store: Path = STORE
    bus: str = ""
    name: list[str] = field(default_factory=list)


def make_app(deck: Path = DECK, routes: room.Routes | None = None) -> tornado.web.Application:
    """The deck at `/`, `/healthz`, and one face of the room."""
    static = {"path": str(deck), "default_filename": "index.html"}
    return tornado.web.Application(
        [
            *(routes or []),
            (r"/healthz", HealthHandler, {"deck": deck}),
            (r"/(.*)", DeckHandler, static),
        ],
        under_way=UnderWay(),
        compressed=Compressed(),
        websocket_ping_interval=PING_SECONDS,
        websocket_ping_timeout=PING_SECONDS / 2,
        websocket_max_message_size=room.LARGEST,
    )


async def main(settings: Settings | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what is under way.

    OSError for a busy port, StoreFull and Unusable for a store or a bus that cannot be used.
    """
    settings = settings or Settings()
    hub = Hub(Store(settings.store), open_bus(settings.bus))
    await hub.start()
    access = Access(token_in(settings.store.with_suffix(".token")), settings.name)
    from slides.room.pages import audience_url  # it uses this package

    audience = audience_url(settings.address, settings.port, settings.name)
    faces = [
        listen(settings, settings.port, settings.address, room.audience(hub)),
        listen(
            settings,
            settings.speaker_port,
            settings.speaker_address,
            room.speaker(hub, access, settings.deck, audience),
        ),
    ]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    announce(settings, access)
    await stop.wait()
    hub.say_goodbye()
    await asyncio.gather(*(drain(*face) for face in faces))
    await hub.close()


Face = tuple[tornado.httpserver.HTTPServer, UnderWay]


def listen(settings: Settings, port: int, address: str, routes: room.Routes) -> Face:
    """Serve one face of the room."""
    app = make_app(settings.deck, routes)
    server = tornado.httpserver.HTTPServer(app, xheaders=settings.xheaders)
    server.listen(port, address)
    return server, app.settings["under_way"]


def announce(settings: Settings, access: Access) -> None:
    """Say where both faces are, and who can reach them."""
    url = url_of(settings.address, settings.port)
    speaker = url_of(settings.speaker_address, settings.speaker_port)
    print(f"The deck is at {url} (Ctrl-C stops)")
    print(f"The speaker's view: {speaker}speaker/?token={access.token}", flush=True)
    for address in {settings.address, settings.speaker_address}:
        if warning := open_warning(address):
            print(warning, flush=True)
    if settings.open:
        webbrowser.open(url)


def url_of(address: str, port: int) -> str:
    """The address of a server's first page."""
    return f"http://{f'[{address}]' if ':' in address else address}:{port}/"


async def drain(server: tornado.httpserver.HTTPServer, under_way: UnderWay) -> None:
    """Accept no more, let the requests under way finish for STOP_SECONDS, close what is left."""
    server.stop()
    try:
        await asyncio.wait_for(under_way.over(), STOP_SECONDS)
    except TimeoutError:
        print(f"{len(under_way)} requests were not finished in {STOP_SECONDS:g} s", flush=True)
    await server.close_all_connections()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides serve`."""
    add = parser.add_argument
    add("--port", type=a_port, default=8000)
    add("--address", default="127.0.0.1", help="127.0.0.1: this machine only")
    add("--deck", type=Path, default=DECK, help="the folder `make deck` built")
    add("--open", action="store_true", help="open the deck in a browser")
    add("--xheaders", action="store_true", help="behind a proxy: trust its headers")
    speaker = parser.add_argument_group("the speaker's view, behind a token")
    add = speaker.add_argument
    add("--speaker-port", type=a_port, default=8001)
    add("--speaker-address", default="127.0.0.1", help="127.0.0.1: this machine only")
    add("--name", action="append", default=[], help="a name of this machine, if it has one")
    together = parser.add_argument_group("several processes of one room")
    add = together.add_argument
    add("--store", type=Path, default=STORE, help="where questions and votes are kept")
    add("--bus", default="", help="redis://… or amqp://…; else this is the only process")


def run(args: argparse.Namespace) -> int:
    """Serve the deck; 2 when there is none, or a port, the store or the bus cannot be used."""
    if not is_built(args.deck):
        print(f"There is no deck in {args.deck}. Build it with: make deck", file=sys.stderr)
        return 2
    tornado.log.enable_pretty_logging()
    known = {name: getattr(args, name) for name in Settings.__dataclass_fields__}
    try:
        asyncio.run(main(Settings(**known)))
    except OSError as error:
        print(refusal(error, args.port, args.address, COMMAND), file=sys.stderr)
        return 2
    except (StoreFull, Unusable) as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return 2
    return 0
