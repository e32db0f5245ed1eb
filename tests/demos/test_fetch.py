"""`fetch`: three styles that do the same, a fan-out, and plain words about bad upstreams."""

import asyncio
import contextlib
import json
import logging

import pytest
from tornado.httputil import url_concat
from tornado.tcpserver import TCPServer
from tornado.testing import ExpectLog, bind_unused_port
from tornado.web import Application, RequestHandler

from demos import fetch, search

STYLES = ("/callback", "/generator", "/api")


class Upstream(RequestHandler):
    """A search service that does what a test wants."""

    def initialize(self, act):
        self.act = act

    async def get(self):
        await self.act(self)


@pytest.fixture
def upstream(serve):
    """Serves a coroutine as the search service: `upstream(act)` is its URL."""
    return lambda act: serve(Application([("/search", Upstream, {"act": act})])) + "/search"


@pytest.fixture
def ask(serve, client):
    """Asks the demo, which asks `search`: `await ask(search, path, q=...)`."""

    async def ask(search, path, patience=10, **query):
        url = url_concat(serve(fetch.make_app(search, patience)) + path, query)
        response = await client.fetch(url, raise_error=False)
        return response.code, json.loads(response.body)

    return ask


@contextlib.contextmanager
def expect_trouble(status):
    """The log has a line about the trouble and one about the answer, and no traceback."""
    told = ExpectLog("tornado.application", f"{status} /", level=logging.WARNING)
    with told, ExpectLog("tornado.access", f"{status} GET"):
        yield
    assert not told.logged_stack


@pytest.mark.parametrize("path", STYLES)
@pytest.mark.gen_test
async def test_the_posts_come_from_the_other_service(ask, serve, path):
    """The titles are those that the search service has, in its order."""
    url = serve(search.make_app(delay=0)) + "/search"
    titles = [search.post("tornado", "news", number)["title"] for number in (5, 4, 3, 2, 1)]
    assert await ask(url, path, q="tornado") == (200, {"posts": titles})


@pytest.mark.parametrize("path", STYLES)
@pytest.mark.gen_test
async def test_requests_wait_at_the_same_time(serve, client, upstream, path):
    """Five are with the other service before any of them is answered."""
    all_there = asyncio.Barrier(5)

    async def act(handler):
        await all_there.wait()
        handler.write({"posts": []})

    url = serve(fetch.make_app(upstream(act), timeout=15)) + path + "?q=a"
    responses = await asyncio.gather(*[client.fetch(url) for _ in range(5)])
    assert [response.code for response in responses] == [200] * 5


async def fails(handler):
    """An upstream that is broken."""
    handler.set_status(500)


async def babbles(handler):
    """An upstream that answers with something else than JSON."""
    handler.write("<h1>Welcome!</h1>")


async def lists(handler):
    """An upstream that answers with JSON of another shape."""
    handler.write("[1, 2, 3]")


async def counts(handler):
    """An upstream whose posts are no posts."""
    handler.write({"posts": [1, 2, 3]})


NONSENSE = {"text": babbles, "a list": lists, "numbers": counts}


@pytest.mark.parametrize("case", NONSENSE)
@pytest.mark.parametrize("path", STYLES)
@pytest.mark.gen_test
async def test_nonsense_from_upstream_is_a_502(ask, upstream, path, case):
    """Whatever is wrong with the answer, the client learns whose fault it is."""
    with expect_trouble(502):
        status, answer = await ask(upstream(NONSENSE[case]), path, q="a")
    assert status == 502
    assert answer == {"error": "the search service answered with nonsense; see its log"}


@pytest.mark.parametrize("path", STYLES)
@pytest.mark.gen_test
async def test_a_failing_upstream_is_a_502(ask, upstream, path):
    """Its error is not ours."""
    with expect_trouble(502), ExpectLog("tornado.access", "500 GET /search"):
        status, answer = await ask(upstream(fails), path, q="a")
    assert (status, answer) == (502, {"error": "the search service failed; its log says why"})


@pytest.mark.parametrize("path", STYLES)
@pytest.mark.gen_test
async def test_no_upstream_is_a_502_that_says_how_to_start_it(ask, path):
    """The sentence has the command."""
    sock, port = bind_unused_port()
    sock.close()
    with expect_trouble(502):
        status, answer = await ask(f"http://localhost:{port}/search", path, q="a")
    assert status == 502
    assert answer["error"].endswith("start it: python -m demos search --port 8889")


@pytest.mark.parametrize("path", STYLES)
@pytest.mark.gen_test
async def test_a_slow_upstream_is_a_504(ask, upstream, path):
    """Nobody waits longer than the timeout."""
    over = asyncio.Event()

    async def sleeps(handler):
        await over.wait()

    with expect_trouble(504):
        status, answer = await ask(upstream(sleeps), path, patience=0.1, q="a")
    over.set()
    assert (status, answer) == (504, {"error": "the search service is too slow; try again later"})


@pytest.mark.parametrize("path", STYLES)
@pytest.mark.gen_test
async def test_an_upstream_that_hangs_up_is_a_502(ask, path):
    """A connection that ends without an answer is told like the rest."""

    class HangsUp(TCPServer):
        async def handle_stream(self, stream, address):
            await stream.read_until(b"\r\n\r\n")
            stream.close()

    sock, port = bind_unused_port()
    server = HangsUp()
    server.add_socket(sock)
    with expect_trouble(502):
        status, answer = await ask(f"http://localhost:{port}/search", path, q="a")
    server.stop()
    assert (status, answer) == (502, {"error": "the search service hung up; try again"})


@pytest.mark.parametrize("path", [*STYLES, "/fan"])
@pytest.mark.gen_test
async def test_a_request_without_a_question_is_a_400(ask, path):
    """The other service is not even asked."""
    with expect_trouble(400):
        status, answer = await ask("http://localhost:9/search", path)
    assert (status, answer) == (400, {"error": "Missing argument q"})


@pytest.mark.parametrize("path", STYLES)
@pytest.mark.gen_test
async def test_a_mistake_of_ours_is_a_500_and_is_logged_with_its_place(
    ask, serve, path, monkeypatch
):
    """Only the other service's failures are told without a traceback."""
    url = serve(search.make_app(delay=0)) + "/search"
    monkeypatch.delattr(fetch, "titles")
    mistake = ExpectLog("tornado.application", "Uncaught exception GET")
    with mistake, ExpectLog("tornado.access", "500 GET"):
        status, answer = await ask(url, path, q="a")
    assert (status, answer) == (500, {"error": "a mistake of ours: see the log"})
    assert mistake.logged_stack


@pytest.mark.gen_test
async def test_the_fan_out_asks_every_source_at_the_same_time(ask, upstream):
    """All five are with the other service before any of them is answered."""
    all_there = asyncio.Barrier(len(fetch.SOURCES))

    async def act(handler):
        await all_there.wait()
        handler.write({"posts": [{"title": handler.get_argument("source")}]})

    status, answer = await ask(upstream(act), "/fan", q="a")
    assert status == 200
    assert answer == {source: {"posts": [source]} for source in fetch.SOURCES}


@pytest.mark.gen_test
async def test_one_source_that_fails_leaves_the_others_whole(ask, upstream):
    """The answer tells which one failed, and why."""

    async def act(handler):
        source = handler.get_argument("source")
        handler.write({"posts": [{"title": source}]} if source != "mail" else "what?")

    status, answer = await ask(upstream(act), "/fan", q="a")
    assert status == 200
    assert "nonsense" in answer.pop("mail")["error"]
    assert answer == {s: {"posts": [s]} for s in fetch.SOURCES if s != "mail"}


@pytest.mark.gen_test
async def test_the_fan_out_knows_the_sources_that_there_are(ask, serve):
    """The five of the search service each answer with posts of their own."""
    status, answer = await ask(serve(search.make_app(delay=0)) + "/search", "/fan", q="a")
    assert status == 200
    assert set(answer) == set(search.SOURCES)
    assert len({tuple(each["posts"]) for each in answer.values()}) == len(search.SOURCES)
