"""The reader changes a program: it runs so, is kept so, and can be had as it was."""

import pytest
from playwright.sync_api import expect

from .bench import ON_8888, on_page, on_slide

MISTAKE = ".cm-lint-marker-error"


@pytest.fixture
def talk(visit, site):
    """The talk, for a reader who has changed nothing yet."""
    return visit(f"{site}/talk.html")


@pytest.fixture
def hello(visit, site):
    """hello, running on its own page, where its source is beside it; nothing is changed yet."""
    return on_page(visit(f"{site}/demos/hello.html"), "hello").start()


def greet(bench, old, new):
    """Change the greeting, and run that."""
    bench.rewrite(old, f"self.write('{new}')")
    bench.page.keyboard.press("Control+Enter")
    expect(bench.client().locator("body")).to_have_text(new)


def test_the_source_on_a_slide_is_what_the_slide_shows_and_the_rest_by_a_click(talk):
    """The lines of the slide stand between two buttons for what is left out."""
    bench = on_slide(talk, "nap_broken").start()
    bench.press("Source")
    expect(bench.editor).to_contain_text("time.sleep(self.seconds)")
    expect(bench.editor).not_to_contain_text("class ClockHandler")
    bench.figure.get_by_role("button", name="whole file").first.click()
    expect(bench.editor).to_contain_text("class ClockHandler")


def test_an_edit_runs_by_control_enter_and_outlives_the_page(talk):
    """On the slide; after the page is loaded again the panel has it still, and says so."""
    bench = on_slide(talk, "hello").start()
    bench.press("Source")
    bench.rewrite("Hello, world", "self.write('Hello, reader')")
    bench.page.keyboard.press("Control+Enter")
    bench.press("Page")
    expect(bench.client().locator("body")).to_have_text("Hello, reader")
    talk.reload()
    bench.start()
    expect(bench.client().locator("body")).to_have_text("Hello, reader")
    expect(bench.figure.get_by_role("button", name="Reset", exact=True)).to_be_visible()


def test_reset_brings_the_original_back_and_can_be_undone(hello):
    """In the editor at once, on the page when it is run."""
    greet(hello, "Hello, world", "Hello, reader")
    hello.press("Reset")
    expect(hello.editor).to_contain_text("Hello, world")
    hello.press("Restart")
    expect(hello.client().locator("body")).to_have_text("Hello, world")
    hello.press("Undo reset")
    expect(hello.editor).to_contain_text("Hello, reader")
    hello.press("Restart")
    expect(hello.client().locator("body")).to_have_text("Hello, reader")


def test_a_syntax_error_is_marked_at_its_line_until_it_is_mended(hello):
    """The log tells it as Python does; the editor marks the line."""
    hello.rewrite("Hello, world", "self.write(")
    hello.page.keyboard.press("Control+Enter")
    expect(hello.state).to_have_text("ended with status 1")
    expect(hello.log).to_contain_text("SyntaxError: '(' was never closed")
    mark = hello.figure.locator(MISTAKE)
    expect(mark).to_have_count(1)
    line = hello.editor.locator(".cm-line", has_text="self.write(")
    assert abs(mark.bounding_box()["y"] - line.bounding_box()["y"]) < 8
    greet(hello, "self.write(", "mended")
    expect(mark).to_have_count(0)


def test_an_error_in_a_handler_is_marked_while_the_program_goes_on(hello):
    """The reader gets Tornado's page for it, and the log the traceback."""
    hello.rewrite("Hello, world", "self.write(1 / 0)")
    hello.page.keyboard.press("Control+Enter")
    expect(hello.client().locator("body")).to_contain_text("500: Internal Server Error")
    expect(hello.log).to_contain_text("ZeroDivisionError: division by zero")
    expect(hello.figure.locator(MISTAKE)).to_have_count(1)
    expect(hello.state).to_have_text(ON_8888)


def test_a_page_of_a_program_can_be_changed_as_well(visit, site):
    """A template is a file of its own in the panel."""
    bench = on_page(visit(f"{site}/demos/nap_fixed.html"), "nap_fixed").start()
    bench.press("nap.html")
    bench.rewrite("<title>", "<title>A clock for the reader</title>")
    bench.page.keyboard.press("Control+Enter")
    title = bench.client().locator("title")
    expect(title).to_have_js_property("text", "A clock for the reader")


def test_what_the_browser_kept_and_cannot_be_read_does_no_harm(visit, site):
    """The originals are there, whatever stands in the store."""
    page = visit(f"{site}/demos/hello.html")
    page.evaluate("localStorage.setItem('edits:hello', '{nonsense')")
    page.reload()
    bench = on_page(page, "hello").start()
    expect(bench.client().locator("body")).to_have_text("Hello, world")
