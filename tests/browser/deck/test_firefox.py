"""The deck in a Firefox as Debian has it: on the project's own server, and under a subfolder."""

from urllib.parse import urlsplit

import pytest

from slides.build.convert import slide_ids
from slides.notebook import chapters

IDS = [ident for chapter in chapters() for ident in slide_ids(chapter)]
SHOWN = 'document.querySelector(".slides > section.present > section.present").id'
PROGRAM = "demos/hello.html"


@pytest.fixture(params=["served", "site"], ids=["root", "subfolder"])
def place(request):
    """Where the deck is: at the root of its server, or in a folder of another's."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def page(firefox, place):
    """A page that may not ask another origin for anything, or complain."""
    page = firefox.new_page()
    yield page
    origin = urlsplit(place)[:2]
    asked = [each for each in page.requests if urlsplit(each).scheme != "data"]
    assert asked
    assert [each for each in asked if urlsplit(each)[:2] != origin] == []
    assert page.errors == []
    page.close()


def test_the_arrows_walk_in_firefox(page, place):
    """From the front page to the first slide, on to the next ones, and back."""
    page.goto(f"{place}/")
    page.click("a[href^='talk.html']")
    page.wait_for(f"{SHOWN} === '{IDS[0]}'")
    page.press("ArrowRight")
    page.wait_for(f"{SHOWN} === '{IDS[1]}'")
    page.press("ArrowLeft")
    page.wait_for(f"{SHOWN} === '{IDS[0]}'")
    box = page.evaluate(f"{SHOWN} && document.getElementById('{IDS[0]}').getBoundingClientRect()")
    assert 0 <= box["left"] < box["right"] <= 1280
    assert 0 <= box["top"] < box["bottom"] <= 720


def test_the_whole_talk_is_a_document_in_firefox(page, place):
    """`r` leads from a slide to its place in the document, where all slides can be read."""
    page.goto(f"{place}/talk.html#/{IDS[5]}")
    page.wait_for(f"{SHOWN} === '{IDS[5]}'")
    page.press("r")
    page.wait_for("location.search === '?reading'")
    top = f"document.getElementById('{IDS[5]}').getBoundingClientRect().top"
    page.wait_for(f"scrollY > 0 && {top} >= 0 && {top} < innerHeight")
    every = '[...document.querySelectorAll(".slides > section > section")]'
    assert page.evaluate(f"{every}.filter((e) => e.checkVisibility()).map((e) => e.id)") == IDS


def test_a_program_has_its_page_in_firefox(page, place):
    """A program's page has its name, its code and its style."""
    page.goto(f"{place}/{PROGRAM}")
    assert page.evaluate("document.querySelector('h1').textContent") == "hello"
    assert "def make_app" in page.evaluate("document.body.innerText")
    assert page.evaluate("document.styleSheets[0].cssRules.length") > 20
