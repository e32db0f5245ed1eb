"""The offline deck in a real Chromium: walked through, measured, read on a phone, and offline."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from slides.build.convert import slide_ids
from slides.notebook import chapters

PRESENT = ".slides > section.present > section.present"
SLIDES = ".slides > section > section"
IDS = [ident for chapter in chapters() for ident in slide_ids(chapter)]
LAPTOP, OLD_PROJECTOR, PHONE = (1280, 720), (1024, 768), (390, 844)
SIZES = pytest.mark.parametrize("size", [LAPTOP, OLD_PROJECTOR], ids=["1280x720", "1024x768"])
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


def present(page: Page) -> Locator:
    """The slide that is shown."""
    return page.locator(PRESENT)


def expect_slide(page: Page, ident: str) -> None:
    """Wait until a slide is the one that is shown."""
    expect(present(page)).to_have_attribute("id", ident)


def on_every_slide(page: Page, look: str, **options: float) -> list[str]:
    """What a measure of measure.js finds on each slide, after the name of the slide."""
    expect(present(page)).to_have_count(1)
    return page.evaluate(
        "args => measure.onEverySlide(args)", {"ids": IDS, "look": look, **options}
    )


def walk(page: Page) -> list[str]:
    """Press the right arrow until nothing changes any more; give the slides that were seen."""
    state = f"""() => document.querySelector("{PRESENT}").id + " " +
                      document.querySelectorAll(".fragment.visible").length"""
    seen, now = [IDS[0]], page.evaluate(state)
    while True:
        page.keyboard.press("ArrowRight")
        before, now = now, page.evaluate(state)
        if now == before:
            return seen
        ident = now.split()[0]
        if ident != seen[-1]:
            seen.append(ident)


def test_the_right_arrow_walks_through_the_whole_talk(visit, site):
    """Every slide comes once, in order, from chapter to chapter, and nothing complains."""
    page = visit(f"{site}/talk.html")
    expect_slide(page, IDS[0])
    assert walk(page) == IDS


def test_the_deck_is_read_from_a_folder_without_a_server(visit, real_deck):
    """On file: the arrows walk, a link leads to a program's page, and nothing complains."""
    page = visit(f"{real_deck.as_uri()}/index.html")
    page.get_by_role("link", name="Start the talk").click()
    expect_slide(page, IDS[0])
    page.keyboard.press("ArrowRight")
    expect_slide(page, IDS[1])
    page.goto(f"{real_deck.as_uri()}/demos/hello.html")
    expect(page.locator("h1")).to_have_text("hello")


def test_the_other_pages_open_without_a_complaint(visit, site, real_deck):
    """The front page, every program's page and every file's have a heading and their style."""
    names = sorted(str(path.relative_to(real_deck)) for path in real_deck.rglob("*.html"))
    assert len(names) > 10
    page = visit(f"{site}/index.html")
    for name in names:
        page.goto(f"{site}/{name}")
        assert page.locator("h1").count() >= 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert page.evaluate("document.styleSheets[0].cssRules.length") > 20, name


@SIZES
def test_every_slide_fits(visit, site, size):
    """Nothing sticks out of a slide, no code is clipped, nothing has to be scrolled."""
    page = visit(f"{site}/talk.html", *size)
    assert on_every_slide(page, "overflow") == []
    assert page.locator(".too-long").count() == 0


def test_every_text_is_large_enough(visit, site):
    """On a screen of 1280 by 720 no letter is smaller than 14 pixels."""
    page = visit(f"{site}/talk.html")
    assert on_every_slide(page, "small", least=13.95) == []


@SIZES
def test_lines_of_72_columns_are_whole(visit, site, size):
    """The widest line the rules allow is neither wrapped nor cut."""
    page = visit(f"{site}/talk.html#/hello-first-step-hello-world", *size)
    code = present(page).locator(".input pre").first
    expect(code).to_be_visible()
    wide, high = code.evaluate("""(pre) => {
        pre.textContent = "x".repeat(72);
        const line = parseFloat(getComputedStyle(pre).lineHeight);
        const style = getComputedStyle(pre);
        const padding = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
        return [pre.scrollWidth - pre.clientWidth, (pre.clientHeight - padding) / line];
    }""")
    assert wide <= 0
    assert high < 1.5
