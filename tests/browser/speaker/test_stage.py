"""The speaker's own deck, as on the projector: what is done in it is done for all."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .test_show import heading


@pytest.fixture
def deck(stage_deck: Path) -> Path:
    """Slides that run programs."""
    return stage_deck


def shown(page):
    """The slide that a deck shows."""
    return page.locator("section.present:not(.stack)")


def test_what_is_pressed_in_the_deck_is_shown_to_everybody(stage, speak, join):
    """Step by step, forward and back, on every page of the speaker, too."""
    page = speak()
    follower, deck = join(), stage(page)
    deck.keyboard.press("ArrowRight")
    follower.hear("show", slide="first-steps", fragment=-1)
    deck.keyboard.press("Space")
    follower.hear("show", slide="first-steps", fragment=0)
    expect(page.locator("#place")).to_contain_text("2 of 6, step 2 of 3")
    deck.keyboard.press("ArrowLeft")
    follower.hear("show", slide="first-steps", fragment=-1)
    deck.keyboard.press("End")
    follower.hear("show", slide="second-last", fragment=-1)
    expect(heading(page)).to_have_text("Last")


def test_a_remote_moves_the_deck(stage, phone, join):
    """Its slide, its steps, the dark screen and the pointer; and nobody is pulled back."""
    follower, deck, remote = join(), stage(), phone()
    for _ in range(2):
        remote.get_by_role("button", name="Next slide").tap()
    expect(shown(deck)).to_have_attribute("id", "first-steps")
    expect(shown(deck).locator(".fragment.visible")).to_have_count(1)
    remote.get_by_role("button", name="Black").tap()
    expect(deck.locator(".reveal.paused")).to_be_visible()
    deck.keyboard.press("b")
    expect(remote.locator("#veil")).to_be_hidden()
    expect(deck.locator(".reveal.paused")).to_have_count(0)
    remote.evaluate("document.querySelector('.place').scrollIntoView()")
    box = remote.locator("#glass").bounding_box()
    touch = remote.context.new_cdp_session(remote)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(deck.locator(".room-dot")).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(deck.locator(".room-dot")).to_be_hidden()
    follower.hear("black", on=False)
    assert join().state["fragment"] == 0


def test_the_deck_and_a_page_agree_on_the_last_action(stage, speak, server):
    """Also when both act at once, many times."""
    page = speak()
    deck = stage(page)
    for turn in range(6):
        deck.keyboard.press("ArrowRight" if turn % 3 else "ArrowLeft")
        page.keyboard.press("End" if turn % 2 else "Home")
    page.get_by_label("Go to a slide").select_option("Broken")
    expect(heading(page)).to_have_text("Broken")
    expect(shown(deck)).to_have_attribute("id", "first-broken")
    assert server.hub.talk.show.slide == "first-broken"


def test_a_deck_that_is_opened_later_shows_the_slide_of_now(speak, stage, join):
    """And tells nobody anything by being opened."""
    page, follower = speak(), join()
    page.keyboard.press("End")
    follower.hear("show", slide="second-last")
    version = join().state["version"]
    expect(shown(stage(page))).to_have_attribute("id", "second-last")
    assert join().state["version"] == version


def test_the_chip_says_speaking_and_how_many_are_here(stage, join, server):
    """A lost connection stops nobody, and the room follows when it is back."""
    join()
    deck = stage()
    expect(deck.locator(".chip")).to_contain_text("1 person here")
    server.stop()
    expect(deck.locator(".chip")).to_have_attribute("data-state", "lost")
    deck.keyboard.press("End")
    expect(shown(deck)).to_have_attribute("id", "second-last")
    server.start()
    expect(deck.locator(".chip")).to_contain_text("Speaking")
    follower = join()
    if follower.state["slide"] != "second-last":
        follower.hear("show", slide="second-last")


def test_the_audiences_address_is_on_the_slide_by_one_key(stage, join):
    """The keys of the slides do nothing meanwhile; the same key takes it away."""
    follower, deck = join(), stage()
    deck.keyboard.press("q")
    dialog = deck.get_by_role("dialog")
    expect(dialog).to_contain_text("http://192.0.2.7:8000/")
    expect(dialog.get_by_role("img")).to_have_js_property("naturalWidth", 264)
    deck.keyboard.press("ArrowRight")
    deck.keyboard.press("q")
    expect(dialog).to_be_hidden()
    deck.keyboard.press("b")
    follower.hear("black", on=True)
    assert join().state["slide"] is None


def test_the_overview_is_nobodys_business_until_it_is_left(stage, join):
    """Looking for a slide shows none of those on the way."""
    follower, deck = join(), stage()
    version = follower.state["version"]
    deck.keyboard.press("Escape")
    expect(deck.locator(".reveal.overview")).to_be_visible()
    for _ in range(3):
        deck.keyboard.press("ArrowDown")
    deck.keyboard.press("Escape")
    heard = follower.hear("show")
    assert (heard["version"], heard["slide"]) == (version + 1, "first-broken")


def test_the_audience_loads_nothing_of_the_speakers(chromium, server):
    """Nor is it offered to run anything on this machine."""
    page = chromium.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/talk.html")
    expect(page.locator(".chip")).to_have_attribute("data-state", "live")
    assert not [url for url in asked if re.search("speak|tab-here|run.json|modules", url)]
    expect(page.get_by_role("button", name="Run here")).to_have_count(0)
    page.close()
