"""The audience asks, votes and tells the pace; what is said is acknowledged, once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from slides.room.messages import Poll

from .conftest import PHONE, WIDE
from .server import Server

Opener = Callable[..., Page]
SCREENS = pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
CHOICES = ("before", "after", "never")


def poll(state: str) -> Poll:
    """A poll with an answer."""
    return Poll("first/order", "When is it printed?", CHOICES, state, 1)


def open_sheet(page: Page) -> None:
    """As a finger does."""
    page.locator(".room-open").click()
    expect(page.locator(".room-sheet")).to_be_visible()


def ask(page: Page, text: str, name: str = "") -> None:
    """Write a question, and send it."""
    page.get_by_label("Your question").fill(text)
    page.get_by_label("Name, if you like").fill(name)
    page.get_by_role("button", name="Ask", exact=True).click()


@SCREENS
def test_a_question_is_seen_by_others_as_text(server: Server, follow: Opener, screen) -> None:
    """Markup in it is words like any others."""
    page, other = follow(screen), follow(PHONE)
    open_sheet(page)
    open_sheet(other)
    ask(page, "<img src=x onerror=alert(1)> & why?", "Ada <b>")
    expect(page.locator(".news")).to_have_text("Your question is there.")
    expect(page.get_by_label("Your question")).to_have_value("")
    expect(other.locator(".asked .words")).to_have_text("<img src=x onerror=alert(1)> & why?")
    expect(other.locator(".asked .fact")).to_have_text("Ada <b>")
    assert other.locator(".asked img, .asked b").count() == 0


def test_an_upvote_counts_once(server: Server, follow: Opener) -> None:
    """However often it is tapped."""
    page, other = follow(), follow(PHONE)
    open_sheet(page)
    open_sheet(other)
    ask(page, "Why?")
    up = other.locator(".up")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    up.click()
    expect(page.locator(".up")).to_contain_text("1")
    assert len(server.hub.talk.upvotes) == 1


@SCREENS
def test_a_poll_is_voted_on_waited_for_and_shown(server: Server, follow: Opener, screen) -> None:
    """No count of a choice is there before it is shown."""
    page = follow(screen)
    server.say(poll("open"))
    expect(page.locator(".room-open")).to_have_text("Vote now")
    open_sheet(page)
    page.get_by_role("button", name="after").click()
    expect(page.locator(".poll .fact")).to_contain_text("Your vote counts. 1 vote so far")
    assert page.locator(".chart").count() == 0
    server.say(poll("closed"))
    expect(page.locator(".poll .fact")).to_contain_text("Voting is over")
    server.say(poll("shown"))
    expect(page.locator(".chart .answer")).to_contain_text("✓ the answer")
    expect(page.locator(".chart .answer")).to_contain_text("1 · 100 %")
    expect(page.locator(".poll .fact")).to_have_text("1 vote. You were right.")


def test_a_vote_can_be_changed_while_the_poll_is_open(server: Server, follow: Opener) -> None:
    """The last one counts, alone."""
    server.say(poll("open"))
    page = follow()
    open_sheet(page)
    for choice in ("before", "never"):
        page.get_by_role("button", name=choice).click()
    server_side = page.locator(".poll .fact")
    expect(server_side).to_contain_text("Your vote counts. 1 vote")
    server.say(poll("shown"))
    expect(page.locator(".chart li", has_text="never")).to_contain_text("1 · 100 %")


def test_what_was_said_without_a_connection_is_said_once_with_one(
    server: Server, follow: Opener
) -> None:
    """A question, a vote and the pace."""
    server.say(poll("open"))
    page = follow(PHONE)
    open_sheet(page)
    server.stop()
    expect(page.locator(".chip")).to_have_attribute("data-state", "lost")
    page.get_by_role("button", name="never").click()
    expect(page.locator(".poll .fact")).to_have_text("Sending your vote …")
    page.get_by_role("button", name="I am lost").click()
    ask(page, "Still there?")
    expect(page.locator(".news")).to_contain_text("No connection")
    server.start()
    expect(page.locator(".asked .words")).to_have_text(["Still there?"])
    expect(page.locator(".poll .fact")).to_contain_text("Your vote counts. 1 vote")
    expect(page.get_by_label("Your question")).to_have_value("")
    assert len(server.hub.talk.paces) == len(server.hub.talk.asked) == 1


def test_a_question_that_is_refused_is_kept_and_the_reason_told(
    server: Server, follow: Opener
) -> None:
    """So that it need not be written again."""
    page = follow()
    open_sheet(page)
    ask(page, "\u200b\u200b")  # nothing that can be seen
    expect(page.locator(".news.bad")).to_have_text("text is empty.")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_enabled()


def test_the_pace_is_told_and_acknowledged(server: Server, follow: Opener) -> None:
    """By being counted."""
    page = follow(PHONE)
    open_sheet(page)
    page.get_by_role("button", name="Slower").click()
    expect(page.locator(".news")).to_have_text("The speaker can see it.")
    assert [kind for kind, _ in server.hub.talk.paces.values()] == ["slower"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_finger_hits_every_button_of_the_sheet(
    server: Server, follow: Opener, scheme: str
) -> None:
    """On a phone each is 44 pixels high, and nothing is wider than the screen."""
    server.say(poll("open"))
    page = follow(PHONE, color_scheme=scheme)
    open_sheet(page)
    ask(page, "W" * 280, "n" * 40)
    expect(page.locator(".up")).to_be_visible()
    buttons = page.locator(".room button:visible, .room-sheet button:visible").all()
    assert len(buttons) >= 9
    for button in buttons:
        assert button.bounding_box()["height"] >= 44, button.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    body = page.locator(".room-sheet .body")
    assert body.evaluate("(each) => each.scrollWidth <= each.clientWidth")
