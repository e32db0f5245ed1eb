"""The panel on a phone: one part at a time, by touch, with nothing too wide or too small."""

import pytest
from playwright.sync_api import expect

from .bench import ON_8888, on_page

PHONE = {"width": 390, "height": 844, "is_mobile": True, "has_touch": True}
TARGET = 44  # CSS pixels that a finger needs
SMALL = """(least) => [...document.querySelectorAll(".bench :is(button, input, a.tab)")]
    .filter((each) => each.checkVisibility())
    .map((each) => [each.textContent || each.ariaLabel, each.getBoundingClientRect()])
    .filter(([, box]) => box.height < least - 0.5 || box.width < least - 0.5)
    .map(([name, box]) => `${name}: ${box.width} by ${box.height}`)"""
IN_THE_TALK = "talk.html"


def fits(page):
    """Whether nothing can be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.fixture(scope="module", params=[IN_THE_TALK, "demos/hello.html"], ids=["talk", "page"])
def hello(request, opened):
    """hello, started by a tap, in the document or on its own page."""
    bench = on_page(opened(request.param, **PHONE), "hello")
    bench.offer.tap()
    expect(bench.state).to_have_text(ON_8888)
    return bench


@pytest.mark.parametrize("shown", ["Page", "Log", "Terminal", "Source"])
def test_a_tap_shows_a_part_and_hides_the_others(hello, shown):
    """It has the width of the panel; every target is large enough for a finger."""
    hello.figure.get_by_role("button", name=shown, exact=True).tap()
    for name in ("Page", "Source", "Log", "Terminal"):
        part = hello.figure.get_by_role("region", name=name, exact=True)
        expect(part).to_be_visible(visible=name == shown)
    assert fits(hello.page)
    assert hello.page.evaluate(SMALL, TARGET) == []


def test_a_command_is_run_by_a_tap(hello):
    """What it answers is in view."""
    hello.figure.get_by_role("button", name="Terminal", exact=True).tap()
    hello.figure.get_by_role("button", name="curl -i http://localhost:8888/", exact=True).tap()
    expect(hello.terminal).to_contain_text("HTTP/1.1 200 OK")
    expect(hello.terminal).to_be_in_viewport()


def test_an_edit_runs_by_a_tap(hello):
    """There is no Control key; the page shows what was typed."""
    hello.figure.get_by_role("button", name="Source", exact=True).tap()
    hello.rewrite("Hello, world", "self.write('Hello, phone')")
    hello.figure.get_by_role("button", name="Restart", exact=True).tap()
    hello.figure.get_by_role("button", name="Page", exact=True).tap()
    expect(hello.client().locator("body")).to_have_text("Hello, phone")
