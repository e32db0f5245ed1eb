"""A room on a free port with a small deck, windows of the speaker, and a follower who listens."""

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import websocket
from playwright.sync_api import Browser, Page, expect
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from slides import room
from slides.notebook import ROOT
from slides.regions import region as text_of
from slides.room.access import Access
from slides.room.bus import MemoryBus
from slides.room.hub import Hub
from slides.room.runs import Runs
from slides.room.store import Store
from slides.serve import make_app

from ..conftest import cell, write_notebook

PATIENCE = 30_000  # milliseconds, on a machine that is busy with others
TOKEN = "a-token-for-the-tests"
POLL = {"question": "Which is sooner?", "choices": ["A thread", "A task"], "answer": "A task"}
DEEP_DIVE = {"talk": {"part": "deep dive"}}
AUDIENCE = "http://192.0.2.7:8000/"

expect.set_options(timeout=PATIENCE)


def told(title: str, minutes: float, *cells: dict, **metadata: object) -> list[dict]:
    """A slide whose notes say how long it takes."""
    notes = (
        f"Minutes: {minutes}\n\n- Say: `await` on {title.strip('# ')}.\n- Ask: who <b>knows</b>?"
    )
    heading = cell(title, "slide", "markdown", **metadata)
    return [heading, *cells, cell(notes, "notes", "markdown")]


def region(file: str, name: str) -> dict:
    """A cell that shows a definition of a program, and does not run it."""
    shown = cell(f"```python\n{text_of(ROOT / file, name)}\n```", "-", "markdown")
    shown["metadata"]["source"] = {"file": file, "name": name}
    return shown


TALK = {
    "10_first": [
        *told("# First", 2),
        *told("## Steps", 3, *(cell(f"step {each}", "fragment", "markdown") for each in "ab")),
        *told("## Asked", 4, poll=POLL),
    ],
    "20_second": [*told("# Second", 5), *told("## The end", 1)],
}


@pytest.fixture(scope="session")
def small_deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deck of two chapters: five slides, fragments, and a poll."""
    return build_deck(tmp_path_factory.mktemp("small"), TALK)


STEPS = [cell(f"step {each}", "fragment", "markdown") for each in "ab"]
STAGE = {
    "10_first": [
        cell("from slides.live import load, serve\nload('demos.hello')", "skip"),
        *told("# First", 2),
        *told("## Steps", 3, *STEPS),
        *told("## Serve", 1, cell("await serve(make_app())")),
        *told("## Broken", 1, region("demos/pickling_broken.py", "order")),
    ],
    "20_second": [*told("# Second", 5), *told("## Last", 1)],
}


@pytest.fixture(scope="session")
def stage_deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deck whose slides run programs: one that a tab can run, and one that it cannot."""
    return build_deck(tmp_path_factory.mktemp("stage"), STAGE)


def build_deck(folder: Path, talk: dict[str, list[dict]], deep: Collection[str] = ()) -> Path:
    """Build a talk, by the names of its chapters; give the deck's folder."""
    notebooks, out = folder / "notebooks", folder / "deck"
    notebooks.mkdir()
    for name, cells in talk.items():
        file = notebooks / f"{name}.ipynb"
        write_notebook(file, cells)
        if name in deep:
            document = json.loads(file.read_text()) | {"metadata": DEEP_DIVE}
            file.write_text(json.dumps(document))
    command = [sys.executable, "-m", "slides", "deck"]
    command += ["--notebooks", str(notebooks), "--out", str(out)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return out


class Room:
    """Both faces of a server on one port, in a thread; it can be stopped and started again."""

    def __init__(self, deck: Path, store: Path) -> None:
        self.deck = deck
        self.store = store
        self.token = TOKEN
        sock, self.port = bind_unused_port()
        sock.close()
        self.url = f"http://127.0.0.1:{self.port}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.is_up = False
        self.start()

    def start(self) -> None:
        """Serve, with what the store has."""
        self._do(self._start())
        self.is_up = True

    def stop(self) -> None:
        """As a server that is killed: no connection is closed with a word."""
        if self.is_up:
            self.is_up = False
            self._do(self._stop())

    def close(self) -> None:
        """Leave nothing behind."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def hangs(self) -> contextlib.AbstractContextManager[None]:
        """Nothing is answered, and no connection is closed: as when a cable is pulled."""
        return hanging(self._loop)

    def wait_for(self, future: "asyncio.Future[None]") -> None:
        """Until something has happened in the server."""
        self._do(asyncio.wait_for(asyncio.shield(future), 30))

    def _do(self, work: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(timeout=30)

    async def _start(self) -> None:
        self.hub = Hub(Store(self.store), MemoryBus())
        await self.hub.start()
        access = Access(self.token)
        self.runs = Runs()
        self.runs.start()
        speaker = room.speaker(self.hub, access, self.deck, AUDIENCE, runs=self.runs)
        routes = [*room.audience(self.hub), *speaker]
        self.server = HTTPServer(make_app(self.deck, routes))
        self.server.listen(self.port, "127.0.0.1")

    async def _stop(self) -> None:
        self.server.stop()
        for crowd in (self.hub.followers, self.hub.speakers):
            for connection in crowd.connections():
                connection.ws_connection.stream.close()
        await self.server.close_all_connections()
        await self.runs.close()
        await self.hub.close()


@contextlib.contextmanager
def hanging(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Keep a loop from doing anything."""
    over = threading.Event()
    loop.call_soon_threadsafe(over.wait)
    try:
        yield
    finally:
        over.set()


class Follower:
    """Somebody in the audience, who hears what everybody hears."""

    def __init__(self, server: Room) -> None:
        url = f"{server.url}/room".replace("http", "ws")
        self.socket = websocket.create_connection(url, timeout=30)
        self.state = self.hear("state")

    def hear(self, type: str, **fields: Any) -> dict[str, Any]:
        """The next message of a kind that has these fields."""
        while True:
            heard = json.loads(self.socket.recv())
            if heard["type"] == type and fields.items() <= heard.items():
                return heard

    def say(self, type: str, **fields: Any) -> None:
        """Send a message."""
        self.socket.send(json.dumps({"type": type, **fields}))


@pytest.fixture
def deck(small_deck: Path) -> Path:
    """The deck that is served; a module may choose another one."""
    return small_deck


@pytest.fixture
def server(deck: Path, tmp_path: Path) -> Iterator[Room]:
    """A room of this test's own."""
    made = Room(deck, tmp_path / "room.sqlite")
    yield made
    made.close()


@pytest.fixture
def join(server: Room) -> Iterator[Callable[[], Follower]]:
    """Lets somebody into the audience: `follower = join()`."""
    people: list[Follower] = []

    def come() -> Follower:
        people.append(Follower(server))
        return people[-1]

    yield come
    for person in people:
        person.socket.close()


@pytest.fixture
def speak(chromium: Browser, server: Room) -> Iterator[Callable[..., Page]]:
    """Opens a window of the speaker, on a device of its own: `page = speak(width=390, ...)`.

    No page may have thrown, nor have kept its policy from something.
    """
    wrong: list[str] = []
    with contextlib.ExitStack() as contexts:

        def window(width: int = 1280, height: int = 800, live: bool = True, **more: Any) -> Page:
            size: Any = {"width": width, "height": height}
            context = chromium.new_context(viewport=size, **more)
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE)
            context.on("weberror", lambda error: wrong.append(str(error.error)))
            context.on("console", lambda said: note(wrong, said))
            page = context.new_page()
            page.goto(f"{server.url}/speaker/?token={TOKEN}")
            if live:
                expect(page.locator("#live")).to_have_text("Live")
            return page

        yield window
    assert wrong == []


def note(wrong: list[str], said: Any) -> None:
    """Keep what a console said, unless it is that the server is away, or has another token."""
    is_away = any(each in said.text for each in ("WebSocket connection", "net::ERR", "of 401"))
    if said.type in ("warning", "error") and not is_away:
        wrong.append(said.text)


@pytest.fixture
def stage(speak: Callable[..., Page]) -> Callable[..., Page]:
    """Opens the speaker's own deck, as on the projector, beside a page of the speaker's."""

    def window(page: Page | None = None) -> Page:
        page = page or speak(1280, 720)
        with page.expect_popup() as opened:
            page.get_by_role("button", name="Slides").click()
        opened.value.set_viewport_size({"width": 1280, "height": 720})
        expect(opened.value.locator(".chip")).to_contain_text("Speaking")
        return opened.value

    return window


@pytest.fixture
def phone(speak: Callable[..., Page]) -> Callable[[], Page]:
    """Opens a window of the speaker on a phone."""
    return lambda: speak(390, 844, has_touch=True, is_mobile=True)
