"""Deep dives and the schedule: one that is told on purpose makes nobody late."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import build_deck, told

DIVE = {"20_dive": [*told("# Dive", 4), *told("## Deeper", 4), *told("## Deepest", 4)]}
CORE = {"10_first": [*told("# First", 2)], "30_third": [*told("# Third", 5)]}


@pytest.fixture(scope="session")
def diving_deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes, a deep dive of three times four, and five minutes."""
    return build_deck(tmp_path_factory.mktemp("dive"), CORE | DIVE, deep={"20_dive"})


@pytest.fixture
def alone(chromium: Browser, diving_deck: Path) -> Iterator[Callable[[], Page]]:
    """Opens the speaker's page without a server, and with a clock that the test moves."""
    context = chromium.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto((diving_deck / "speaker.html").as_uri())
    page.keyboard.press("ArrowRight")  # the talk begins, and the deep dive is on the screen
    yield page
    context.close()


def spend(page: Page, minutes: float) -> None:
    """Let time go by."""
    page.clock.run_for(minutes * 60_000)


def test_a_deep_dive_that_is_told_lengthens_the_plan(alone):
    """By the minutes of the slides that were told, and not of the one that was left out."""
    spend(alone, 2 + 4)
    expect(alone.locator("#schedule")).to_have_text("on time")
    alone.keyboard.press("ArrowRight")
    spend(alone, 4)
    expect(alone.locator("#schedule")).to_have_text("on time")
    alone.keyboard.press("End")
    spend(alone, 5)
    expect(alone.locator("#schedule")).to_have_text("on time")


def test_what_it_takes_beyond_its_own_minutes_is_behind(alone):
    """Seven minutes for a slide of four, after two that were left unused."""
    spend(alone, 9)
    alone.keyboard.press("End")
    spend(alone, 5)
    expect(alone.locator("#schedule")).to_have_text("3 min behind")


def test_a_deep_dive_that_is_stepped_through_adds_nothing(alone):
    """Its slides were on the screen for a moment each."""
    for _ in range(3):
        spend(alone, 0.1)
        alone.keyboard.press("ArrowRight")
    spend(alone, 2 + 5 + 4)
    expect(alone.locator("#schedule")).to_have_text("4 min behind")


def test_what_was_told_is_known_after_the_page_was_loaded_again(alone):
    """And forgotten with the clock."""
    spend(alone, 6)
    alone.keyboard.press("End")
    assert json.loads(alone.evaluate("sessionStorage.getItem('talk-deep-dives')")) == ["dive-dive"]
    for _ in range(2):
        alone.locator("[data-does=clock]").click()
    assert json.loads(alone.evaluate("sessionStorage.getItem('talk-deep-dives')")) == []
