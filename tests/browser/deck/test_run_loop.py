"""What blocks: a nap in a handler stops its own loop and nothing else; a runaway can be stopped."""

import re

import pytest
from playwright.sync_api import expect

from .bench import ON_8888, on_page, on_slide

PRESENT = ".slides > section.present > section.present"
MILLISECONDS = re.compile(r"^\d+\.\d ms$")
SOON = 10_000  # milliseconds, for what takes one or two on a machine of its own
# From now on the longest time for which the strip says that the loop is blocked, in seconds.
LONGEST = """() => {
    const strip = document.querySelector(".bench .lag output");
    window.longest = 0;
    const look = () => {
        const [, seconds] = /^blocked (.*) s$/.exec(strip.textContent) ?? [, 0];
        window.longest = Math.max(window.longest, seconds);
    };
    const changes = {childList: true, characterData: true, subtree: true};
    new MutationObserver(look).observe(strip, changes);
}"""


def nap(bench):
    """Press Nap on the program's page, and give the seconds for which the loop was blocked."""
    expect(bench.lag).to_have_text(MILLISECONDS)
    bench.page.evaluate(LONGEST)
    bench.client().get_by_role("button", name="Nap").click()
    expect(bench.client().get_by_role("button")).to_have_text("Napping …")
    expect(bench.client().get_by_role("button")).to_have_text("Nap")
    expect(bench.lag).to_have_text(MILLISECONDS)
    return bench.page.evaluate("longest")


def test_a_nap_that_sleeps_blocks_its_loop_and_is_over(opened):
    """The strip says for how long, while it lasts; then the loop answers again."""
    bench = on_page(opened("demos/nap_broken.html"), "nap_broken").start()
    assert nap(bench) > 1.5
    expect(bench.client().get_by_role("status")).to_have_text("The server answers")


def test_a_nap_that_awaits_blocks_nothing(opened):
    """The program's clock goes on, and so does the loop."""
    bench = on_page(opened("demos/nap_fixed.html"), "nap_fixed").start()
    assert nap(bench) < 1.5


def test_a_runaway_leaves_the_deck_as_it_is_and_can_be_stopped(visit, site):
    """The slides walk, Stop ends it, and the program as it was runs again."""
    page = visit(f"{site}/talk.html")
    bench = on_slide(page, "hello").start()
    bench.press("Source")
    bench.rewrite("Hello, world", "while True: pass")
    page.keyboard.press("Control+Enter")
    expect(bench.lag).to_have_text(re.compile("^blocked"))
    shown = page.locator(PRESENT).get_attribute("id")
    page.locator(f"{PRESENT} h2").click()
    page.keyboard.press("ArrowRight")
    expect(page.locator(PRESENT)).not_to_have_id(shown, timeout=SOON)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(PRESENT)).to_have_id(shown, timeout=SOON)
    bench.press("Stop")
    expect(bench.state).to_have_text("killed", timeout=SOON)
    bench.press("Reset")
    bench.press("Run")
    expect(bench.state).to_have_text(ON_8888)
    bench.press("Page")
    expect(bench.client().locator("body")).to_have_text("Hello, world")


@pytest.mark.parametrize("ended", ["killed", "stopped"])
def test_a_program_that_never_gets_to_its_loop_can_be_stopped(visit, site, ended):
    """One that computes is killed; one that waits gets its Ctrl-C, as in a terminal."""
    bench = on_page(visit(f"{site}/demos/hello.html"), "hello").start()
    waits = "import time; time.sleep(1000)"
    bench.rewrite("import asyncio", "while True: pass" if ended == "killed" else waits)
    bench.page.keyboard.press("Control+Enter")
    expect(bench.state).to_have_text("running")
    bench.press("Stop")
    expect(bench.state).to_have_text(ended, timeout=SOON)
