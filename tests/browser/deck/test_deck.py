"""The slides of the offline deck: walked through, measured, and led by the speaker's keys."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from slides.build.convert import slide_ids
from slides.notebook import chapters

PRESENT = ".slides > section.present > section.present"
IDS = [ident for chapter in chapters() for ident in slide_ids(chapter)]
SIZES = pytest.mark.parametrize("size", [(1280, 720), (1024, 768)], ids=["1280x720", "1024x768"])
VIEWS = {
    "1280x720 light": (1280, 720, "light"),
    "1024x768 dark": (1024, 768, "dark"),
}
MEASURES = Path(__file__).parent / "measure.js"
LOOKS = ("overflow", "small", "faint")
LEAST = 14  # pixels on a screen of 1280 by 720


def present(page: Page) -> Locator:
    """The slide that is shown."""
    return page.locator(PRESENT)


def expect_slide(page: Page, ident: str) -> None:
    """Wait until a slide is the one that is shown."""
    expect(present(page)).to_have_attribute("id", ident)


def on_every_slide(
    page: Page, *looks: str, ids: list[str] = IDS, least: float
) -> dict[str, list[str]]:
    """What measures of measure.js find on each slide, after the name of the slide."""
    expect(present(page)).to_have_count(1)
    asked = {"ids": ids, "looks": list(looks), "least": least}
    return page.evaluate("(asked) => measure.onEverySlide(asked)", asked)


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


@pytest.fixture(scope="module", params=VIEWS, ids=str)
def found(request, chromium, site):
    """What each measure found on a walk through all slides, in a window and a theme."""
    width, height, theme = VIEWS[request.param]
    size = {"width": width, "height": height}
    page = chromium.new_page(viewport=size, color_scheme=theme)
    page.add_init_script(path=MEASURES)
    page.goto(f"{site}/talk.html")
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    found = on_every_slide(page, *LOOKS, least=LEAST * width / 1280)
    found["too long"] = page.locator(".too-long").evaluate_all("(all) => all.map((e) => e.id)")
    page.close()
    return found


def test_every_slide_fits(found):
    """Nothing sticks out of the slide, no code is clipped, nothing has to be scrolled."""
    assert found["overflow"] == []
    assert found["too long"] == []


def test_every_text_is_large_enough(found):
    """No letter is smaller than 14 pixels on a screen of 1280 by 720, pictures included."""
    assert found["small"] == []


def test_every_text_stands_out(found):
    """The contrast of text and background is that of WCAG AA."""
    assert found["faint"] == []


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


def test_the_measures_find_what_they_look_for(visit, site):
    """A slide that is spoilt on purpose is the one that is found."""
    page = visit(f"{site}/talk.html#/{IDS[2]}")
    present(page).evaluate("""(slide) => slide.insertAdjacentHTML("beforeend",
        '<p style="font-size: 12px; color: #ccc; background: #fff; margin-top: 720px">hard</p>')""")
    found = on_every_slide(page, *LOOKS, ids=IDS[1:4], least=LEAST)
    assert found["small"] == [f"{IDS[2]}: 12.0 px: hard"]
    for lines in found.values():
        assert {line.split(":")[0] for line in lines} == {IDS[2]}


def test_home_and_end_reach_the_first_and_the_last_slide(visit, site):
    """From wherever one is, and whatever was seen of those chapters before."""
    page = visit(f"{site}/talk.html")
    expect_slide(page, IDS[0])
    page.keyboard.press("ArrowRight")
    expect_slide(page, IDS[1])
    page.keyboard.press("End")
    expect_slide(page, IDS[-1])
    page.keyboard.press("Home")
    expect_slide(page, IDS[0])


def test_the_address_of_a_slide_opens_it(visit, site):
    """So do a reload and the way back from a program's page; the window's title is the slide's."""
    shown = "hello-first-step-hello-world"
    page = visit(f"{site}/talk.html#/{shown}")
    expect_slide(page, shown)
    expect(page).to_have_title(re.compile("^First step: hello, world · "))
    after = IDS[IDS.index(shown) + 1]
    while present(page).locator(".fragment:not(.visible)").count():
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect_slide(page, after)
    title = present(page).get_attribute("data-title")
    expect(page).to_have_title(re.compile(f"^{re.escape(title)} · "))
    page.wait_for_url(f"**#/{after}")  # reveal writes the address a moment later
    page.reload()
    expect_slide(page, after)
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**#/{shown}")
    present(page).locator("a[href^='demos/']").first.click()
    expect(page.locator("h1")).to_have_text("hello")
    page.go_back()
    expect_slide(page, shown)


def test_the_speaker_s_window_has_the_notes_and_follows(visit, site):
    """What the notebook's notes cell says shows beside the slide, and after an arrow the next."""
    page = visit(f"{site}/talk.html#/{IDS[1]}")
    expect_slide(page, IDS[1])
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    notes = opened.value.locator(".speaker-controls-notes .value")
    for ident in IDS[1:3]:
        expect_slide(page, ident)
        written = present(page).locator("aside.notes").text_content()
        assert re.search(r"Minutes: [\d.]+\s", written)
        expect(notes).to_have_text(written)
        page.keyboard.press("ArrowRight")


def test_the_map_leads_to_any_slide(visit, site):
    """`o` shows all slides at once; a click on one opens it."""
    page = visit(f"{site}/talk.html")
    expect_slide(page, IDS[0])
    page.keyboard.press("o")
    expect(page.locator(".reveal.overview")).to_be_visible()
    page.locator(f"#{IDS[1]}").click()
    expect(page.locator(".reveal.overview")).to_have_count(0)
    expect_slide(page, IDS[1])


def test_dark_and_light_are_a_key_and_remembered(visit, site):
    """The reader's choice wins over the system's, for the other pages and the next visit too."""
    page = visit(f"{site}/talk.html", color_scheme="light")
    expect_slide(page, IDS[0])
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.keyboard.press("d")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(paper) != light
    for name in ("talk.html", "index.html", "demos/hello.html"):
        page.goto(f"{site}/{name}")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("d")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_the_keyboard_stays_on_the_slide_that_is_shown(visit, site):
    """Tab reaches the links of this slide and of no other, and never turns the page."""
    shown = IDS[-1]
    page = visit(f"{site}/talk.html#/{shown}")
    expect_slide(page, shown)
    places = []
    for _ in range(40):
        page.keyboard.press("Tab")
        places.append(page.evaluate("""() => {
            const slide = document.activeElement.closest(".slides > section > section");
            return slide ? slide.id : "";
        }"""))  # fmt: skip
    assert set(places) == {"", shown}
    expect_slide(page, shown)


def test_nothing_moves_for_those_who_want_it_still(visit, site):
    """With reduced motion, turning a page starts no animation and no transition."""
    page = visit(f"{site}/talk.html", reduced_motion="reduce")
    for ident in IDS[:6]:
        expect_slide(page, ident)
        page.keyboard.press("ArrowRight")
        moving = "document.getAnimations().filter((each) => each.effect.getTiming().duration > 1)"
        assert page.evaluate(f"{moving}.map((each) => each.effect.target.outerHTML)") == []
