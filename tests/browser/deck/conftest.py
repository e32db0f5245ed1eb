"""The deck on a plain static server under a subfolder, and pages that may not complain."""

import contextlib
import functools
import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from slides.notebook import ROOT

from ...conftest import find_free_ports
from .bench import is_answer_of_a_program

PATIENCE = 60_000  # milliseconds, on a machine that is busy with others
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
MEASURES = Path(__file__).parent / "measure.js"
# What a page's policy kept from happening is told where the complaints are.
POLICY = """addEventListener("securitypolicyviolation", ({ blockedURI, violatedDirective }) =>
    console.error(`${violatedDirective} keeps from ${blockedURI}`))"""
SUBFOLDER = "talks/2024/async"  # as on a static host where the deck is not alone

expect.set_options(timeout=PATIENCE)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and keeps no log."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(real_deck: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the deck on a plain static server, under a subfolder."""
    top = tmp_path_factory.mktemp("host")
    place = top / SUBFOLDER
    place.parent.mkdir(parents=True)
    place.symlink_to(real_deck, target_is_directory=True)
    handler = functools.partial(QuietHandler, directory=str(top))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/{SUBFOLDER}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def served(real_deck: Path) -> Iterator[str]:
    """The address of the deck on the project's own server, where it is all there is."""
    command = [sys.executable, "-m", "slides", "serve", "--deck", str(real_deck)]
    command += ["--port", str(find_free_ports())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline()
        yield re.search(r"(http://\S+)/ ", said)[1]
        process.terminate()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address in a context of its own: `page = visit(url, width=1024, height=768)`.

    At the end no page may have complained in its console, or asked another machine for anything.
    """
    with pages_that_may_not_complain(chromium) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def opened(chromium: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Opens a page of the deck for several tests of a module: `opened("demos/hello.html")`.

    What else holds is as for `visit`, at the end of the module.
    """
    with pages_that_may_not_complain(chromium) as open_page:
        yield lambda name, **options: open_page(f"{site}/{name}", **options)


@contextlib.contextmanager
def pages_that_may_not_complain(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Gives what `visit` is, and looks at the complaints at the end."""
    complaints: list[str] = []
    with contextlib.ExitStack() as contexts:

        def open_page(url: str, width: int = 1280, height: int = 720, **options: Any) -> Page:
            size: Any = {"width": width, "height": height}
            context = chromium.new_context(viewport=size, **options)
            contexts.callback(context.close)
            watch_for_complaints(context, complaints)
            context.set_default_timeout(PATIENCE)
            context.add_init_script(path=MEASURES)
            context.add_init_script(POLICY)
            page = context.new_page()
            page.goto(url)
            return page

        yield open_page
    assert complaints == []


def watch_for_complaints(context: BrowserContext, complaints: list[str]) -> None:
    """Note warnings, errors and far requests of every page of a context."""

    def on_request(request: Any) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.hostname not in LOOPBACK:
            complaints.append(f"asks {request.url}")

    def on_console(message: Any) -> None:
        if message.type in ("warning", "error") and not is_answer_of_a_program(message):
            complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    context.on("request", on_request)
    context.on("console", on_console)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
