"""A room with the real hub and handlers around a small deck, and followers in real browsers."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from slides.notebook import ROOT

from ..conftest import cell, slide, write_notebook
from .server import Server

PATIENCE = 30_000  # milliseconds, on a machine that is busy with others
PHONE: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WIDE: Any = {"viewport": {"width": 1280, "height": 720}}
expect.set_options(timeout=PATIENCE)

PROSE = cell("Words.\n\n" * 6, kind="markdown")
FRAGMENTS = [cell(f"{word}.", "fragment", "markdown") for word in ("One", "Two")]
FIRST = [
    cell("from slides.live import load, serve\nload('demos.hello')", "skip"),
    *slide(PROSE, title="# First\n\nIs it *open*?"),
    *slide(*FRAGMENTS, title="## Steps"),
    *slide(cell("await serve(make_app())"), title="## Serve"),
    *slide(PROSE, title="## Words"),
]
SECOND = [cell("", "skip"), *slide(PROSE, title="## Second"), *slide(PROSE, title="## Last")]


@pytest.fixture(scope="session")
def small_deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deck of a talk of two chapters."""
    folder = tmp_path_factory.mktemp("small") / "notebooks"
    folder.mkdir()
    for name, cells in {"10_first": FIRST, "20_second": SECOND}.items():
        write_notebook(folder / f"{name}.ipynb", cells)
    out = folder.parent / "deck"
    command = [sys.executable, "-m", "slides", "deck", "--notebooks", str(folder)]
    built = subprocess.run(
        [*command, "--out", str(out)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return out


@pytest.fixture
def server(small_deck: Path, tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Server]:
    """A room that can be ended and started again; empty at first."""
    server = Server(small_deck, tmp_path / "room.sqlite", free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def open_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Opens contexts in which no page may raise an error: `open_context(**PHONE)`."""
    errors: list[str] = []
    with contextlib.ExitStack() as contexts:

        def new(**options: Any) -> BrowserContext:
            context = chromium.new_context(**options)
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE)
            context.on("weberror", lambda error: errors.append(str(error.error)))
            return context

        yield new
    assert errors == []


@pytest.fixture
def follow(server: Server, open_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Opens the talk as another follower: `follow(PHONE)`, `follow(WIDE, "#/slide")`."""

    def open_page(screen: dict[str, Any] = WIDE, address: str = "", **options: Any) -> Page:
        page = open_context(**screen, **options).new_page()
        page.goto(f"{server.url}talk.html{address}")
        expect(page.locator(".chip")).to_have_attribute("data-state", re.compile("live|back"))
        return page

    return open_page
