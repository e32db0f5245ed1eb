"""A program runs in its panel on a slide, in the deck's own files and the reader's own browser."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from .bench import ON_8888, on_page, on_slide

RUNTIME = re.compile(r"/assets/tab/|/assets/tab-|/service-worker\.js")
OF_A_FRAME = ("data:", "about:", "blob:")


@pytest.fixture(scope="module")
def hello(opened):
    """hello, running on its slide."""
    return on_slide(opened("talk.html"), "hello").start()


def requests_of(page):
    """The addresses that a page asks for from now on."""
    asked = []
    page.context.on("request", lambda request: asked.append(request.url))
    return asked


def test_nothing_of_the_runtime_is_asked_for_before_a_program_is_run(visit, site):
    """A reader who runs nothing downloads one small script more; then it is all the deck's own."""
    page = visit("about:blank")
    asked = requests_of(page)
    page.goto(f"{site}/talk.html")
    bench = on_slide(page, "hello")
    assert [each for each in asked if RUNTIME.search(each)] == []
    assert f"{site}/assets/tab.js" in asked
    bench.start()
    expect(bench.client().locator("body")).to_have_text("Hello, world")
    assert any(RUNTIME.search(each) for each in asked)
    far = [each for each in asked if urlsplit(each)[:2] != urlsplit(site)[:2]]
    assert [each for each in far if not each.startswith(OF_A_FRAME)] == []


def test_a_program_shows_its_page_on_its_slide(hello):
    """The state says the port, the frame has the page, the log the request."""
    expect(hello.client().locator("body")).to_have_text("Hello, world")
    expect(hello.state).to_have_text(ON_8888)
    expect(hello.log).to_contain_text(re.compile(r"200 GET / \d"))
    expect(hello.figure.locator(".recorded")).to_be_hidden()


def test_the_address_above_the_page_leads_to_the_program_s_other_pages(hello):
    """A path will do; back is where the frame was before."""
    hello.visit("/nowhere")
    expect(hello.client().locator("body")).to_contain_text("404: Not Found")
    expect(hello.address).to_have_value("http://localhost:8888/nowhere")
    hello.press("Back")
    expect(hello.client().locator("body")).to_have_text("Hello, world")
    expect(hello.address).to_have_value("http://localhost:8888/")


def test_an_address_where_nothing_listens_says_so(hello):
    """Another port of the same machine."""
    hello.visit("http://localhost:8889/")
    expect(hello.client().locator("body")).to_contain_text("Nothing listens on localhost:8889")
    hello.visit("localhost:8888/")
    expect(hello.client().locator("body")).to_have_text("Hello, world")


def test_an_address_elsewhere_leads_nowhere(hello):
    """A program in a tab has no other machines; the bar goes back to where the page is."""
    hello.visit("https://example.org/")
    expect(hello.address).to_have_value("http://localhost:8888/")
    expect(hello.client().locator("body")).to_have_text("Hello, world")


def test_stop_ends_it_and_run_starts_it_again(hello):
    """The state says what happened to it."""
    hello.press("Stop")
    expect(hello.state).to_have_text("stopped")
    hello.press("Run")
    expect(hello.state).to_have_text(ON_8888)
    expect(hello.client().locator("body")).to_have_text("Hello, world")


def test_a_program_has_a_tab_of_its_own_if_wanted(hello):
    """The same program, in a tab beside the talk's."""
    with hello.page.context.expect_page() as found:
        hello.figure.get_by_role("link", name="Own tab").click()
    expect(found.value.locator("body")).to_have_text("Hello, world")
    found.value.close()


def test_programs_of_two_panels_have_their_own_ports(hello):
    """8888 is free in each; the first goes on while the second runs."""
    other = on_slide(hello.page, "json_api").start()
    expect(other.client().locator("body")).to_contain_text("msg")
    expect(hello.state).to_have_text(ON_8888)


def test_a_program_runs_at_the_root_of_a_server(served, visit):
    """Not only in a subfolder of one, where the other tests are."""
    bench = on_page(visit(f"{served}/demos/hello.html"), "hello").start()
    expect(bench.client().locator("body")).to_have_text("Hello, world")
