"""Where no program can run, the recorded run stays, and says why and what to do instead."""

import re

import pytest
from playwright.sync_api import expect

from .bench import on_page

NO_JSPI = "delete WebAssembly.Suspending"
NO_WASM = "delete globalThis.WebAssembly"
NO_SERVICE_WORKER = "delete Navigator.prototype.serviceWorker"
REASONS = {
    NO_JSPI: "This browser cannot let a program wait (it has no WebAssembly JSPI).",
    NO_WASM: "This browser has no WebAssembly.",
    NO_SERVICE_WORKER: "This browser, or this private window, has no service workers.",
}
HTML = "text/html; charset=utf-8"


def offers_nothing(bench, why, name="hello"):
    """The reason stands there, and the command for a machine of one's own; there is no button."""
    expect(bench.figure.locator(".why")).to_have_text(why)
    expect(bench.figure.locator(".at-home")).to_contain_text(f"python -m demos {name}")
    expect(bench.offer).to_have_count(0)


@pytest.mark.parametrize("lack", REASONS, ids=["jspi", "wasm", "service-worker"])
def test_a_browser_that_lacks_something_shows_the_recorded_run(visit, site, lack):
    """On the slide, where `e` does nothing, and on the program's page."""
    page = visit("about:blank")
    page.add_init_script(lack)
    page.goto(f"{site}/talk.html")
    bench = on_slide_without_offer(page)
    offers_nothing(bench, REASONS[lack])
    page.keyboard.press("e")
    expect(bench.figure.locator(".recorded")).to_be_visible()
    expect(page.locator(".run-code")).to_have_count(0)
    page.goto(f"{site}/demos/hello.html")
    offers_nothing(on_page(page, "hello"), REASONS[lack])


def on_slide_without_offer(page):
    """The slide of hello, shown."""
    page.evaluate(
        "location.hash = `#/${document.querySelector(\
        'figure[data-program=hello]').closest('section').id}`"
    )
    bench = on_page(page, "hello")
    expect(bench.figure).to_be_in_viewport()
    return bench


def test_a_page_from_a_file_shows_the_recorded_run(visit, real_deck):
    """A folder on a disk has no server, and so no service worker."""
    page = visit(f"{real_deck.as_uri()}/demos/hello.html")
    why = "A page opened from a file cannot run programs; one from a server can."
    offers_nothing(on_page(page, "hello"), why)
    page.goto(f"{real_deck.as_uri()}/talk.html")
    offers_nothing(on_slide_without_offer(page), why)


def test_a_program_that_needs_more_than_a_tab_says_so(visit, site):
    """Its docstring's `Where` has no `tab`."""
    page = visit("about:blank")

    def without_tab(route):
        html = route.fetch().text()
        assert '["process", "tab"]' in html
        route.fulfill(body=html.replace('["process", "tab"]', '["process"]'), content_type=HTML)

    page.route("**/demos/hello.html", without_tab)
    page.goto(f"{site}/demos/hello.html")
    offers_nothing(on_page(page, "hello"), "hello needs more than a browser's tab.")


@pytest.mark.parametrize("lost", ["pyodide.asm.wasm", "site.zip", "worker.js"])
def test_a_runtime_that_does_not_load_gives_the_recorded_run_back(chromium, site, lost):
    """The reason is told in its place, and Run can be tried again."""
    page = chromium.new_page()
    page.context.route(f"**/{lost}", lambda route: route.fulfill(status=503))
    page.goto(f"{site}/demos/hello.html")
    bench = on_page(page, "hello")
    bench.offer.click()
    expect(bench.figure.locator(".why")).to_have_text(re.compile("It could not be run here: .+"))
    expect(bench.figure.locator(".recorded")).to_be_visible()
    page.context.unroute_all()
    bench.start()
    page.close()


def test_a_host_that_knows_no_webassembly_does_as_well(visit, site):
    """Its type is not what the program hangs on."""
    page = visit("about:blank")

    def as_octets(route):
        route.fulfill(response=route.fetch(), content_type="application/octet-stream")

    page.context.route("**/*.wasm", as_octets)
    page.goto(f"{site}/demos/hello.html")
    on_page(page, "hello").start()


def test_webkit_shows_the_recorded_run(webkit, site):
    """It has no JSPI, or it runs the program: one of the two, and no button that does nothing."""
    webkit.goto(f"{site}/demos/hello.html")
    if webkit.evaluate("'Suspending' in WebAssembly"):
        webkit.evaluate("document.querySelector('button.run').click()")
        webkit.wait_for("document.querySelector('.state span').textContent === 'on localhost:8888'")
        return
    assert webkit.evaluate("document.querySelector('button.run').hidden")
    why = webkit.evaluate("document.querySelector('.why').textContent")
    assert why in REASONS.values()
    assert webkit.evaluate("document.querySelector('.at-home').checkVisibility()")
