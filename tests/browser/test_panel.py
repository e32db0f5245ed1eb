"""The live panel in a real browser: page, log, lag strip, and what it says when the server goes."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
PATIENCE = 30_000  # milliseconds
# A program in the place of the kernel, and of the notebook whose slide shows the panel's frame.
# For each line it reads it serves again.
PROGRAM = """
import asyncio, json, sys, time
import tornado.httpserver, tornado.netutil, tornado.web
from slides.live import serve
from slides.live.panel import panel_url

class Page(tornado.web.RequestHandler):
    def get(self):
        self.write(f"<h1>{self.request.path}</h1>")

class Block(tornado.web.RequestHandler):
    def get(self):
        time.sleep(float(self.get_argument("s")))

class Fail(tornado.web.RequestHandler):
    def get(self):
        raise LookupError("no such shelf")

class Slide(tornado.web.RequestHandler):
    def get(self):
        self.write('<body style="margin: 0"><iframe src="%s" style="width: 100%%; height: 380px; '
                   'border: 0"></iframe>' % self.settings["panel"])

def make_app():
    return tornado.web.Application([("/block", Block), ("/fail", Fail), ("/.*", Page)])

async def main():
    loop = asyncio.get_running_loop()
    server = await serve(make_app(), port=0, name="shelves")
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    slide = tornado.web.Application([("/", Slide)], panel=panel_url(server))
    tornado.httpserver.HTTPServer(slide).add_sockets(sockets)
    slide_url = "http://127.0.0.1:%d/" % sockets[0].getsockname()[1]
    while True:
        print(json.dumps({"slide": slide_url, "url": server.url}), flush=True)
        if not await loop.run_in_executor(None, sys.stdin.readline):
            return
        server = await serve(make_app(), port=server.asked, name="shelves")

asyncio.run(main())
"""


class Kernel:
    """The program: `slide` and `url` of what it serves; `serve_again` replaces it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.read()

    def read(self):
        """Read where the newest server is."""
        said = json.loads(self.process.stdout.readline())
        self.slide, self.url = said["slide"], said["url"]

    def serve_again(self):
        """Replace the server, as a cell that is run again does."""
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        self.read()

    def get(self, path):
        """Start a request without waiting for its answer."""
        return subprocess.Popen(["curl", "--silent", self.url + path], stdout=subprocess.PIPE)

    def close(self):
        """End the program."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def kernel():
    """A program that serves an application and its panel."""
    running = Kernel()
    yield running
    running.close()


@pytest.fixture
def panel(chromium, kernel):
    """The panel as a slide shows it: a frame in a page of another origin."""
    context = chromium.new_context(viewport={"width": 1200, "height": 480})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(kernel.slide)
    frame = page.frame_locator("iframe")
    expect(frame.locator("body")).to_have_attribute("data-state", "running", timeout=PATIENCE)
    yield frame
    context.close()
    assert problems == []


def wait_for_text(locator, text):
    """Wait until an element says something that matches."""
    expect(locator).to_have_text(re.compile(text), timeout=PATIENCE)


def test_the_panel_shows_the_page_and_its_address(panel, kernel):
    """The application's own page is in the frame, its address over it, its name before that."""
    wait_for_text(panel.frame_locator("#page").locator("h1"), "^/$")
    wait_for_text(panel.locator("#origin"), f"^{kernel.url}$")
    wait_for_text(panel.locator("#name"), "^shelves$")


def test_another_path_can_be_typed(panel):
    """The address bar is a real one."""
    panel.locator("#path").fill("second/shelf?x=1")
    panel.locator("#path").press("Enter")
    wait_for_text(panel.frame_locator("#page").locator("h1"), "^/second/shelf$")


def test_a_request_appears_in_the_log(panel, kernel):
    """Whoever asks, the log on the slide shows it; an error is two lines, not a traceback."""
    with urlopen(kernel.url + "from/elsewhere") as response:
        assert response.status == 200
    expect(panel.locator("#log li", has_text="200 GET /from/elsewhere")).to_be_visible()
    with kernel.get("fail") as failing:
        failing.communicate()
    expect(panel.locator("#log li.error")).to_have_count(2)
    expect(panel.locator("#log li.error").first).to_contain_text("no such shelf")


def test_a_page_that_asks_again_is_one_line_with_a_count(panel, kernel):
    """Polling does not sweep the rest of the log away."""
    for _ in range(3):
        with urlopen(kernel.url + "again"):
            pass
    polled = panel.locator("#log li", has_text="200 GET /again")
    wait_for_text(polled, " .3$")
    expect(polled).to_have_count(1)


def test_a_blocked_loop_is_a_gap_that_grows_and_stays(panel, kernel):
    """While the loop is blocked the strip says so; afterwards it says for how long it was."""
    reading = panel.locator("#lag")
    wait_for_text(reading, r"^[\d.]+ ms$")
    expect(panel.locator(".gap")).to_have_count(0)
    with kernel.get("block?s=3"):
        wait_for_text(reading, r"^blocked 0\.[3-9] s$|^blocked 1\.\d s$")
        wait_for_text(reading, r"^blocked 2\.\d s$")
        wait_for_text(panel.locator("#said"), "is blocked")
        wait_for_text(panel.locator("#said"), r"was blocked for \d\.\d seconds")
    # On a busy machine a shorter one may follow, and be what is said.
    wait_for_text(panel.locator(".gap").first, r"^blocked [23]\.\d s$")
    wait_for_text(reading, r"^[\d.]+ ms$")


def test_the_button_stops_the_server_and_starts_it_again(panel, kernel):
    """A stopped server refuses connections, and its panel says why."""
    button = panel.locator("#switch")
    button.click()
    expect(panel.locator("#cover")).to_have_text("Stopped", timeout=PATIENCE)
    with pytest.raises(OSError, match="refused"):
        urlopen(kernel.url)
    button.click()
    expect(panel.locator("#cover")).to_be_hidden(timeout=PATIENCE)
    wait_for_text(panel.frame_locator("#page").locator("h1"), "^/$")


def test_a_pointer_that_leaves_the_panel_gives_the_keys_back_to_the_slides(panel):
    """After a click in the page, Space would else press the page's button instead of walking on."""
    slide = panel.locator("body").page
    heading = panel.frame_locator("#page").locator("h1")
    heading.click()
    assert slide.evaluate("document.activeElement.tagName") == "IFRAME"
    slide.mouse.move(600, 450, steps=20)
    slide.wait_for_function("document.activeElement === document.body && document.hasFocus()")


def test_a_replaced_panel_says_so(panel, kernel):
    """Nobody presents on a page whose server is another one by now."""
    kernel.serve_again()
    wait_for_text(panel.locator("#cover"), "Replaced")
    wait_for_text(panel.locator("#state"), "replaced")
    expect(panel.locator("#switch")).to_be_disabled()


def test_a_kernel_that_is_gone_is_not_called_blocked(panel, kernel):
    """The panel first tries to come back, then says that the kernel is gone."""
    wait_for_text(panel.locator("#lag"), r"^[\d.]+ ms$")
    os.kill(kernel.process.pid, signal.SIGKILL)
    wait_for_text(panel.locator("#state"), "kernel gone")
    expect(panel.locator(".gap")).to_have_count(0)
