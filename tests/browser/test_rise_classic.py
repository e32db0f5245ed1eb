"""The talk in classic RISE, as `make present RISE=classic` opens it, in a real Chromium."""

import contextlib
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import TimeoutError, expect

PATIENCE = 60_000  # milliseconds
SLIDE = "section.present > section.present"


@pytest.fixture(scope="module")
def talk(present, notebooks):
    """The talk of two chapters, presented."""
    return present("RISE=classic", f"ARGS=--notebooks {notebooks}")


@pytest.fixture
def stage(chromium, talk):
    """A page with the first slide; nothing on it may reach for another machine."""
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(PATIENCE)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(talk.url)
    expect(page.locator(f"{SLIDE} h1")).to_contain_text("First", timeout=PATIENCE)
    yield page
    page.close()
    hosts = {urlsplit(url).hostname for url in asked if url.startswith("http")}
    assert "127.0.0.1" in hosts
    assert hosts <= {"127.0.0.1", "localhost"}


def walk(page):
    """Press Space, and wait for the next slide."""
    before = page.url
    page.keyboard.press("Space")
    page.wait_for_function("before => location.href !== before", arg=before)


def run_cell(page, output):
    """Press Shift+Enter until there is an output: classic RISE drops keys just after a slide."""
    for _ in range(30):
        page.keyboard.press("Shift+Enter")
        with contextlib.suppress(TimeoutError):
            return output.wait_for(timeout=2_000)
    raise AssertionError("the cell does not run")


def test_classic_rise_runs_an_await_cell_and_serves_hello(stage):
    """The slideshow starts by itself, its set-up is run, and a cell serves on the kernel's loop."""
    walk(stage)
    said = stage.locator(f"{SLIDE} .output_text")
    run_cell(stage, said)
    expect(said).to_have_text("'42 awaited'")
    walk(stage)
    run_cell(stage, stage.locator(f"{SLIDE} iframe"))
    panel = stage.frame_locator(f"{SLIDE} iframe")
    expect(panel.frame_locator("#page").locator("body")).to_contain_text("Hello", timeout=PATIENCE)


def test_classic_rise_offers_the_next_chapter(stage):
    """The link at the end opens the next notebook, which is a slideshow again."""
    for _ in range(3):
        walk(stage)
    stage.locator(f"{SLIDE} .next-chapter").click()
    expect(stage.locator(f"{SLIDE} h2")).to_contain_text("Second", timeout=PATIENCE)
