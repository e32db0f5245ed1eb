"""The talk in RISE, as `make present` opens it, in a real Chromium."""

import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

ROOT = Path(__file__).parents[2]
PATIENCE = 60_000  # milliseconds, for a page of several megabytes on a busy machine
SLIDE = "section.present > section.present"
STYLE_AND_KERNEL = """() => document.querySelector("#rise-custom-css").sheet
    && document.querySelector(".slides").dataset.jpKernelUser === "true"
"""
STAGES = {"projector": (1280, 720), "old projector": (1024, 768)}


@pytest.fixture(scope="module")
def talk(present, notebooks):
    """The talk of two chapters, presented."""
    return present(f"ARGS=--notebooks {notebooks}")


@pytest.fixture
def stage(chromium, talk):
    """A page with the first slide; nothing on it may reach for another machine."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    asked = []
    page.on("request", lambda request: asked.append(urlsplit(request.url)))
    open_slides(page, talk.url)
    yield page
    context.close()
    hosts = {url.hostname for url in asked if url.scheme in ("http", "https", "ws", "wss")}
    assert "127.0.0.1" in hosts
    assert hosts <= {"127.0.0.1", "localhost"}


def open_slides(page: Page, url: str) -> None:
    """Open an address, and wait for the slideshow, its style and its kernel."""
    page.goto(url)
    # RISE goes to its first slide when reveal.js is ready, which is after a slide shows: a key
    # pressed between the two would be undone.
    expect(page.locator(f".reveal.ready {SLIDE}")).to_have_count(1, timeout=PATIENCE)
    # Without the talk's style, titles are in capitals and `walk_to` does not know its slide.
    page.wait_for_function(STYLE_AND_KERNEL, timeout=PATIENCE)


def walk_to(page: Page, title: str) -> None:
    """Press Space until a slide with this title shows."""
    for _ in range(20):
        if page.locator(f"{SLIDE} :is(h1, h2)").first.inner_text().strip("¶ ") == title:
            return
        before = page.url
        page.keyboard.press("Space")
        page.wait_for_function("before => location.href !== before", arg=before)
    raise AssertionError(f"no slide {title!r}")


def output(page: Page):
    """What the cells of the slide have said."""
    return page.locator(f"{SLIDE} .jp-OutputArea-output")


def test_the_browser_is_asked_to_open_the_first_slide(talk):
    """The address that is printed is the one that opens, RISE's own, on loopback with a token."""
    assert (talk.folder / "opened").read_text().strip() == talk.url
    assert re.fullmatch(r"http://127.0.0.1:\d+/rise/notebooks/10_first.ipynb\?token=\w+", talk.url)


def test_the_first_key_walks_on(stage):
    """No click is needed before Space."""
    expect(stage.locator(f"{SLIDE} h1")).to_contain_text("First")
    stage.keyboard.press("Space")
    expect(stage.locator(f"{SLIDE} h2")).to_contain_text("Await")


def test_shift_enter_runs_an_await_cell_and_stays(stage):
    """The output shows on the slide it belongs to, though no cell was clicked."""
    walk_to(stage, "Await")
    stage.keyboard.press("Shift+Enter")
    expect(output(stage)).to_have_text("'42 awaited'", timeout=PATIENCE)
    expect(stage.locator(f"{SLIDE} h2")).to_contain_text("Await")


def test_the_kernel_serves_hello_and_shows_when_it_is_blocked(stage):
    """The set-up cell ran by itself; the panel has the page; a sleeping kernel is a gap."""
    walk_to(stage, "Serve")
    stage.keyboard.press("Shift+Enter")
    panel = stage.frame_locator(f"{SLIDE} iframe")
    expect(panel.frame_locator("#page").locator("body")).to_contain_text("Hello", timeout=PATIENCE)
    expect(panel.locator("#lag")).to_have_text(re.compile(r"^[\d.]+ ms$"), timeout=PATIENCE)
    gap = panel.locator(".gap", has_text=re.compile(r"\b(1\.[3-9]|2\.\d) s"))
    expect(gap).to_have_count(0)
    stage.keyboard.press("Shift+Enter")
    expect(gap).to_be_visible(timeout=PATIENCE)


def test_walking_past_the_last_slide_opens_the_next_chapter(stage):
    """And walking back from its first slide comes to the last one again."""
    walk_to(stage, "Wide")
    expect(stage.locator(".next-chapter")).to_have_text("Next: Second →")
    stage.keyboard.press("Space")
    stage.wait_for_url("**/20_second.ipynb*")
    expect(stage.locator(f"{SLIDE} h2")).to_contain_text("Second", timeout=PATIENCE)
    stage.keyboard.press("PageUp")
    stage.wait_for_url("**/10_first.ipynb*")
    expect(stage.locator(f"{SLIDE} h2")).to_contain_text("Wide", timeout=PATIENCE)


def test_the_notes_window_shows_the_notes_of_the_slide_once(stage):
    """And opening it, or loading the slides again, does not lead back to the first one."""
    walk_to(stage, "Await")
    with stage.context.expect_page() as opened:
        stage.keyboard.press("t")
    notes = opened.value.locator(".speaker-controls-notes")
    expect(notes).to_contain_text("for the speaker alone", timeout=PATIENCE)
    assert notes.inner_text().count("for the speaker alone") == 1
    copy = opened.value.frame_locator("iframe").first
    expect(copy.locator(f"{SLIDE} h2")).to_contain_text("Await", timeout=PATIENCE)
    expect(stage.locator(f"{SLIDE} h2")).to_contain_text("Await")
    opened.value.close()
    stage.reload()
    expect(stage.locator(f"{SLIDE} h2")).to_contain_text("Await", timeout=PATIENCE)


def test_the_address_names_the_slide_at_once(stage):
    """RISE gives it to the notes window, and Chromium has no `hashchange` before it has painted."""
    address = stage.evaluate("""async () => {
        const space = { key: " ", keyCode: 32, bubbles: true };
        document.dispatchEvent(new KeyboardEvent("keydown", space));
        await null;
        return location.search + location.hash;
    }""")
    assert address == "?activeCellIndex=3#/slide-1-0"


def test_walking_on_while_the_notes_window_loads_is_not_undone(stage):
    """Its copy of the slides begins where it was opened, and then follows."""
    walk_to(stage, "Await")
    with stage.context.expect_page() as opened:
        stage.keyboard.press("t")
    copy = opened.value.locator("iframe").first
    copy.wait_for(state="attached")
    walk_to(stage, "Serve")
    # The notes come after the copy has told where it began.
    notes = opened.value.locator(".speaker-controls-notes")
    expect(notes).to_contain_text("for the speaker alone", timeout=PATIENCE)
    expect(copy.content_frame.locator(f"{SLIDE} h2")).to_contain_text("Serve", timeout=PATIENCE)
    expect(stage.locator(f"{SLIDE} h2")).to_contain_text("Serve")


def test_a_late_copy_shows_the_coming_slide_and_leaves_the_keys_alone(stage):
    """Of the notes window's two copies the other leads, also where this one comes after it."""
    walk_to(stage, "Await")
    held = []

    def hold(route: Route) -> None:
        held.append(route)

    stage.context.route("**/*controls=false*", hold)
    with stage.context.expect_page() as opened:
        stage.keyboard.press("t")
    notes = opened.value.locator(".speaker-controls-notes")
    expect(notes).to_contain_text("for the speaker alone", timeout=PATIENCE)
    held.pop().continue_()
    coming = opened.value.frame_locator("iframe").last
    expect(coming.locator(f"{SLIDE} h2")).to_contain_text("Serve", timeout=PATIENCE)
    opened.value.keyboard.press("Space")
    expect(stage.locator(f"{SLIDE} h2")).to_contain_text("Serve", timeout=PATIENCE)


def test_a_linked_program_opens_beside_the_talk(stage):
    """Its text is in a page of its own, and the slides stay where they are."""
    walk_to(stage, "Wide")
    with stage.context.expect_page() as opened:
        stage.locator(f"{SLIDE} a", has_text="the program").click()
    expect(opened.value.locator("body")).to_contain_text("print('the whole program')")
    expect(stage.locator(f"{SLIDE} h2")).to_contain_text("Wide")


def test_a_slip_of_the_finger_does_not_edit_the_talk(stage):
    """JupyterLab's letters delete, cut and add cells; on stage they do nothing."""
    walk_to(stage, "Await")
    cells = stage.locator(".jp-Cell")
    before = cells.count()
    for key in "ddxabmyzv":
        stage.keyboard.press(key)
    stage.keyboard.press("Shift+Enter")
    expect(output(stage)).to_have_text("'42 awaited'", timeout=PATIENCE)
    assert cells.count() == before


@pytest.mark.parametrize("size", STAGES.values(), ids=STAGES)
def test_72_columns_of_code_are_shown_whole(stage, size):
    """No line is clipped, and none is wrapped."""
    stage.set_viewport_size({"width": size[0], "height": size[1]})
    walk_to(stage, "Wide")
    line = stage.locator(f"{SLIDE} .jp-CodeCell .cm-line").first
    assert len(line.inner_text()) == 72
    cut, rows = line.evaluate("""(line) => {
        const range = document.createRange();
        range.selectNodeContents(line);
        const text = range.getBoundingClientRect();
        const frame = line.closest(".jp-InputArea-editor").getBoundingClientRect();
        const height = parseFloat(getComputedStyle(line).lineHeight);
        return [text.right - Math.min(frame.right, innerWidth), text.height / height];
    }""")
    assert cut < 0
    assert rows < 1.5


def test_the_notebook_s_furniture_is_out_of_sight(stage):
    """No bars, no buttons, no notes, no placeholder of a hidden cell."""
    walk_to(stage, "Wide")
    for furniture in (".jp-Notebook-footer", ".jp-cell-toolbar", ".jp-Toolbar", ".jp-Placeholder",
                      "#help-b", "aside.notes", ".jp-OutputPrompt", ".jp-Collapser"):  # fmt: skip
        for each in stage.locator(furniture).all():
            expect(each).to_be_hidden()
    stage.keyboard.press("Shift+Enter")
    stage.keyboard.press("Shift+Enter")
    expect(output(stage)).to_have_text("'hidden'", timeout=PATIENCE)


def test_every_chapter_of_the_talk_opens_and_shows_its_title(chromium, present):
    """The real notebooks become slides whose cells fit the width of the window."""
    presented = present("CHAPTER=welcome")
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    for notebook in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        open_slides(page, re.sub(r"[^/]*\.ipynb", notebook.name, presented.url))
        expect(page.locator(f"{SLIDE} h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_ctrl_c_leaves_nothing_and_the_checkout_is_as_it_was(chromium, present, notebooks):
    """Jupyter and its kernels end, the copy goes, and what was run never touched the talk."""
    before = fingerprint(notebooks)
    presented = present(f"ARGS=--notebooks {notebooks}")
    page = chromium.new_page()
    open_slides(page, presented.url)
    walk_to(page, "Await")
    page.keyboard.press("Shift+Enter")
    expect(output(page)).to_have_text("'42 awaited'", timeout=PATIENCE)
    family = presented.end()
    page.close()
    assert [each for each in family.values() if "ipykernel" in each]
    assert [said for process, said in family.items() if process.is_running()] == []
    assert [each.name for each in presented.folder.iterdir() if each.name.startswith("talk-")] == []
    assert fingerprint(notebooks) == before


def fingerprint(folder: Path) -> dict[str, str]:
    """What a folder holds."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
