"""The demos' pages in a real Chromium."""

import asyncio
import functools
import re
import shutil

import pytest
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream
from tornado.routing import Router
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from demos import broadcaster, poll, pool_waves, templates

playwright = pytest.importorskip("playwright.async_api", reason="pip install -e .[test]")
expect = playwright.expect
PATIENCE = 20_000  # milliseconds
OPTIONS = ["--no-sandbox", "--disable-background-networking"]


@pytest.fixture(scope="module")
def io_loop():
    """One loop for all the tests here, since it is also the browser's."""
    loop = IOLoop(make_current=False)
    asyncio.set_event_loop(loop.asyncio_loop)
    yield loop
    asyncio.set_event_loop(None)
    loop.close(all_fds=True)


@pytest.fixture(scope="module")
def chromium(io_loop, needs):
    """One Chromium for all the tests here."""
    needs("chromium")
    driver = io_loop.run_sync(playwright.async_playwright().start)
    launch = functools.partial(driver.chromium.launch, args=OPTIONS)
    browser = io_loop.run_sync(lambda: launch(executable_path=shutil.which("chromium")))
    yield browser
    io_loop.run_sync(browser.close)
    io_loop.run_sync(driver.stop)


class Search(RequestHandler):
    """A search service with a post that would like to be markup."""

    def get(self):
        title = "<img src=x onerror=alert(1)>"
        self.write({"posts": [{"title": title, "author": "Mallory", "time": "09:00"}]})


@pytest.fixture
def app(io_loop, serve):
    """A broadcaster whose search service means no good."""
    search = serve(Application([("/search", Search)])) + "/search"
    app = broadcaster.make_app(search, interval_ms=100)
    yield app
    [crowd] = [rule.target_kwargs["broadcaster"] for rule in app.wildcard_router.rules[1:2]]
    crowd.ticking.stop()
    if crowd.asking:
        io_loop.run_sync(lambda: asyncio.wait([crowd.asking]))


@pytest.fixture
def visit(io_loop, chromium, app, run):
    """Opens an address in Chromium: `page = await visit(url)`; the console has to stay empty.

    It comes after `app` and `run`, so that a page is closed before its server.
    """
    console, pages = [], []

    async def visit(url, width=1200, height=280):
        page = await chromium.new_page(viewport={"width": width, "height": height})
        pages.append(page)
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: console.append(message.text))
        page.on("pageerror", lambda error: console.append(str(error)))
        await page.goto(url)
        return page

    visit.console = console
    yield visit
    for page in pages:
        io_loop.run_sync(page.close)
    assert not console


def shows(page, text):
    """An expectation of the page's state line."""
    return expect(page.get_by_role("status")).to_have_text(text, timeout=PATIENCE)


async def fits(page):
    """Whether the page needs no scrolling sideways."""
    return await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("width", "height"), [(1200, 280), (390, 800)])
@pytest.mark.gen_test(timeout=60)
async def test_the_broadcaster_shows_posts_as_text(visit, serve, app, width, height):
    """A title is never markup, and fits a slide and a phone."""
    page = await visit(serve(app), width, height)
    await shows(page, "Connected")
    await expect(page.locator("li")).to_have_text("09:00<img src=x onerror=alert(1)>Mallory")
    assert await page.locator("img").count() == 0
    assert await fits(page)


class Prefix(Router):
    """An application under a prefix, as a proxy would have it."""

    def __init__(self, prefix, app):
        self.prefix = prefix
        self.app = app

    def find_handler(self, request, **kwargs):
        assert request.path.startswith(self.prefix + "/")
        request.path = request.path.removeprefix(self.prefix)
        return self.app.find_handler(request, **kwargs)


@pytest.mark.gen_test(timeout=60)
async def test_the_broadcaster_finds_its_websocket_under_a_prefix(visit, serve, app):
    """The address is taken from where the page is."""
    page = await visit(serve(Prefix("/talk/live", app)) + "/talk/live/")
    await shows(page, "Connected")


@pytest.mark.gen_test(timeout=60)
async def test_the_broadcaster_says_that_it_lost_the_server_and_comes_back(visit, io_loop, app):
    """A server that ends and begins again on its port is found without a reload."""
    streams = []

    class Server(HTTPServer):
        def handle_stream(self, stream: IOStream, address):
            streams.append(stream)
            super().handle_stream(stream, address)

    sock, port = bind_unused_port()
    server = Server(app)
    server.add_socket(sock)
    page = await visit(f"http://127.0.0.1:{port}/")
    await shows(page, "Connected")
    server.stop()
    for stream in streams:
        stream.close()
    await shows(page, re.compile("Disconnected; trying again in [1-9]"))
    server = HTTPServer(app)
    server.listen(port, "127.0.0.1")
    await shows(page, "Connected")
    await page.goto("about:blank")
    server.stop()
    refused = [text for text in visit.console if "ERR_CONNECTION_REFUSED" in text]
    assert visit.console == refused  # Chromium writes those itself
    visit.console.clear()


@pytest.mark.gen_test(timeout=60)
async def test_the_back_off_grows_to_half_a_minute_and_is_never_the_same(visit, serve, app):
    """A thousand pages that lost the same server do not come back all at once."""
    page = await visit(serve(app))
    waits = await page.evaluate("[0, 1, 2, 3, 9, 99].map(n => [...Array(50)].map(() => wait(n)))")
    for most, some in zip([1, 2, 4, 8, 30, 30], waits, strict=True):
        assert most / 2 <= min(some) < max(some) <= most


ADDRESSES = {
    "http://a.org/": "ws://a.org/updates",
    "https://a.org/talk/": "wss://a.org/talk/updates",
    "https://a.org:81/x?y#z": "wss://a.org:81/updates",
}


@pytest.mark.gen_test(timeout=60)
async def test_the_websocket_is_as_secure_as_its_page(visit, serve, app):
    """http becomes ws, https becomes wss, and the rest is that of the page."""
    page = await visit(serve(app))
    code = await page.evaluate("String(address)")
    made = await page.evaluate(f"all => all.map(location => String(({code})()))", list(ADDRESSES))
    assert made == list(ADDRESSES.values())


@pytest.mark.parametrize(("name", "frozen"), [("nap_broken", True), ("nap_fixed", False)])
@pytest.mark.gen_test(timeout=60)
async def test_the_clock_freezes_only_where_the_loop_is_blocked(
    visit, run, free_port, name, frozen
):
    """What the audience sees during a nap is the difference between the two programs."""
    port = free_port()
    run("demos", name, "--port", port).until_it_listens(port)
    page = await visit(f"http://127.0.0.1:{port}/")
    await shows(page, "The server answers")
    await page.evaluate(
        """() => {
            window.times = [];
            window.states = [];
            window.changes = []; // of the button: how often the clock had been told by then
            const note = (id, list) => new MutationObserver(
                () => list.push(document.getElementById(id).textContent)
            ).observe(document.getElementById(id), {childList: true});
            note("time", window.times);
            note("state", window.states);
            new MutationObserver(() => window.changes.push(window.times.length)).observe(
                document.querySelector("button"), {childList: true});
        }"""
    )
    await page.get_by_role("button", name="Nap").click()
    await expect(page.get_by_role("button")).to_have_text("Napping …")
    await expect(page.get_by_role("button")).to_have_text("Nap")
    during, after = await page.evaluate("changes")
    states = " ".join(await page.evaluate("states"))
    assert await fits(page)
    if frozen:
        assert "no answer for 1." in states
        assert after - during <= 3
    else:
        assert "no answer for 1." not in states
        assert after - during > 5


@pytest.mark.gen_test(timeout=60)
async def test_a_hostile_name_is_shown_and_not_run(visit, serve):
    """In a browser, too, it is nothing but letters."""
    page = await visit(serve(templates.make_app()) + "/?name=<script>console.log('owned')</script>")
    await expect(page.get_by_role("heading")).to_have_text(
        "Hello, <script>console.log('owned')</script>!"
    )
    await page.get_by_role("link").click()
    await expect(page.get_by_role("listitem").last).to_have_text("<b>Bobby</b>, 25")
    assert await fits(page)


async def predict_and_run(page, seconds, **controls):
    """Fill in the page of the pool, run, and wait for the end."""
    for name, value in controls.items():
        await page.locator(f"[name={name}]").fill(str(value))
    await page.get_by_label("guess").fill(str(seconds))
    await page.get_by_role("button", name="Run").click()
    await expect(page.locator("#said")).to_have_text(f"you said {seconds} s", timeout=PATIENCE)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
@pytest.mark.gen_test(timeout=60)
async def test_the_pool_shows_its_waves_beside_the_guess(visit, serve, width, height):
    """A bar a request, the total and the guess: on a slide, on a phone, and under a prefix."""
    url = serve(Prefix("/talk/live", pool_waves.make_app())) + "/talk/live/"
    page = await visit(url, width, height)
    await expect(page.get_by_text("simulated: pretend connections")).to_be_visible()
    await predict_and_run(page, 7, requests=6, size=1, overflow=1, wait=0.4)
    await expect(page.get_by_role("status")).to_contain_text("6 served, in 3 waves")
    total = float((await page.locator("#total").text_content()).removesuffix(" s "))
    assert 3 * 0.95 <= total / 0.4 < 5
    assert await page.locator("rect.holding").count() == 6
    assert await page.locator("rect.queued").count() >= 4
    assert await page.locator("rect.refused").count() == 0
    told = await page.get_by_role("img").get_attribute("aria-label")
    assert told.startswith("6 requests: ")
    assert "you said 7 s" in told
    assert await fits(page)


@pytest.mark.gen_test(timeout=60)
async def test_nobody_runs_the_pool_without_a_guess(visit, serve):
    """And another question wants another guess."""
    page = await visit(serve(pool_waves.make_app()), 1280, 720)
    button = page.get_by_role("button")
    await expect(button).to_have_text("Guess first")
    await expect(button).to_be_disabled()
    await page.get_by_label("guess").fill("2")
    await expect(button).to_have_text("Run")
    await expect(button).to_be_enabled()
    await page.get_by_label("pool size").fill("20")
    await expect(page.get_by_label("guess")).to_have_value("")
    await expect(button).to_be_disabled()


@pytest.mark.gen_test(timeout=60)
async def test_the_pool_says_who_was_refused_and_why(visit, serve):
    """Their bars end in another colour, and the sentence stands once."""
    page = await visit(serve(pool_waves.make_app()), 390, 844)
    await predict_and_run(page, 1, requests=3, size=1, overflow=0, wait=0.6, timeout=0.2)
    said = "2 refused: no connection was free within 0.2 s"
    await expect(page.get_by_role("status")).to_contain_text(f"1 served, in 1 wave {said}")
    assert await page.locator("rect.refused").count() == 2
    assert await fits(page)


@pytest.fixture
def ballot():
    """A poll whose waits are short, and its state."""
    app = poll.make_app(seconds=0.2, interval_ms=10)
    [crowd] = [rule.target_kwargs["poll"] for rule in app.wildcard_router.rules[1:2]]
    return app, crowd


@pytest.mark.parametrize(("width", "height"), [(1200, 280), (390, 420)])
@pytest.mark.gen_test(timeout=60)
async def test_the_poll_shows_its_bars_when_it_has_run(visit, serve, ballot, width, height):
    """Not before; under a prefix, too, and without scrolling on a slide and on a phone."""
    url = serve(Prefix("/talk/live", ballot[0])) + "/talk/live/"
    page, other = await visit(url, width, height), await visit(url)
    await page.get_by_role("button", name="0.2 s").click()
    await other.get_by_role("button", name="1 s").click()
    await shows(page, "2 votes so far. You may change yours until it runs.")
    assert await page.locator("ol b").all_text_contents() == [""] * 4
    await page.get_by_role("button", name="Run it").click()
    await shows(page, "2 votes. You were right.")
    await shows(other, "2 votes. You were wrong.")
    assert await page.locator("ol b").all_text_contents() == [
        "1 of 2",
        "0 of 2",
        "1 of 2",
        "0 of 2",
    ]
    await expect(page.locator("ol .right")).to_contain_text("your guess")
    assert await fits(page)
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    await page.get_by_role("button", name="Ask again").click()
    await shows(other, "0 votes so far. What is your guess?")
    await expect(other.locator("[aria-pressed=true]")).to_have_count(0)


@pytest.mark.gen_test(timeout=60)
async def test_a_page_that_comes_back_votes_as_before(visit, serve, ballot):
    """The server forgot the vote with its connection; the page did not."""
    app, crowd = ballot
    page, other = await visit(serve(app)), await visit(serve(app))
    await page.get_by_role("button", name="0.4 s").click()
    await shows(other, "1 vote so far. What is your guess?")
    [voter] = [client for client, choice in crowd.votes.items() if choice is not None]
    voter.connection.close()
    await shows(page, re.compile("Disconnected; trying again in [0-9]"))
    await shows(other, "0 votes so far. What is your guess?")
    await shows(other, "1 vote so far. What is your guess?")
    await shows(page, "1 vote so far. You may change yours until it runs.")
