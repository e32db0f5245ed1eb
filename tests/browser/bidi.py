"""Runs a stock Firefox, and speaks WebDriver BiDi with it: JSON on a websocket.

The methods and the events are described at https://w3c.github.io/webdriver-bidi/.
"""

import asyncio
import contextlib
import itertools
import json
import os
import re
import signal
import threading
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

LARGEST = 100_000_000  # bytes of a message: a screenshot comes in one
FLAGS = ("--headless", "--no-remote", "--remote-debugging-port", "0", "--profile")
# Without a window there is no mouse either, unless one says so: 2 is fine, 4 can hover.
MOUSE = """
user_pref("ui.primaryPointerCapabilities", 6);
user_pref("ui.allPointerCapabilities", 6);
"""
# What a document cannot answer any more, once another one has its place.
LEAVINGS = ("browsingContext.navigationCommitted", "browsingContext.contextDestroyed")
EVENTS = (
    *LEAVINGS,
    "browsingContext.contextCreated",
    "log.entryAdded",
    "network.beforeRequestSent",
)
ENDED = "Firefox has ended"

Run = Callable[[Coroutine[Any, Any, Any], float, str], Any]


class FirefoxError(Exception):
    """Firefox did not do it; the text says why."""


class PageLeft(FirefoxError):
    """The document was left before it had an answer."""


class Session:
    """Calls the browser's methods, and keeps what it tells by itself."""

    def __init__(self) -> None:
        self.connection: WebSocketClientConnection
        self.news: list[tuple[str, dict[str, Any]]] = []  # methods and params of events
        self._over = asyncio.Event()
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._asked: defaultdict[str | None, set[int]] = defaultdict(set)  # by context

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, address: str) -> AsyncIterator["Session"]:
        """Connect to the browser that listens at `address`, and ask to be told its events."""
        session = cls()
        session.connection = await websocket_connect(
            f"{address}/session",
            on_message_callback=session._hear,
            max_message_size=LARGEST,
        )
        try:
            await session.call("session.new", capabilities={})
            await session.call("session.subscribe", events=EVENTS)
            yield session
        finally:
            session.connection.close()
            await session._over.wait()

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method and give its result; FirefoxError when the browser says no."""
        if self._over.is_set():
            raise FirefoxError(ENDED)
        number = next(self._numbers)
        answer = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        asked = self._asked[params.get("target", {}).get("context")]
        asked.add(number)
        try:
            await self.connection.write_message(
                json.dumps({"id": number, "method": method, "params": params})
            )
            return await answer
        finally:
            asked.discard(number)
            del self._answers[number]

    def _hear(self, message: str | bytes | None) -> None:
        if message is None:
            self._over.set()
            self._refuse(set(self._answers), FirefoxError(ENDED))
            return
        said = json.loads(message)
        if said["type"] == "event":
            self.news.append((said["method"], said["params"]))
            if said["method"] in LEAVINGS:
                # Firefox itself says nothing more of a promise whose document is gone.
                self._refuse(self._asked[said["params"]["context"]], PageLeft("the page was left"))
        elif said["type"] == "error":
            self._refuse({said["id"]}, FirefoxError(f"{said['error']}: {said['message']}"))
        elif (answer := self._answers.get(said["id"])) and not answer.done():
            answer.set_result(said["result"])

    def _refuse(self, numbers: set[int], error: FirefoxError) -> None:
        for number in numbers & self._answers.keys():
            if not self._answers[number].done():
                self._answers[number].set_exception(error)


@contextlib.asynccontextmanager
async def start(program: str, folder: Path) -> AsyncIterator[Session]:
    """Run a Firefox that keeps what it has in `folder`; give a session with it."""
    async with running(program, folder) as address, Session.open(address) as session:
        yield session


@contextlib.asynccontextmanager
async def running(program: str, folder: Path) -> AsyncIterator[str]:
    """Run a Firefox whose profile and home are in `folder`; give the address it listens at."""
    for name in ("profile", "home"):
        (folder / name).mkdir()
    (folder / "profile" / "user.js").write_text(MOUSE)
    process = await asyncio.create_subprocess_exec(
        program,
        *FLAGS,
        str(folder / "profile"),
        # The crash reporter would be a process beyond the group.
        env=os.environ | {"HOME": str(folder / "home"), "MOZ_CRASHREPORTER_DISABLE": "1"},
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        start_new_session=True,
    )
    reading = None
    try:
        address = await _address(process)
        # What it says later is of no use, but the pipe must not fill.
        reading = asyncio.create_task(process.stderr.read())
        yield address
    finally:
        # There is nothing to save, and a polite end takes seconds.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await (reading or process.stderr.read())
        await process.wait()


async def _address(process: Process) -> str:
    said = ""
    async for line in process.stderr:
        said += line.decode(errors="replace")
        if found := re.search(r"listening on (ws://\S+)", said):
            return found[1]
    raise FirefoxError(f"Firefox did not start:\n{said[-2000:]}")


@contextlib.contextmanager
def loop_in_a_thread() -> Iterator[Run]:
    """Gives a function that runs a coroutine on a loop elsewhere: `run(coroutine, seconds, what)`.

    A test has no loop of its own then, so it can use Playwright, too, which does not bear another.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="firefox")
    thread.start()

    async def within(coroutine: Coroutine[Any, Any, Any], seconds: float, what: str) -> Any:
        try:
            return await asyncio.wait_for(coroutine, seconds)
        except TimeoutError:
            raise FirefoxError(f"{what} took over {seconds:g} s") from None

    def run(coroutine: Coroutine[Any, Any, Any], seconds: float, what: str) -> Any:
        return asyncio.run_coroutine_threadsafe(within(coroutine, seconds, what), loop).result()

    try:
        yield run
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
