"""What a reader asks of the system holds here, too: no motion, more contrast, their own colours."""

import pytest
from playwright.sync_api import expect

STYLE = "(element, name) => getComputedStyle(element).getPropertyValue(name)"
MOVING = """() => [...document.querySelectorAll("*")].flatMap((element) => {
    const { transitionDuration, animationName } = getComputedStyle(element);
    const lasts = transitionDuration.split(", ").some((each) => each !== "0s");
    return lasts || animationName !== "none" ? [element.outerHTML.slice(0, 80)] : [];
})"""
CONTRAST = """(element) => {
    const light = (color) => {
        const [r, g, b] = color.match(/[\\d.]+/g).map((each) => each / 255);
        const linear = (each) => (each <= 0.04 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    };
    const paper = getComputedStyle(document.body).backgroundColor;
    const [one, other] = [light(getComputedStyle(element).color), light(paper)].sort();
    return (other + 0.05) / (one + 0.05);
}"""


def test_nothing_moves_for_who_wants_stillness(speak, server):
    """On the speaker's page, and in what the room adds to the audience's."""
    page = speak(reduced_motion="reduce")
    assert page.evaluate(MOVING) == []
    page.goto(f"{server.url}/talk.html")
    expect(page.locator(".chip")).to_have_attribute("data-state", "live")
    page.locator(".room-open").click()
    moving = [each for each in page.evaluate(MOVING) if "room" in each or "chart" in each]
    assert moving == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_more_contrast_leaves_no_pale_word(speak, scheme):
    """What is muted else is as dark as the rest."""
    page = speak(contrast="more", color_scheme=scheme)
    for words in page.locator(".clock, main h2, .place, .nothing").all():
        assert words.evaluate(CONTRAST) > 7
    plain = speak(color_scheme=scheme).locator("main h2").first
    assert plain.evaluate(CONTRAST) < page.locator("main h2").first.evaluate(CONTRAST)


def test_forced_colours_keep_what_colour_alone_would_tell(speak, server):
    """A pressed button differs from others, a dark screen is dark, a lost connection is seen."""
    page = speak(forced_colors="active")
    black = page.locator("[data-does=black]")
    before = black.evaluate(STYLE, "background-color")
    page.keyboard.press("b")
    expect(black).to_have_attribute("aria-pressed", "true")
    assert black.evaluate(STYLE, "background-color") != before
    assert page.locator("#veil").evaluate(STYLE, "background-color") == "rgb(0, 0, 0)"
    page.goto(f"{server.url}/talk.html")
    chip = page.locator(".chip")
    expect(chip).to_have_attribute("data-state", "live")
    expect(page.locator(".room-veil")).to_be_visible()
    assert page.locator(".room-veil").evaluate(STYLE, "background-color") == "rgb(0, 0, 0)"
    dot = "(chip) => getComputedStyle(chip, '::before').backgroundColor"
    live = chip.evaluate(dot)
    server.stop()
    expect(chip).to_have_attribute("data-state", "lost")
    assert chip.evaluate(dot) != live
