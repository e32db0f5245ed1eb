"""Serves the built deck and the room around it, in plain Tornado.

A deck may be rebuilt while it is served, so nothing is remembered that the disk could contradict:
pages are revalidated at every visit, and only files with a hash in their name are kept for long.
"""

import argparse
import asyncio
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

import tornado.web

from slides import room
from slides.ports import a_port, open_warning
from slides.room.access import Access, token_in
from slides.room.bus import Unusable, open_bus
from slides.room.handlers import GUESSES
from slides.room.hub import Hub
from slides.room.limits import Limit
from slides.room.mounted import Live
from slides.room.onlookers import Onlookers
from slides.room.runs import Runs, why_not_offered
from slides.room.store import Store, StoreFull
from slides.room.waiting import for_ever
from slides.serve.faces import (
    COMMAND,
    PING_SECONDS,
    PORT,
    STOP_SECONDS,
    Face,
    NoPort,
    a_ping,
    a_url,
    make_app,
    open_ports,
)
from slides.serve.handlers import is_built
from slides.serve.log import FORMS, log_request, set_up
from slides.serve.metrics import Figures, MetricsHandler

ROOT = Path(__file__).resolve().parent.parent.parent
DECK = ROOT / "build" / "deck"
STORE = ROOT / "build" / "room.sqlite"


@dataclass
class Settings:
    """What a server is told when it starts."""

    port: int = PORT
    address: str = "127.0.0.1"
    deck: Path = DECK
    xheaders: bool = False  # believe the client address a proxy reports
    open: bool = False
    log_format: str = "text"
    speaker_port: int | None = None  # None: so many after the audience's
    speaker_after: int = 1
    speaker_address: str = "127.0.0.1"
    store: Path = STORE
    bus: str = ""
    name: list[str] = field(default_factory=list)
    audience: str | None = None  # what a phone opens, where that is a proxy
    run: bool = False  # programs, though others can reach the speaker's view
    ping: float = PING_SECONDS  # and half of that for the answer


async def main(settings: Settings | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what is under way.

    NoPort for a busy port, StoreFull and Unusable for a store or a bus that cannot be used.
    """
    settings = settings or Settings()
    # First, as a port that is taken is what goes wrong most; who connects already waits a moment.
    sockets = open_ports(
        settings.port,
        settings.address,
        settings.speaker_port,
        settings.speaker_address,
        settings.speaker_after,
    )
    # Before the rest: its fork server imports meanwhile.
    runs = Runs(why_not_offered(settings.speaker_address, settings.run))
    runs.start()
    hub = Hub(Store(settings.store), open_bus(settings.bus))
    await hub.start()
    access = Access(token_in(settings.store.with_suffix(".token")), settings.name)
    figures = Figures(hub)
    watch = asyncio.create_task(for_ever(figures.watch_loop))
    live = Live(log=log_request)
    live.start()
    apps = make_apps(settings, hub, access, figures, onlookers=Onlookers(live), runs=runs)
    faces = [Face(app, each, settings.xheaders) for app, each in zip(apps, sockets, strict=True)]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    announce(settings, [face.port for face in faces], access)
    await stop.wait()
    await asyncio.gather(runs.close(), end(hub, faces))
    await live.stop()
    watch.cancel()


def make_apps(
    settings: Settings,
    hub: Hub,
    access: Access,
    figures: Figures,
    *,
    onlookers: Onlookers | None = None,
    runs: Runs | None = None,
) -> list[tornado.web.Application]:
    """The audience's face, and the speaker's."""
    from slides.room.pages import audience_url  # it uses this package

    def log(handler: tornado.web.RequestHandler) -> None:
        figures.count(handler)
        log_request(handler)

    guards = {"access": access, "guesses": Limit(GUESSES)}
    both: room.Routes = [(r"/metrics", MetricsHandler, {"figures": figures, **guards})]
    pings = {"websocket_ping_interval": settings.ping, "websocket_ping_timeout": settings.ping / 2}
    url = settings.audience or audience_url(settings.address, settings.port, settings.name)
    return [
        make_app(settings.deck, [*routes, *both], hub, log_function=log, **pings)
        for routes in (
            room.audience(hub, onlookers=onlookers),
            room.speaker(hub, access, settings.deck, url, runs=runs, onlookers=onlookers),
        )
    ]


async def end(hub: Hub, faces: list[Face]) -> None:
    """Accept no more, answer what was asked, take leave; asked once more to stop, end at once."""
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)  # what was acknowledged is on the disk
    for face in faces:
        face.stop()
    await asyncio.gather(hub.say_goodbye(STOP_SECONDS / 2), *(face.drain() for face in faces))
    await hub.close()


def announce(settings: Settings, ports: list[int], access: Access) -> None:
    """Say where both faces are, and who can reach them."""
    from slides.room.pages import audience_url

    addresses = settings.address, settings.speaker_address
    both = zip(addresses, ports, strict=True)
    url, speaker = (audience_url(*each, settings.name) for each in both)
    print(f"The deck is at {url} (Ctrl-C stops)")
    print(f"The speaker's view: {speaker}speaker/?token={access.token}", flush=True)
    for address in sorted(set(addresses)):
        if warning := open_warning(address):
            print(warning, flush=True)
    if settings.open:
        import webbrowser

        webbrowser.open(url)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides serve`."""
    add = parser.add_argument
    add("--port", type=a_port, default=PORT)
    add("--address", default="127.0.0.1", help="127.0.0.1: this machine only")
    add("--deck", type=Path, default=DECK, help="the folder `make deck` built")
    add("--open", action="store_true", help="open the deck in a browser")
    add("--xheaders", action="store_true", help="behind a proxy: trust its headers")
    often = "seconds between pings; who does not answer within half of that is gone"
    add("--ping", type=a_ping, default=PING_SECONDS, help=often)
    add("--audience", type=a_url, help="what a phone opens, if it is a proxy's")
    add("--log-format", choices=FORMS, default="text", help="json: one object a line")
    speaker = parser.add_argument_group("the speaker's view, behind a token")
    add = speaker.add_argument
    add("--speaker-port", type=a_port, help="the next after --port, unless told otherwise")
    add("--speaker-after", type=a_port, default=1, help="or so many after --port")
    add("--speaker-address", default="127.0.0.1", help="127.0.0.1: this machine only")
    add("--name", action="append", default=[], help="a name of this machine, if it has one")
    add("--run", action="store_true", help="run programs from it, though others can reach it")
    together = parser.add_argument_group("several processes of one room")
    add = together.add_argument
    add("--store", type=Path, default=STORE, help="where questions and votes are kept")
    add("--bus", default="", help="redis://… or amqp://…; else this is the only process")


def run(args: argparse.Namespace) -> int:
    """Serve the deck; 2 when there is none, or a port, the store or the bus cannot be used."""
    if not is_built(args.deck):
        print(f"There is no deck in {args.deck}. Build it with: make deck", file=sys.stderr)
        return 2
    set_up(args.log_format)
    known = {name: getattr(args, name) for name in Settings.__dataclass_fields__}
    try:
        asyncio.run(main(Settings(**known)))
    except KeyboardInterrupt:  # before it served
        return 130
    except NoPort as error:
        print(error, file=sys.stderr)
    except StoreFull as error:
        why = error.__cause__ or error
        print(f"{COMMAND}: {args.store} cannot be used: {why}", file=sys.stderr)
    except (Unusable, OSError) as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
    else:
        return 0
    return 2
