"""What the audience says reaches the speaker, and what the speaker does about it reaches them."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from slides.room.talk import Moment

HOSTILE = '<img src=x onerror="document.title=1"> & <b>bold</b>'


def ask(follower, text, name=""):
    """Ask, and wait until it is kept."""
    key = str(uuid.uuid4())
    follower.say("question", key=key, text=text, name=name)
    follower.hear("ok", key=key)
    return key


def test_a_question_is_text_and_can_be_answered_and_hidden(speak, join):
    """And taken up again; the audience no longer sees what is hidden."""
    follower, page = join(), speak()
    ask(follower, HOSTILE, "<i>Eve</i>")
    ask(follower, "And threads?")
    asked = page.locator("#asked li")
    expect(asked).to_have_count(2)
    expect(page.locator("#asked .words", has_text=HOSTILE)).to_be_visible()
    expect(page.locator("#asked :is(img, b, i)")).to_have_count(0)
    first = asked.filter(has_text="bold")
    first.get_by_role("button", name="Hide").click()
    expect(first).to_contain_text("hidden")
    while len(follower.hear("questions")["questions"]) != 1:
        pass
    asked.filter(has_text="threads").get_by_role("button", name="Answered").click()
    expect(page.locator("#asked-count")).to_be_empty()
    while follower.hear("questions")["questions"][0]["state"] != "answered":
        pass
    first.get_by_role("button", name="Open again").click()
    while len(follower.hear("questions")["questions"]) != 2:
        pass


def test_a_poll_is_open_then_closed_then_shown(speak, join):
    """The speaker sees each vote at once, the audience only what is shown."""
    follower, page = join(), speak()
    expect(page.get_by_role("button", name="Open", exact=True)).to_be_hidden()
    page.get_by_label("Go to a slide").select_option("Asked")
    card = page.locator(".poll")
    card.get_by_role("button", name="Open").click()
    told = follower.hear("poll", state="open")
    assert (told["question"], told["choices"]) == ("Which is sooner?", ["A thread", "A task"])
    assert "answer" not in told and "counts" not in told
    follower.say("vote", poll=told["poll"], choice=0)
    expect(card.locator("li").first.locator("b")).to_have_text("1")
    card.get_by_role("button", name="Close").click()
    assert "counts" not in follower.hear("poll", state="closed")
    card.get_by_role("button", name="Show").click()
    shown = follower.hear("poll", state="shown")
    assert (shown["counts"], shown["answer"]) == ([1, 0], 1)
    expect(card.get_by_role("button", name="Show")).to_have_attribute("aria-pressed", "true")


def test_a_poll_that_is_still_open_can_be_closed_from_another_slide(speak, join):
    """It is not forgotten when the talk goes on."""
    follower, page = join(), speak()
    page.get_by_label("Go to a slide").select_option("Asked")
    page.locator(".poll").get_by_role("button", name="Open").click()
    follower.hear("poll", state="open")
    page.keyboard.press("End")
    page.locator(".poll").get_by_role("button", name="Close").click()
    follower.hear("poll", state="closed")
    expect(page.locator(".poll")).to_have_count(0)


def test_pace_and_presence_are_seen(speak, join):
    """How many are here, and how many of them are lost."""
    follower, page = join(), speak()
    join()
    expect(page.locator("#here")).to_have_text("2 here")
    follower.say("pace", kind="confused")
    expect(page.locator("#pace .confused dd")).to_have_text("1")
    expect(page.locator("#pace .slower dd")).to_have_text("0")


@pytest.mark.parametrize(
    ("minutes", "slide", "told"),
    [
        (1, "First", "on time"),
        (20, "First", "18 min behind"),
        (20, "Second", "6 min behind"),
        (1, "Second", "8 min ahead"),
        (11, "Second", "on time"),
    ],
)
def test_the_clock_is_held_against_the_minutes_before(speak, server, minutes, slide, told):
    """Of the slides 2, 3, 4, 5 and 1 minutes long."""
    now = Moment.now()
    server.hub.talk.began = Moment(now.at - 60 * minutes, now.tick - 60 * minutes)
    page = speak()
    page.get_by_label("Go to a slide").select_option(slide)
    expect(page.locator("#schedule")).to_have_text(told)
    expect(page.locator("#total")).to_have_text("of 15 min")


def test_the_clock_starts_with_the_first_step_and_is_the_same_on_another_device(speak, phone):
    """To put it back takes two presses."""
    page = speak()
    expect(page.locator("#elapsed")).to_have_text("0:00")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#elapsed")).to_have_text(re.compile(r"0:0[1-9]"))
    remote = phone()
    expect(remote.locator("#elapsed")).to_have_text(re.compile(r"0:(0[1-9]|[1-5]\d)"))
    button = remote.locator("[data-does=clock]")
    button.tap()
    expect(button).to_contain_text("Really")
    expect(page.locator("#elapsed")).not_to_have_text("0:00")
    button.tap()
    expect(page.locator("#elapsed")).to_have_text("0:00")
