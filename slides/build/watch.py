"""`make watch`: a warm process that rebuilds the deck on save and reloads the open page."""

import argparse
import asyncio
import json
import signal
import sys
import time
import traceback
from pathlib import Path

import tornado.web
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from watchfiles import awatch

from slides.build import cache, forks, tab
from slides.build.deck import Build, is_explained, say
from slides.build.kernels import Kernels
from slides.build.site import write_pages, write_site
from slides.notebook import NOTEBOOKS, ROOT, NotebookError
from slides.ports import is_free, next_free

DEBOUNCE_MS = 30  # an editor's save may be several writes
# What the process that forks kernels has imported: it starts anew when these change.
IMPORTED = tuple(str(ROOT / "slides" / name) for name in ("live", "figures"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides watch`."""
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "watch", help="the folder")
    parser.add_argument("--notebooks", type=Path, default=NOTEBOOKS, help="where the chapters are")
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")


def run(args: argparse.Namespace) -> int:
    """Watch until Ctrl-C; exit status 2 when the port is in use."""
    if not is_free(args.port):
        free = next_free(args.port)
        print(f"watch: port {args.port} is in use; the next free one is {free}", file=sys.stderr)
        return 2
    asyncio.run(Watch(args.notebooks, args.out, args.port).run())
    return 0


class Events:
    """The open pages, each of which hears when the deck was built again, or could not be."""

    def __init__(self) -> None:
        self.pages: set[asyncio.Queue[str]] = set()
        self.built = ""
        self.failure: str | None = None

    def join(self, built: str) -> asyncio.Queue[str]:
        """A page that the build `built` made joins, and hears what it has missed."""
        page: asyncio.Queue[str] = asyncio.Queue()
        self.pages.add(page)
        if built != self.built:
            page.put_nowait(event("reload"))
        elif self.failure is not None:
            page.put_nowait(event("failure", self.failure))
        return page

    def reload(self, built: str) -> None:
        """Tell every page that there is a new build, of this name."""
        self.built, self.failure = built, None
        self._send(event("reload"))

    def fail(self, text: str) -> None:
        """Tell every page why there is none."""
        self.failure = text
        self._send(event("failure", text))

    def _send(self, text: str) -> None:
        for page in self.pages:
            page.put_nowait(text)


def event(name: str, data: str = "") -> str:
    """A server-sent event, its data as JSON."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


class EventsHandler(tornado.web.RequestHandler):
    """Server-sent events: `reload`, or `failure` with the text of an error."""

    def initialize(self, events: Events) -> None:
        self.events = events

    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        page = self.events.join(self.get_query_argument("built", ""))
        try:
            await self.flush()
            while True:
                self.write(await page.get())
                await self.flush()
        except (StreamClosedError, asyncio.CancelledError):
            pass  # the page was left, or the watch ends
        finally:
            self.events.pages.discard(page)


class FreshFileHandler(tornado.web.StaticFileHandler):
    """Files that a browser must ask for again."""

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-store")


class Watch:
    """Rebuilds into `out` whenever something under the notebooks, demos or slides changes."""

    def __init__(self, notebooks: Path, out: Path, port: int) -> None:
        self.notebooks, self.out, self.port = notebooks, out, port
        self.events = Events()
        self.fingerprint = ""

    async def run(self) -> None:
        """Serve and watch until SIGINT or SIGTERM."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        server = HTTPServer(self.make_app())
        server.add_sockets(bind_sockets(self.port, "127.0.0.1"))
        folders = [self.notebooks, ROOT / "demos", ROOT / "slides"]
        kernels = await Kernels(forks.zygote(), spare=self.notebooks).__aenter__()
        try:
            await self.build(kernels)
            say(f"http://127.0.0.1:{self.port}/talk.html  (Ctrl-C ends it)")
            async for changes in awatch(*folders, debounce=DEBOUNCE_MS, step=10, stop_event=stop):
                paths = {path for _, path in changes}
                if any(path.startswith(IMPORTED) for path in paths):
                    await kernels.__aexit__()
                    kernels = await Kernels(forks.zygote(), spare=self.notebooks).__aenter__()
                await self.build(kernels)
        finally:
            await kernels.__aexit__()
            server.stop()

    def make_app(self) -> tornado.web.Application:
        """The deck's files, and the events its pages listen to."""
        files = {"path": str(self.out), "default_filename": "index.html"}
        return tornado.web.Application(
            [
                (r"/events", EventsHandler, {"events": self.events}),
                (r"/(.*)", FreshFileHandler, files),
            ],
            log_function=lambda handler: None,
        )

    async def build(self, kernels: Kernels) -> None:
        """Bring the deck up to date and the pages with it; an error is shown in both places."""
        started = time.perf_counter()
        cache.forget_files()
        built = str(time.time_ns())
        try:
            await self.write(Build.of(self.notebooks, self.out), kernels, f"events?built={built}")
        except Exception as error:
            explained = is_explained(error) or isinstance(error, NotebookError)
            text = str(error) if explained else traceback.format_exc()
            say(text)
            self.events.fail(text)
            return
        self.events.reload(built)
        say(f"{self.out}: {time.perf_counter() - started:.2f} s")

    async def write(self, build: Build, kernels: Kernels, events: str) -> None:
        """Write what has changed, with pages that listen to the address `events`."""
        await build.refresh(say, kernels)
        fingerprint = tab.fingerprint()
        if fingerprint != self.fingerprint or not self.out.exists():
            write_site(self.out, build.sections(), events)
            self.fingerprint = fingerprint
        else:
            write_pages(self.out, build.sections(), events)
