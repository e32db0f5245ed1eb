"""The deck as something to read: its other pages, the document, a phone, a folder on a disk."""

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import expect

from slides.build.convert import slide_ids
from slides.notebook import chapters

PRESENT = ".slides > section.present > section.present"
SLIDES = ".slides > section > section"
IDS = [ident for chapter in chapters() for ident in slide_ids(chapter)]
PHONE = {"width": 390, "height": 844, "is_mobile": True, "has_touch": True}


class Links(HTMLParser):
    """The addresses a page leads to or loads, the anchors' texts, and its ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.anchors: list[list[str]] = []  # address and text
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Note what an element leads to, loads, or is called."""
        found = dict(attrs)
        if found.get("id"):
            self.ids.add(found["id"])
        if tag == "a" and "href" in found:
            self.anchors.append([found["href"], found.get("aria-label", "")])
        else:
            self.loads += [found[each] for each in ("href", "src", "data") if found.get(each)]

    def handle_data(self, data):
        """Add to the text of the last link; what follows a link does no harm."""
        if self.anchors:
            self.anchors[-1][1] += data


def broken(deck: Path, page: Path, pages: dict[Path, Links]) -> list[str]:
    """What on a page of the deck leads nowhere, or to another machine where it should not."""
    name = page.relative_to(deck)
    links = pages[page]
    found = []
    for address in links.loads:
        if urlsplit(address).scheme not in ("", "data") or address.startswith("/"):
            found.append(f"{name} loads {address}")
    for address, text in [*links.anchors, *([each, "-"] for each in links.loads)]:
        path, fragment = urldefrag(address)
        if urlsplit(address).scheme:
            if not text.strip():
                found.append(f"{name}: a link without words to {address}")
            continue
        target = (page.parent / unquote(urlsplit(path).path)).resolve() if path else page
        if target.is_dir() or not target.is_file():
            found.append(f"{name}: there is no {address}")
        elif fragment and fragment.removeprefix("/") not in pages[target].ids:
            found.append(f"{name}: there is no place {address}")
    return found


def test_every_link_of_every_page_leads_somewhere(real_deck):
    """Files and the places in them are there; only a link with words may lead out of the deck."""
    deck = real_deck.resolve()
    pages = {path: Links(path.read_text()) for path in deck.rglob("*.html")}
    assert len(pages) > 10
    assert sum(len(links.anchors) for links in pages.values()) > 50
    assert [each for page in pages for each in broken(deck, page, pages)] == []


def test_the_deck_is_read_from_a_folder_without_a_server(visit, real_deck):
    """On file: the arrows walk, a link leads to a program's page, and nothing complains."""
    page = visit(f"{real_deck.as_uri()}/index.html")
    page.get_by_role("link", name="Start the talk").click()
    expect(page.locator(PRESENT)).to_have_attribute("id", IDS[0])
    page.keyboard.press("ArrowRight")
    expect(page.locator(PRESENT)).to_have_attribute("id", IDS[1])
    page.goto(f"{real_deck.as_uri()}/demos/hello.html")
    expect(page.locator("h1")).to_have_text("hello")


def test_the_other_pages_open_without_a_complaint(visit, site, real_deck):
    """The front page, every program's page and every file's have a heading and their style."""
    names = {str(path.relative_to(real_deck)) for path in real_deck.rglob("*.html")} - {"talk.html"}
    assert len(names) > 10
    page = visit(f"{site}/index.html")
    for name in sorted(names):
        page.goto(f"{site}/{name}")
        assert page.locator("h1").count() >= 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert page.evaluate("document.styleSheets[0].cssRules.length") > 20, name


def test_r_gives_the_talk_as_a_document_and_back(visit, site):
    """All slides stand one under another, from the one that was shown; `r` goes back to it."""
    shown = IDS[5]
    page = visit(f"{site}/talk.html#/{shown}")
    expect(page.locator(PRESENT)).to_have_attribute("id", shown)
    page.keyboard.press("r")
    page.wait_for_url(f"**/talk.html?reading#{shown}")
    expect(page.locator(f"#{shown}")).to_be_in_viewport()
    tops = page.locator(SLIDES).evaluate_all(
        "(all) => all.filter((each) => each.checkVisibility())"
        ".map((each) => [each.id, each.getBoundingClientRect().top])"
    )
    assert [ident for ident, _ in tops] == IDS
    assert [top for _, top in tops] == sorted({top for _, top in tops})
    page.keyboard.press("r")
    expect(page.locator(PRESENT)).to_have_attribute("id", shown)


def test_the_document_has_the_structure_a_screen_reader_goes_by(visit, site):
    """Landmarks, headings without a gap, names for slides and pictures; notes on demand."""
    page = visit(f"{site}/talk.html?reading")
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("banner")).to_have_count(1)
    levels = page.get_by_role("heading").evaluate_all("(all) => all.map((e) => +e.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    nameless = """(all) => all.filter((e) => !e.ariaLabel && !e.title &&
        !e.querySelector(":scope > title")).map((e) => e.outerHTML.slice(0, 80))"""
    assert page.locator(f"{SLIDES}, [role=img], iframe").evaluate_all(nameless) == []
    notes = page.locator("aside.notes")
    expect(notes.first).to_be_hidden()
    page.keyboard.press("n")
    expect(notes.first).to_be_visible()


def test_a_phone_gets_the_document_and_never_scrolls_sideways(visit, site):
    """From the front page by touch: no paragraph is wider than the screen, or tiny."""
    page = visit(f"{site}/index.html", **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("link", name="Start the talk").tap()
    page.wait_for_url("**/talk.html*")
    assert page.locator(SLIDES).count() == len(IDS)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    texts = page.locator(SLIDES).locator(":is(h1, h2, h3, p, li, pre):visible")
    assert texts.count() > len(IDS)
    found = texts.evaluate_all("""(all) => all.filter((e) => {
        const box = e.getBoundingClientRect();
        const isScrolled = e.closest("table, figure");
        return (!isScrolled && (box.left < 0 || box.right > innerWidth))
            || parseFloat(getComputedStyle(e).fontSize) < 12;
    }).map((e) => e.outerHTML.slice(0, 80))""")
    assert found == []


def test_a_phone_can_have_the_slides_too(visit, site):
    """A touch of the bar's button leads from a slide of the document to the same slide."""
    shown = IDS[12]
    page = visit(f"{site}/talk.html#/{shown}", **PHONE)
    expect(page.locator(f"#{shown}")).to_be_in_viewport()
    page.get_by_role("button", name=re.compile("Slides")).tap()
    expect(page.locator(PRESENT)).to_have_attribute("id", shown)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_bar_takes_the_focus_and_leaves_the_page_where_it_is(visit, site):
    """Who tabs to the bar does not lose the place in the document."""
    page = visit(f"{site}/talk.html?reading#{IDS[12]}")
    page.wait_for_function("scrollY > 1000")
    before = page.evaluate("scrollY")
    page.get_by_role("button", name=re.compile("Notes")).focus()
    # Scrolling, if any, is over two frames later.
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    assert page.evaluate("scrollY") == before


@pytest.mark.parametrize("name", ["talk.html", "index.html", "demos/hello.html"])
def test_a_page_without_scripts_is_a_document(visit, site, name):
    """All the text is there and visible where scripts are not."""
    page = visit(f"{site}/{name}", java_script_enabled=False)
    expect(page.locator("h1").first).to_be_visible()
    if name == "talk.html":
        expect(page.locator(f"#{IDS[-1]}")).to_be_visible()
