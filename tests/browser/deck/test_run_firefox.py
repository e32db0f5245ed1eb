"""Programs in a Firefox as Debian has it, which can let them wait, too."""

import json
from urllib.parse import urlsplit

import pytest

PATIENCE = 90  # seconds
OFFER = "button.run:not([hidden])"
PROMPT = ".bench .terminal input"
OUTPUT = "document.querySelector('.bench .terminal output').textContent"
STATE = "document.querySelector('.bench .state span').textContent"


@pytest.fixture
def start(firefox, site):
    """Runs a program on its own page, which may complain of nothing: `page = start("hello")`."""
    page = firefox.new_page()

    def start(name):
        page.goto(f"{site}/demos/{name}.html")
        page.click(OFFER)
        page.wait_for(f"{STATE} === 'on localhost:8888'", PATIENCE)
        return page

    yield start
    far = [each for each in page.requests if urlsplit(each)[:2] != urlsplit(site)[:2]]
    assert [each for each in far if not each.startswith(("data:", "about:", "blob:"))] == []
    assert page.errors == []
    page.close()


def command(page, line):
    """Enter a command; give what the terminal has after it."""
    page.type(PROMPT, line)
    page.press("Enter")


def shows(frame, text):
    """Wait until a program's page has a text."""
    frame.wait_for(f"document.body.textContent.includes({json.dumps(text)})", PATIENCE)


def test_hello_runs_is_asked_and_edited_in_firefox(start):
    """Its page, its command line, and the reader's own greeting."""
    page = start("hello")
    shows(page.frame("/live/", PATIENCE), "Hello, world")
    command(page, "curl -i localhost:8888/nowhere")
    page.wait_for(f"{OUTPUT}.includes('HTTP/1.1 404 Not Found')")
    line = "[...document.querySelectorAll('.cm-line')].find((e) => e.textContent.includes('Hello'))"
    page.evaluate(f"({line}).id = 'greeting'")
    page.click("#greeting")
    for keys in ("Home", "Shift+End"):
        page.press(keys)
    for key in "self.write('Bonjour')":
        page.press(key)
    page.press("Control+Enter")
    page.wait_for(f"{STATE} === 'on localhost:8888'", PATIENCE)
    shows(page.frame("/live/", PATIENCE), "Bonjour")


def test_broadcaster_pushes_in_firefox(start):
    """A websocket into the tab, and the search beside it."""
    page = start("broadcaster")
    frame = page.frame("/live/", PATIENCE)
    shows(frame, "Connected")
    frame.wait_for("document.querySelector('li')", PATIENCE)
    before = json.dumps(frame.evaluate("document.querySelector('li').textContent"))
    frame.wait_for(f"document.querySelector('li').textContent !== {before}", PATIENCE)
