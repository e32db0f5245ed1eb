"""Programs that run for the speaker: in a slide's panel, or from the speaker's page."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

HELLO = "demos/hello.py"
BOOT = 120_000  # milliseconds for a Python in the tab, on a machine that is busy with others


@pytest.fixture
def deck(stage_deck: Path) -> Path:
    """Slides that run programs."""
    return stage_deck


def go_to(page, title):
    """Show a slide, from the speaker's page."""
    page.get_by_label("Go to a slide").select_option(title)


def running(server):
    """The programs that run for the speaker's pages."""
    return [place for place in server.runs.places if place.running is not None]


def nothing_runs(server):
    """Wait until all that ran is over, and its end was told."""
    end = time.monotonic() + 30
    while running(server):
        assert time.monotonic() < end, running(server)
        time.sleep(0.02)  # the server's loop is another thread
    return True


def hear_ran(follower, program):
    """Wait until all are told of a run of this program, or that it is taken back."""
    return follower.hear("ran", program=program)


def test_what_a_tab_cannot_run_runs_here(speak, stage, join, server):
    """In the same panel, page and all; and closing it ends the process."""
    page = speak()
    deck, follower = stage(page), join()
    go_to(page, "Broken")
    deck.locator("section.present .run-code").click()
    panel = deck.locator("dialog.overlay")
    expect(panel.locator(".state span")).to_have_text(re.compile("on localhost:"))
    frame = panel.locator(".client iframe").first
    expect(frame.content_frame.locator("body")).to_contain_text("2 of coffee: on their way")
    expect(panel.locator(".terminal")).to_be_hidden()
    while "Ctrl-C ends it." not in (told := hear_ran(follower, "pickling_broken"))["log"]:
        continue  # the first one comes as soon as it was started
    assert "OutOfStock" in told["files"].popitem()[1]
    assert running(server)
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)
    hear_ran(follower, "")
    assert join().state["ran"] is None
    deck.wait_for_function("document.querySelectorAll('dialog.overlay').length === 0")


def test_a_program_of_the_tab_can_run_here_too_and_is_stopped_with_its_slide(
    speak, stage, join, server
):
    """As a quiet second choice; with what was edited, which all are shown."""
    page = speak()
    deck, follower = stage(page), join()
    text = Path(HELLO).read_text("utf-8").replace("Hello, world", "Hello, room")
    edit = "(text) => localStorage.setItem('edits:hello', JSON.stringify({'demos/hello.py': text}))"
    deck.evaluate(edit, text)
    go_to(page, "Serve")
    figure = deck.locator("section.present figure.recording")
    expect(figure.get_by_role("button", name="Run it in this tab")).to_be_visible()
    figure.get_by_role("button", name="Run here").click()
    expect(figure.locator(".state span")).to_have_text(re.compile("on localhost:"))
    client = figure.locator(".client iframe").first.content_frame
    expect(client.locator("body")).to_have_text("Hello, room")
    assert hear_ran(follower, "hello")["files"] == {HELLO: text}
    go_to(page, "Last")
    over = re.compile("stopped|ended")
    expect(deck.locator("figure.recording.live .state span").first).to_have_text(over)
    assert nothing_runs(server)
    assert join().state["ran"]["program"] == "hello"  # who looks back finds it


def test_one_key_takes_back_what_was_run_and_runs_it_again(speak, stage, join, server):
    """In the deck, and from a page of the speaker, whichever of them ran it."""
    page = speak()
    deck, follower = stage(page), join()
    go_to(page, "Serve")
    figure = deck.locator("figure.recording[data-program=hello]").first
    figure.get_by_role("button", name="Run here").click()
    hear_ran(follower, "hello")
    deck.keyboard.press("e")
    hear_ran(follower, "")
    expect(figure).not_to_have_class(re.compile("live"))
    deck.keyboard.press("e")
    hear_ran(follower, "hello")
    expect(page.locator("#told-all")).to_have_text("The audience sees hello.")
    page.bring_to_front()
    page.locator("#elapsed").click()
    page.keyboard.press("e")
    hear_ran(follower, "")
    expect(figure).not_to_have_class(re.compile("live"))
    expect(page.locator("#told-all")).to_be_empty()


def test_the_speakers_page_runs_a_program_and_the_deck_shows_it(speak, stage, join, server):
    """The slide's own is the first in the list; its output is read on the page."""
    page = speak()
    deck, follower = stage(page), join()
    page.bring_to_front()
    go_to(page, "Serve")
    expect(page.locator("#program")).to_have_value("hello")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#run-log")).to_contain_text("Ctrl-C ends it.")
    expect(page.locator("#run-page")).to_have_attribute("href", re.compile("http://localhost:"))
    assert "Ctrl-C" in hear_ran(follower, "hello")["log"]
    shown = deck.get_by_role("figure", name="The speaker ran this")
    expect(shown).to_contain_text("Ctrl-C ends it.")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#run-state")).to_contain_text("ended")
    assert nothing_runs(server)
    page.locator("#elapsed").click()
    page.keyboard.press("e")
    hear_ran(follower, "")
    expect(shown).to_have_count(0)


def test_what_runs_in_the_tab_is_shown_to_all_with_its_page(speak, stage, join):
    """The page as the speaker sees it, without a script; then the recorded run for all."""
    page = speak()
    deck, follower = stage(page), join()
    go_to(page, "Serve")
    figure = deck.locator("section.present figure.recording")
    figure.get_by_role("button", name="Run it in this tab").click()
    expect(figure.locator(".state span")).to_have_text("on localhost:8888", timeout=BOOT)
    told = hear_ran(follower, "hello")
    while "Hello, world" not in told["page"]:
        told = hear_ran(follower, "hello")
    assert "<script" not in told["page"] and not told["files"]
    figure.get_by_role("button", name="Recorded").click()
    hear_ran(follower, "")


def test_a_window_that_is_closed_leaves_no_program_behind(speak, stage, server):
    """Without a word to anybody."""
    page = speak()
    deck = stage(page)
    go_to(page, "Serve")
    figure = deck.locator("section.present figure.recording")
    figure.get_by_role("button", name="Run here").click()
    expect(figure.locator(".state span")).to_have_text(re.compile("on localhost:"))
    (place,) = running(server)
    over = place.running.over
    deck.close()
    server.wait_for(over)
    assert nothing_runs(server)
