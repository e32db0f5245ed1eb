"""`make pdf`: prints the built deck with headless Chromium.

Chromium's own `--print-to-pdf` prints before reveal.js has laid the slides out, so the browser is
told what to do over its DevTools protocol, a websocket: open, wait for every slide, print.
"""

import argparse
import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

from slides.notebook import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TIMEOUT = 120  # seconds
LARGEST = 500_000_000  # bytes of a message: the PDF comes in one
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
# True when reveal.js has made a page of every slide.
LAID_OUT = """
    document.querySelectorAll(".pdf-page").length >=
    document.querySelectorAll(".slides section[id]").length &&
    document.querySelectorAll(".slides section[id]").length > 0
"""


class PrintError(Exception):
    """The browser did not print; the text says what it did instead."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides pdf`."""
    parser.add_argument("--deck", type=Path, default=ROOT / "build" / "deck", help="a built deck")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "talk.pdf", help="the file")


def run(args: argparse.Namespace) -> int:
    """Print the deck; exit status 2 without a deck or a browser, 1 when the browser fails."""
    talk = args.deck / "talk.html"
    if not talk.is_file():
        print(f"pdf: there is no deck in {args.deck}; run: make deck", file=sys.stderr)
        return 2
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("pdf: there is no Chromium; run: apt-get install chromium", file=sys.stderr)
        return 2
    try:
        page = f"{talk.resolve().as_uri()}?print-pdf"
        pdf = asyncio.run(asyncio.wait_for(print_page(browser, page), TIMEOUT))
    except (PrintError, TimeoutError) as error:
        print(f"pdf: {error or f'{browser} took over {TIMEOUT} s'}", file=sys.stderr)
        return 1
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(pdf)
    print(f"{args.out}: {len(pdf) / 1e6:.1f} MB")
    return 0


async def print_page(browser: str, page: str) -> bytes:
    """Give the print view of a deck, at the URL `page`, as a PDF with a page for every slide."""
    async with running(browser) as address:
        devtools = DevTools(await websocket_connect(address, max_message_size=LARGEST))
        target = await devtools.call("Target.createTarget", url="about:blank")
        attached = {"targetId": target["targetId"], "flatten": True}
        session = (await devtools.call("Target.attachToTarget", **attached))["sessionId"]
        await devtools.call("Page.navigate", session, url=page)
        while True:
            found = await devtools.call("Runtime.evaluate", session, expression=LAID_OUT)
            if found["result"].get("value") is True:
                break
            await asyncio.sleep(0.1)
        options = {"printBackground": True, "preferCSSPageSize": True}
        printed = await devtools.call("Page.printToPDF", session, **options)
        return base64.b64decode(printed["data"])


class DevTools:
    """Calls the browser's methods; see https://chromedevtools.github.io/devtools-protocol/."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection
        self.numbers = itertools.count(1)

    async def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """Call a method and give its result; raises PrintError when the browser says no."""
        number = next(self.numbers)
        request = {"id": number, "method": method, "params": params}
        if session:
            request["sessionId"] = session
        await self.connection.write_message(json.dumps(request))
        while (message := await self.connection.read_message()) is not None:
            answer = json.loads(message)
            if answer.get("id") == number:  # what has no number is news
                if "error" in answer:
                    raise PrintError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])
        raise PrintError(f"the browser ended during {method}")


@contextlib.asynccontextmanager
async def running(browser: str) -> AsyncIterator[str]:
    """Run a browser of our own; give the address of its DevTools; end it with all it started."""
    with tempfile.TemporaryDirectory(prefix="slides-pdf-", ignore_cleanup_errors=True) as profile:
        flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        process = await asyncio.create_subprocess_exec(
            browser,
            *flags,
            f"--user-data-dir={profile}",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield await _devtools_address(process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.communicate()


async def _devtools_address(process: asyncio.subprocess.Process) -> str:
    said = b""
    assert process.stderr is not None
    async for line in process.stderr:
        said += line
        if line.startswith(b"DevTools listening on "):
            return line.split()[-1].decode()
    raise PrintError(f"the browser did not start:\n{said[-2000:].decode('utf-8', 'replace')}")
