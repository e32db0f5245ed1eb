"""The panel by the keyboard, and the deck's own keys, which stay the deck's."""

import re

import pytest
from playwright.sync_api import expect

from .bench import ON_8888, Bench, on_slide

PRESENT = ".slides > section.present > section.present"
LIVE = re.compile(r"\blive\b")
WALKING = ("ArrowRight", "ArrowLeft", "Space", "PageDown", "e", "r", "n", "d", "o", "f", "?")
OVERLAY = "dialog.overlay"


@pytest.fixture
def talk(opened):
    """The talk, at its first slide."""
    return opened("talk.html")


def to_the_code_of(page, program):
    """Go to the slide that only shows a program; give its button."""
    cell = page.locator(f'.cell.code[data-shows="{program}"]').first
    page.evaluate("(id) => (location.hash = `#/${id}`)", cell.evaluate("e => e.parentElement.id"))
    expect(cell).to_be_in_viewport()
    return cell.get_by_role("button", name="Run")


def test_e_runs_what_the_slide_shows_and_goes_back_to_the_recorded_run(talk):
    """Once more starts it again."""
    hello = on_slide(talk, "hello")
    for _ in range(2):
        talk.keyboard.press("e")
        expect(hello.state).to_have_text(ON_8888)
        expect(hello.client().locator("body")).to_have_text("Hello, world")
        talk.keyboard.press("e")
        expect(hello.figure).not_to_have_class(LIVE)
        expect(hello.figure.locator(".recorded")).to_be_visible()


def test_the_deck_s_keys_are_letters_in_the_editor_and_in_the_terminal(talk):
    """Whoever types walks no slides, changes no colours and ends no program."""
    hello = on_slide(talk, "hello").start()
    shown, state = talk.locator(PRESENT).get_attribute("id"), talk.url
    hello.prompt.click()
    for key in WALKING:
        talk.keyboard.press(key)
    expect(hello.prompt).to_have_value(" erndof?")
    hello.press("Source")
    hello.editor.click()
    for key in WALKING:
        talk.keyboard.press(key)
    expect(hello.editor).to_contain_text("erndof?")
    expect(talk.locator(PRESENT)).to_have_id(shown)
    assert talk.url == state
    expect(hello.state).to_have_text(ON_8888)
    hello.press("Reset")


def test_a_slide_that_shows_code_runs_it_in_a_panel_above(talk):
    """All its parts are in view; Escape closes it, ends the program, and leaves the focus."""
    button = to_the_code_of(talk, "templates")
    button.click()
    above = Bench(talk.locator(f"{OVERLAY} figure"))
    expect(above.state).to_have_text(ON_8888)
    expect(above.client().locator("h1")).to_be_visible()
    for part in (above.editor, above.log, above.terminal, above.prompt):
        expect(part).to_be_visible()
    above.prompt.click()
    talk.keyboard.press("ArrowRight")
    talk.keyboard.press("Escape")
    expect(talk.locator(OVERLAY)).to_have_count(0)
    expect(button).to_be_focused()
    expect(button).to_be_in_viewport()


def test_e_opens_and_close_closes_the_panel_above(talk):
    """For who has no mouse at hand, and for who has."""
    to_the_code_of(talk, "evented")
    talk.keyboard.press("e")
    above = Bench(talk.locator(f"{OVERLAY} figure"))
    expect(above.state).to_have_text("ended")
    above.press("Close")
    expect(talk.locator(OVERLAY)).to_have_count(0)


def test_larger_gives_a_panel_the_whole_slide_and_back(talk):
    """With the source, the page, the log and the terminal in view."""
    hello = on_slide(talk, "hello").start()
    small = hello.figure.bounding_box()
    hello.press("Larger")
    expect(hello.figure).to_have_css("position", "fixed")
    box = hello.figure.bounding_box()
    assert (box["width"], box["height"]) == (1280, 720)
    for part in (hello.editor, hello.log, hello.terminal, hello.prompt):
        expect(part).to_be_in_viewport()
    hello.press("Larger")
    assert hello.figure.bounding_box() == small
