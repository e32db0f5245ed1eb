"""Followers are the clients of the demo on the slide, and everybody sees what a slow one does."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tornado.httpserver import HTTPServer
from tornado.testing import ExpectLog

from slides import room
from slides.notebook import ROOT
from slides.room.access import Access
from slides.room.bus import MemoryBus
from slides.room.hub import Hub
from slides.room.mounted import Live
from slides.room.onlookers import Onlookers
from slides.room.store import Store
from slides.serve import make_app

from ..conftest import cell, slide, write_notebook
from .conftest import PHONE, WIDE
from .server import UNHURRIED, Server

TOKEN = "a-token-for-the-tests"
BROADCASTER, POLL, LAST = "demos-listen", "demos-predict", "demos-last"
CELLS = [
    cell("from slides.live import load, serve", "skip"),
    *slide(cell("Words.", kind="markdown"), title="# First"),
    *slide(
        cell("load('demos.broadcaster')\nawait serve(make_app())"), title="## Listen"
    ),
    *slide(cell("load('demos.poll')\nawait serve(make_app())"), title="## Predict"),
    *slide(cell("Words.\n\n" * 60, kind="markdown"), title="## Last"),
]  # fmt: skip


class LiveServer(Server):
    """Both faces of the room on one port, with the demos."""

    async def _start(self) -> None:
        self.hub = Hub(Store(self.store), MemoryBus())
        await self.hub.start()
        self.live = Live()
        self.live.start()
        onlookers = Onlookers(self.live)
        routes = [
            *room.audience(self.hub, UNHURRIED, onlookers),
            *room.speaker(self.hub, Access(TOKEN), self.deck, self.url, onlookers=onlookers),
        ]
        self._server = HTTPServer(make_app(self.deck, routes))
        self._server.listen(self.port, "127.0.0.1")

    async def _stop(self) -> None:
        await self.live.stop()
        await super()._stop()

    def block(self, seconds: float) -> None:
        """Do what a handler must not: hold the loop."""
        self._loop.call_soon_threadsafe(time.sleep, seconds)


@pytest.fixture(scope="module")
def demo_deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deck of a talk with the two demos."""
    folder = tmp_path_factory.mktemp("demos") / "notebooks"
    folder.mkdir()
    write_notebook(folder / "10_demos.ipynb", CELLS)
    out = folder.parent / "deck"
    command = [sys.executable, "-m", "slides", "deck", "--notebooks", str(folder)]
    built = subprocess.run(
        [*command, "--out", str(out)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return out


@pytest.fixture
def server(demo_deck: Path, tmp_path: Path, free_port: Callable[[], int]) -> Iterator[LiveServer]:
    """A server with the demos."""
    server = LiveServer(demo_deck, tmp_path / "room.sqlite", free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def join(server: LiveServer, open_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Opens a slide as a client of its demo: `join(BROADCASTER, PHONE)`."""

    def open_page(at: str, screen: dict = WIDE, is_speaker: bool = False) -> Page:
        context = open_context(**screen)
        page = context.new_page()
        base = f"{server.url}{'speaker/' if is_speaker else ''}"
        if is_speaker:
            page.goto(f"{base}?token={TOKEN}")
        page.goto(f"{base}talk.html#/{at}")
        page.locator(f"section#{at}").get_by_role("button", name="You are its client").click()
        return page

    return open_page


def panel(page: Page):
    """The panel that is shown instead of the recorded run."""
    return page.locator(".as-client:visible")


def expect_posts(page: Page) -> None:
    """Wait until a broadcast is on the page."""
    frame = panel(page).frame_locator("iframe")
    expect(frame.get_by_role("status")).to_have_text("Connected")
    expect(frame.locator("li")).to_have_count(5)


def newest(page: Page) -> str:
    """The time of the newest post."""
    return panel(page).frame_locator("iframe").locator("li time").first.inner_text()


def test_three_clients_one_a_phone_hear_the_broadcasts_on_the_slide(join, tell) -> None:
    """Each sees how many they are, and the news come on."""
    pages = [join(BROADCASTER), join(BROADCASTER), join(BROADCASTER, PHONE)]
    for page in pages:
        expect_posts(page)
        expect(panel(page).locator(".clients")).to_have_text("3 clients now")
        expect(panel(page).locator(".queue")).to_have_text("nobody waits")
    before = newest(pages[2])
    expect(panel(pages[2]).frame_locator("iframe").locator("li time").first).not_to_have_text(
        before
    )


def test_a_slow_client_queues_and_is_dropped_while_nobody_else_waits(join) -> None:
    """The speaker adds it from the slide; all see its bytes grow, and it go."""
    phone, speaker = join(BROADCASTER, PHONE), join(BROADCASTER, is_speaker=True)
    expect_posts(phone)
    assert panel(phone).get_by_role("button", name="never reads").count() == 0
    panel(speaker).get_by_role("button", name="Add a client that never reads").click()
    expect(panel(phone).locator(".clients")).to_have_text("3 clients now")
    queue = panel(phone).locator(".queue")
    expect(queue).to_have_text(re.compile("the other 2 wait for nothing"))
    first = queue.inner_text()
    expect(queue).to_have_text(re.compile(r"\d kB wait for the slowest"))
    assert queue.inner_text() != first
    for page in (phone, speaker):
        expect(panel(page).locator(".dropped")).to_have_text("1 dropped: read too slowly")
        expect(panel(page).locator(".clients")).to_have_text("2 clients now")
        expect(panel(page).locator(".queue")).to_have_text("nobody waits")
        expect_posts(page)


def test_a_blocked_loop_shows_on_the_strip_of_every_client(join, server: LiveServer) -> None:
    """As a gap with its length, once it is over."""
    page = join(BROADCASTER)
    lag = panel(page).locator(".strip output")
    expect(lag).to_have_text(re.compile(r"^\d+\.\d ms$"))
    server.block(3)
    expect(lag).to_have_text(re.compile(r"^blocked \d\.\d s$"))
    expect(lag).to_have_text(re.compile(r"^\d+\.\d ms$"))


@pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
def test_who_goes_on_is_no_client_any_more(join, server: LiveServer, screen) -> None:
    """A slide that is not looked at costs the server nothing; back on it, one is a client again."""
    page, other = join(BROADCASTER, screen), join(BROADCASTER)
    expect(panel(other).locator(".clients")).to_have_text("2 clients now")
    if page.locator("html.presenting").count():
        page.keyboard.press("End")
    else:
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(panel(other).locator(".clients")).to_have_text("1 client now")
    page.evaluate(f"document.querySelector('#{BROADCASTER}').scrollIntoView()")
    if page.locator("html.presenting").count():
        page.evaluate(f"location.hash = '#/{BROADCASTER}'")
    expect_posts(page)


def test_the_recording_is_one_press_away(join) -> None:
    """And the client is gone with its panel."""
    page, other = join(BROADCASTER), join(BROADCASTER)
    expect(panel(other).locator(".clients")).to_have_text("2 clients now")
    panel(page).get_by_role("button", name="The recording").click()
    expect(
        page.locator(f"#{BROADCASTER}").get_by_role("figure", name="Recorded run")
    ).to_be_visible()
    expect(
        page.locator(f"#{BROADCASTER}").get_by_role("button", name="You are its client")
    ).to_be_focused()
    expect(panel(other).locator(".clients")).to_have_text("1 client now")


def test_the_room_predicts_and_only_the_speaker_runs(join) -> None:
    """Votes are secret until the run; then all see the bars, and whether they were right."""
    phone, wide, speaker = join(POLL, PHONE), join(POLL), join(POLL, is_speaker=True)
    frames = [panel(page).frame_locator("iframe") for page in (phone, wide, speaker)]
    for frame, choice in zip(frames, ("1 s", "5 s", "1 s"), strict=True):
        frame.get_by_role("button", name=choice, exact=False).first.click()
    for frame in frames:
        expect(frame.get_by_role("status")).to_contain_text("3 votes so far")
        expect(frame.locator("b").first).to_be_empty()
    with ExpectLog("tornado.access", "405 POST /live/poll/run"):
        frames[0].get_by_role("button", name="Run it").click()
        expect(frames[0].get_by_role("status")).to_contain_text("not for you to run")
    frames[2].get_by_role("button", name="Run it").click()
    for frame, verdict in zip(frames, ("right", "wrong", "right"), strict=True):
        expect(frame.get_by_role("status")).to_have_text(f"3 votes. You were {verdict}.")
        expect(frame.locator("b").first).to_have_text("2 of 3")
    late = panel(join(POLL)).frame_locator("iframe")
    expect(late.get_by_role("status")).to_have_text("3 votes.")


def test_a_server_that_starts_again_finds_its_clients(join, server: LiveServer) -> None:
    """The page and the figures come back by themselves."""
    page = join(BROADCASTER)
    expect_posts(page)
    server.stop()
    expect(panel(page).frame_locator("iframe").get_by_role("status")).to_have_text(
        re.compile("Disconnected")
    )
    server.start()
    expect_posts(page)
    expect(panel(page).locator(".clients")).to_have_text("1 client now")
    expect(panel(page).locator(".strip output")).to_have_text(re.compile(r"\d ms$"))
