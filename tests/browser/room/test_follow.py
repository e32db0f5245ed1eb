"""Followers stay with the speaker, may look back, and always know whether they are live."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from slides.room.messages import Black, Point, Ran, Show

from .conftest import PHONE, WIDE
from .server import Server

STEPS, SERVE, WORDS, LAST = "first-steps", "first-serve", "first-words", "second-last"
Opener = Callable[..., Page]
SCREENS = pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])


def slide(page: Page, name: str):
    """A slide, wherever it is."""
    return page.locator(f"section#{name}")


def expect_at(page: Page, name: str) -> None:
    """Wait until a follower sees a slide."""
    expect(slide(page, name)).to_be_in_viewport()
    if page.locator("html.presenting").count():
        expect(slide(page, name)).to_have_class(re.compile("present"))
    else:
        expect(slide(page, name)).to_have_attribute("aria-current", "true")


def is_at(page: Page, name: str) -> bool:
    """Whether a slide is on the screen just now."""
    if page.locator("html.presenting").count():
        return page.locator(f"section.present#{name}").count() == 1
    return slide(page, name).bounding_box()["y"] < screen_height(page)


def screen_height(page: Page) -> int:
    """In pixels."""
    return page.viewport_size["height"]


def expect_state(page: Page, state: str) -> None:
    """Wait until the chip says `live`, `back` or `lost`."""
    expect(page.locator(".chip")).to_have_attribute("data-state", state)


def walk_away(page: Page) -> None:
    """Go somewhere else, by key or by scrolling."""
    if page.locator("html.presenting").count():
        page.keyboard.press("Home")
    else:
        page.evaluate("scrollTo(0, 0)")


@SCREENS
def test_who_joins_late_lands_on_the_slide_of_now(server: Server, follow: Opener, screen) -> None:
    """The slide, and not the first one."""
    server.say(Show(LAST))
    page = follow(screen)
    expect_at(page, LAST)
    expect_state(page, "live")


@SCREENS
def test_a_follower_goes_where_the_speaker_goes(server: Server, follow: Opener, screen) -> None:
    """Forward and back."""
    page = follow(screen)
    for name in (WORDS, LAST, STEPS):
        server.say(Show(name))
        expect_at(page, name)


def test_fragments_come_and_go_with_the_speakers(server: Server, follow: Opener) -> None:
    """On the stage; the document shows all of a slide at once."""
    page = follow()
    for shown in (0, 1, -1):
        server.say(Show(STEPS, shown))
        expect(slide(page, STEPS).locator(".fragment.visible")).to_have_count(shown + 1)
    expect_state(page, "live")


@SCREENS
def test_who_looks_back_stays_there_and_returns_with_one_tap(
    server: Server, follow: Opener, screen
) -> None:
    """The speaker goes on meanwhile."""
    server.say(Show(WORDS))
    page, other = follow(screen), follow()
    expect_at(page, WORDS)
    walk_away(page)
    expect_state(page, "back")
    server.say(Show(LAST))
    expect_at(other, LAST)  # who was told no sooner than this one
    expect_state(page, "back")
    assert not is_at(page, LAST)
    page.get_by_role("button", name="Return to the speaker").click()
    expect_at(page, LAST)
    expect_state(page, "live")


def test_an_address_that_names_a_slide_is_kept_to(server: Server, follow: Opener) -> None:
    """A link from elsewhere goes where it says; the way to the speaker is one tap."""
    server.say(Show(LAST))
    page = follow(WIDE, f"#/{WORDS}")
    expect_at(page, WORDS)
    expect_state(page, "back")


def test_a_page_loaded_again_goes_on_following(server: Server, follow: Opener) -> None:
    """Though its address names the slide by then."""
    server.say(Show(WORDS))
    page = follow()
    expect_at(page, WORDS)
    server.say(Show(LAST))
    expect_at(page, LAST)
    page.reload()
    expect_state(page, "live")
    server.say(Show(STEPS))
    expect_at(page, STEPS)


@SCREENS
def test_a_server_that_starts_again_finds_its_followers(
    server: Server, follow: Opener, screen
) -> None:
    """The loss is told, and what was shown meanwhile is shown."""
    server.say(Show(WORDS))
    page = follow(screen)
    server.stop()
    expect_state(page, "lost")
    expect(page.locator(".chip")).to_contain_text("Connection lost, trying again")
    server.start()
    server.say(Show(LAST))
    expect_state(page, "live")
    expect_at(page, LAST)


def test_silence_is_a_lost_connection(server: Server, follow: Opener) -> None:
    """No connection is closed where a network is cut."""
    page = follow()
    server.fall_silent()
    expect_state(page, "lost")
    expect_state(page, "live")  # a new connection is told the state, whoever is silent later


def test_the_chip_tells_how_many_are_here(follow: Opener) -> None:
    """And one who leaves is not counted any more."""
    page, other = follow(), follow(PHONE)
    expect(page.locator(".chip")).to_contain_text("2 people here")
    other.close()
    expect(page.locator(".chip")).to_contain_text("1 person here")


@SCREENS
def test_who_writes_a_question_keeps_the_focus(server: Server, follow: Opener, screen) -> None:
    """While the slides go on behind the sheet."""
    server.say(Show(STEPS))
    page = follow(screen)
    page.locator(".room-open").click()
    words = page.get_by_label("Your question")
    words.press_sequentially("Why ")
    server.say(Show(LAST))
    expect_at(page, LAST)
    words.press_sequentially("dr?")  # both are keys of the deck
    expect(words).to_be_focused()
    expect(words).to_have_value("Why dr?")


def test_a_dark_screen_is_dark_for_who_follows(server: Server, follow: Opener) -> None:
    """Who looks back sees the slides."""
    server.say(Show(WORDS))
    page = follow()
    server.say(Black(True))
    expect(page.locator(".room-veil")).to_be_visible()
    walk_away(page)
    expect(page.locator(".room-veil")).to_be_hidden()


def test_the_pointer_is_where_the_speaker_points(server: Server, follow: Opener) -> None:
    """In shares of the slide."""
    server.say(Show(WORDS))
    page = follow()
    expect_at(page, WORDS)
    server.say(Point(0.25, 0.5))
    dot = page.locator(".room-dot")
    expect(dot).to_be_visible()
    box = dot.bounding_box()
    assert abs(box["x"] + box["width"] / 2 - 320) < 2
    assert abs(box["y"] + box["height"] / 2 - 360) < 2
    server.say(Point())
    expect(dot).to_be_hidden()


@SCREENS
def test_what_the_speaker_ran_is_shown_and_runs_nothing(
    server: Server, follow: Opener, screen
) -> None:
    """The source, the page without its scripts, the log; the recording is one tap away."""
    page_of = (
        "<h1>Edited</h1><script>top.document.title = 'taken'</script>"
        "<img src=data:, onerror=\"top.document.title = 'taken'\">"
    )
    source = "class A:  # <script>alert(1)</script>\n"
    server.say(Show(SERVE), Ran("hello", "", {"hello.py": source}, page_of, "200 GET /"))
    page = follow(screen)
    ran = page.get_by_role("figure", name="The speaker ran this")
    expect(ran).to_be_visible()
    expect(ran).to_contain_text("the speaker ran this")
    expect(ran.locator(".source")).to_contain_text(source.strip())
    expect(ran.locator(".log")).to_have_text("200 GET /")
    expect(ran.frame_locator("iframe").locator("h1")).to_have_text("Edited")
    assert ran.locator("iframe").get_attribute("sandbox") == ""
    assert page.title() != "taken"
    ran.get_by_role("button", name="The recording").click()
    expect(ran).to_be_hidden()
    expect(page.get_by_role("figure", name="Recorded run")).to_be_visible()


def test_a_deck_without_a_room_is_only_a_deck(
    small_deck: Path, open_context: Callable[..., BrowserContext]
) -> None:
    """From a disk: nothing is asked for, and nothing of the room is there."""
    page = open_context(**WIDE).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((small_deck / "talk.html").as_uri())
    expect(page.locator("section.present:not(.stack)")).to_be_visible()
    assert page.locator(".room, .room-sheet").count() == 0
    assert said == []
