"""Serves the built deck: a small static server in plain Tornado.

A deck may be rebuilt while it is served, so nothing is remembered that the disk could contradict:
pages are revalidated at every visit, and only files with a hash in their name are kept for long.
"""

import argparse
import asyncio
import gzip
import mimetypes
import os
import re
import signal
import sys
import webbrowser
from collections.abc import Generator
from pathlib import Path

import tornado.httpserver
import tornado.log
import tornado.web

from slides.ports import a_port, open_warning, refusal

ROOT = Path(__file__).resolve().parent.parent
DECK = ROOT / "build" / "deck"

# A name with a hash changes with its content: app-3f2a9c41.js, app.3f2a9c41.js.
HASHED = re.compile(r"[-.][0-9a-f]{8,}\.\w+$", re.IGNORECASE)
FOR_EVER = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"

TEXT = {"application/javascript", "application/json", "application/wasm", "image/svg+xml"}
WORTH_COMPRESSING = range(1024, 64 * 1024 * 1024)  # bytes

# Requests under way get this long to finish; supervisord waits a little longer.
STOP_SECONDS = 5.0

Version = tuple[int, int]


class UnderWay:
    """The requests being answered, so that a stop can wait for them."""

    def __init__(self) -> None:
        self._requests: set[tornado.web.RequestHandler] = set()
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return len(self._requests)

    def begin(self, request: tornado.web.RequestHandler) -> None:
        """Count a request."""
        self._requests.add(request)
        self._none.clear()

    def end(self, request: tornado.web.RequestHandler) -> None:
        """Forget a request that was answered, or was never counted."""
        self._requests.discard(request)
        if not self._requests:
            self._none.set()

    async def over(self) -> None:
        """Wait until no request is under way."""
        await self._none.wait()


class Compressed:
    """Compresses each file once, in a thread, and again when the file has changed."""

    def __init__(self) -> None:
        self._copies: dict[Path, tuple[Version, bytes]] = {}

    async def copy(self, file: Path) -> bytes | None:
        """The gzipped content, or None where there is no such file or it would not pay."""
        try:
            wanted = version(file)
            if wanted[1] not in WORTH_COMPRESSING:
                return None
            known, data = self._copies.get(file, (None, b""))
            if known != wanted:
                data = await asyncio.to_thread(lambda: gzip.compress(file.read_bytes(), 6))
                self._copies[file] = (wanted, data)
        except OSError:
            return None
        return data


def version(file: Path) -> Version:
    """What changes when a file does: its time in nanoseconds and its size in bytes."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size


class Handler(tornado.web.RequestHandler):
    """What every answer has in common: the headers, the error page, and being counted."""

    def prepare(self) -> None:
        self.application.settings["under_way"].begin(self)

    def on_finish(self) -> None:
        self.application.settings["under_way"].end(self)

    def set_default_headers(self) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        # A demo's panel frames pages of the deck; nobody else has a reason to.
        self.set_header("Content-Security-Policy", "frame-ancestors 'self'")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", REVALIDATE)

    def write_error(self, status_code: int, **kwargs: object) -> None:
        self.finish(
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{status_code}</title>"
            "<meta name=viewport content='width=device-width'>"
            "<style>body{font:1.25rem/1.5 system-ui;margin:12vh 8vw;color:#14213d;"
            "background:#fbfaf7}a{color:#0b6b82}</style>"
            f"<h1>{status_code} {self._reason}</h1><p>{self.request.method} does not find"
            " anything here. <a href='/'>To the first page of the talk</a></p></html>"
        )


class DeckHandler(Handler, tornado.web.StaticFileHandler):
    """The deck's files, compressed for who can read that."""

    zipped: bytes | None = None

    async def get(self, path: str, include_body: bool = True) -> None:
        file = Path(self.get_absolute_path(self.root, self.parse_url_path(path)))
        if not file.suffix:
            file /= "index.html"  # a folder, most likely; Tornado looks again
        # A range counts the bytes of the file itself.
        if self._reads_gzip() and is_text(file) and "Range" not in self.request.headers:
            self.zipped = await self.application.settings["compressed"].copy(file)
        await super().get(path, include_body)

    def _reads_gzip(self) -> bool:
        offers = self.request.headers.get("Accept-Encoding", "").replace(" ", "").split(",")
        return any(re.fullmatch(r"gzip(;q=(1|0?\.\d*[1-9]).*)?", offer) for offer in offers)

    def set_extra_headers(self, path: str) -> None:
        if HASHED.search(path):
            self.set_header("Cache-Control", FOR_EVER)
        if is_text(Path(path or "index.html")):
            self.set_header("Vary", "Accept-Encoding")
        if self.zipped is not None:
            self.set_header("Content-Encoding", "gzip")

    def compute_etag(self) -> str | None:
        # Tornado's own remembers the content's hash for as long as the process lives, and would
        # answer 304 for a deck that has been rebuilt since.
        time, size = version(Path(str(self.absolute_path)))
        return f'"{time:x}-{size:x}{"-gzip" if self.zipped is not None else ""}"'

    def get_content_size(self) -> int:
        return super().get_content_size() if self.zipped is None else len(self.zipped)

    # Tornado's is a class method, called through the instance: here it depends on the request.
    def get_content(  # type: ignore[override]
        self, abspath: str, start: int | None = None, end: int | None = None
    ) -> Generator[bytes, None, None] | bytes:
        if self.zipped is not None:
            return self.zipped
        return super().get_content(abspath, start, end)  # type: ignore[return-value]


class HealthHandler(Handler):
    """Tells a proxy or a supervisor whether there is a deck to serve."""

    def initialize(self, deck: Path) -> None:
        self.deck = deck

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        found = is_built(self.deck)
        self.set_status(200 if found else 503)
        self.write({"deck": "ready" if found else "not built"})


def is_built(deck: Path) -> bool:
    """Tell whether there is a deck that this account can read."""
    return os.access(deck / "index.html", os.R_OK)


def is_text(file: Path) -> bool:
    """Tell by the name whether a file shrinks when compressed."""
    kind = mimetypes.guess_type(file.name)[0] or ""
    return kind.startswith("text/") or kind in TEXT


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
