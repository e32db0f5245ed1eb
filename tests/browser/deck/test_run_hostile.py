"""An address that somebody else wrote runs nothing: neither its own script nor a program."""

import pytest
from playwright.sync_api import expect

from .bench import on_page

SCRIPT = "<script>top.harmed=harmed=true</script>"
IMAGE = '"><img src=x onerror="top.harmed=harmed=true">'
ADDRESSES = [
    f"talk.html?x={SCRIPT}",
    f"talk.html#/{IMAGE}",
    f"talk.html?reading#{IMAGE}",
    "talk.html#/javascript:top.harmed=true",
    f"demos/hello.html?run=1&code={SCRIPT}#{IMAGE}",
    "demos/hello.html#run",
]
TROUBLE = "typeof harmed === 'undefined' && navigator.serviceWorker.getRegistration()\
    .then((found) => found === undefined)"


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_starts_nothing(visit, site, address):
    """No script of its own, no program, no service worker; the page is there as ever."""
    page = visit("about:blank")
    workers = []
    page.on("worker", lambda worker: workers.append(worker.url))
    page.goto(f"{site}/{address}")
    expect(page.locator("figure[data-program=hello]").first).to_be_attached()
    expect(page.locator("figure.live, dialog.overlay, [onerror]")).to_have_count(0)
    assert page.evaluate(TROUBLE)
    assert workers == []


def test_an_address_of_a_frame_shows_a_script_as_text(opened):
    """Whatever is asked of a program, of a host, or of a window that is not there."""
    bench = on_page(opened("demos/hello.html"), "hello").start()
    frame = bench.figure.locator(".client iframe").first.get_attribute("src")
    live = frame[: frame.index("/live/")] + "/live/0-0/x/8888/"
    page = bench.page.context.new_page()
    for path in (SCRIPT, IMAGE, "javascript:top.harmed=true"):
        for address, answer in [
            (frame, "404: Not Found"),
            (frame.replace("/hello-1/", "/other/"), "Nothing listens"),
            (live, "The page that ran this program was closed."),
        ]:
            page.goto(address + path)
            expect(page.locator("body")).to_contain_text(answer)
            assert page.evaluate("typeof harmed") == "undefined"
    page.context.close()


def test_the_address_bar_of_a_panel_runs_no_script(opened):
    """It takes addresses of the tab's own machine, and nothing else."""
    bench = on_page(opened("demos/hello.html"), "hello").start()
    for typed in ("javascript:top.harmed=true", f"data:text/html,{SCRIPT}", f"/{SCRIPT}"):
        bench.visit(typed)
        expect(bench.client().locator("body")).to_contain_text(
            "404" if typed[0] == "/" else "Hello"
        )
    assert bench.page.evaluate("typeof harmed") == "undefined"


def test_what_a_program_says_is_text_to_the_panel(opened):
    """In the log and in the terminal alike."""
    bench = on_page(opened("demos/hello.html"), "hello").start()
    bench.rewrite("import asyncio", f"import asyncio; print('''{IMAGE}''')")
    bench.page.keyboard.press("Control+Enter")
    expect(bench.log).to_contain_text(IMAGE)
    bench.command(f"echo '{IMAGE}'", IMAGE)
    assert bench.page.evaluate("typeof harmed") == "undefined"
