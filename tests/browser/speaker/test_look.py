"""The page has a place for everything, on a laptop, on a phone, and when the connection is lost."""

import pytest
from playwright.sync_api import expect

THUMB = 44  # CSS pixels, at least, of what a thumb presses
OVERFLOWS = """() => [...document.querySelectorAll("body, header, main, footer, .column, .this")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""
SHOWN = "button:visible, select:visible, h2:visible, #notes:visible, iframe:visible"


def outside(page):
    """What is shown, but not within the window."""
    size = page.viewport_size
    boxes = [(each, each.bounding_box()) for each in page.locator(SHOWN).all()]
    return [
        each.evaluate("(element) => element.outerHTML.slice(0, 80)")
        for each, box in boxes
        if box["x"] < 0
        or box["y"] < 0
        or box["x"] + box["width"] > size["width"] + 1
        or box["y"] + box["height"] > size["height"] + 1
    ]


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768), (1920, 1080)])
def test_a_laptop_has_all_of_it_in_view(speak, server, width, height):
    """Also with a poll, and when the connection is lost."""
    page = speak(width, height)
    page.get_by_label("Go to a slide").select_option("Asked")
    for part in "#this", "#next", "#notes", "#asked", "#pace", ".poll", "#elapsed":
        expect(page.locator(part)).to_be_visible()
    assert (page.evaluate(OVERFLOWS), outside(page)) == ([], [])
    server.stop()
    expect(page.get_by_role("alert")).to_be_visible()
    assert (page.evaluate(OVERFLOWS), outside(page)) == ([], [])


@pytest.mark.parametrize(("width", "height"), [(390, 844), (360, 640)])
def test_a_phone_has_large_buttons_under_the_thumb(speak, server, width, height):
    """In the lower part of the screen, whatever is looked at above them."""
    page = speak(width, height, has_touch=True, is_mobile=True)
    for tab in "next", "asked", "voice", "notes":
        page.locator(f".tabs [data-tab={tab}]").tap()
        expect(page.locator(f"[data-of={tab}]").first).to_be_visible()
        assert (page.evaluate(OVERFLOWS), outside(page)) == ([], [])
    for name in "Next slide", "Back":
        box = page.get_by_role("button", name=name).bounding_box()
        assert box["height"] > 1.5 * THUMB and box["y"] > height / 2
    server.stop()
    expect(page.get_by_role("alert")).to_be_visible()
    assert (page.evaluate(OVERFLOWS), outside(page)) == ([], [])


def test_the_frames_are_as_dark_as_the_page(speak):
    """One key for all."""
    page = speak()
    slide = page.frame_locator("#this").locator("html")
    theme = slide.get_attribute("data-theme")
    page.keyboard.press("d")
    expect(slide).not_to_have_attribute("data-theme", theme)
    expect(slide).to_have_attribute("data-theme", page.locator("html").get_attribute("data-theme"))


def test_the_code_of_the_audiences_address_is_one_key_away(speak):
    """And closes with the same key, before which the talk does not move."""
    page = speak()
    page.keyboard.press("q")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("http://192.0.2.7:8000/")
    expect(dialog.get_by_role("img")).to_have_js_property("complete", True)
    assert dialog.get_by_role("img").evaluate("(picture) => picture.naturalWidth") > 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("q")
    expect(dialog).to_be_hidden()
    expect(page.locator("#place")).to_contain_text("1 of 5")
