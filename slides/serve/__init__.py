"""Serves the built deck: a small static server in plain Tornado.

A deck may be rebuilt while it is served, so nothing is remembered that the disk could contradict:
pages are revalidated at every visit, and only files with a hash in their name are kept for long.
"""

import argparse
import asyncio
import signal
import sys
import webbrowser
from pathlib import Path

import tornado.httpserver
import tornado.log
import tornado.web

from slides.ports import a_port, open_warning, refusal
from slides.serve.files import Compressed, DeckHandler
from slides.serve.handlers import HealthHandler, UnderWay, is_built

ROOT = Path(__file__).resolve().parent.parent.parent
DECK = ROOT / "build" / "deck"

# Requests under way get this long to finish; supervisord waits a little longer.
STOP_SECONDS = 5.0


def make_app(deck: Path = DECK) -> tornado.web.Application:
    """The deck at `/`, and `/healthz`."""
    static = {"path": str(deck), "default_filename": "index.html"}
    return tornado.web.Application(
        [
            (r"/healthz", HealthHandler, {"deck": deck}),
            (r"/(.*)", DeckHandler, static),
        ],
        under_way=UnderWay(),
        compressed=Compressed(),
    )


async def main(
    port: int = 8000,
    address: str = "127.0.0.1",
    deck: Path = DECK,
    xheaders: bool = False,
    browse: bool = False,
) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what is under way. OSError for a busy port.

    `xheaders` believes the client address a proxy reports: for a server only the proxy can reach.
    """
    app = make_app(deck)
    server = tornado.httpserver.HTTPServer(app, xheaders=xheaders)
    server.listen(port, address)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = f"http://{f'[{address}]' if ':' in address else address}:{port}/"
    print(f"The deck is at {url} (Ctrl-C stops)", flush=True)
    if warning := open_warning(address):
        print(warning, flush=True)
    if browse:
        webbrowser.open(url)
    await stop.wait()
    await drain(server, app.settings["under_way"])


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
    parser.add_argument("--port", type=a_port, default=8000)
    parser.add_argument("--address", default="127.0.0.1", help="127.0.0.1: this machine only")
    parser.add_argument("--deck", type=Path, default=DECK, help="the folder `make deck` built")
    parser.add_argument("--open", action="store_true", help="open the deck in a browser")
    parser.add_argument("--xheaders", action="store_true", help="behind a proxy: trust its headers")


def run(args: argparse.Namespace) -> int:
    """Serve the deck; 2 when there is none or the port is busy."""
    if not is_built(args.deck):
        print(f"There is no deck in {args.deck}. Build it with: make deck", file=sys.stderr)
        return 2
    tornado.log.enable_pretty_logging()
    try:
        asyncio.run(main(args.port, args.address, args.deck, args.xheaders, args.open))
    except OSError as error:
        command = "python -m slides serve"
        print(refusal(error, args.port, args.address, command), file=sys.stderr)
        return 2
    return 0
