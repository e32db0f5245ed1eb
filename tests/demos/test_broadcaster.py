"""`broadcaster`: every open page hears the same, and no slow one costs anybody anything."""

import asyncio
import contextlib
import json
import socket

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import IOStream
from tornado.testing import ExpectLog
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketClosedError, websocket_connect

from demos import broadcaster, search

LONG = 3_600_000  # milliseconds between ticks of which only the first comes
POSTS = {"posts": [{"title": "One", "author": "Ada", "time": "09:00"}]}
HANDSHAKE = (
    b"GET /updates HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Upstream(RequestHandler):
    """A search service that does what a test wants."""

    def initialize(self, act):
        self.act = act

    async def get(self):
        await self.act(self)


async def answer(handler):
    """The usual answer of the search service."""
    handler.write(POSTS)


@pytest.fixture
def start(serve):
    """Starts a broadcaster over an upstream: `url, crowd = start(act, interval_ms=...)`."""

    def start(act, **options):
        search_url = serve(Application([("/search", Upstream, {"act": act})])) + "/search"
        app = broadcaster.make_app(search_url, **options)
        [rule] = [r for r in app.wildcard_router.rules if r.target is broadcaster.UpdatesHandler]
        return serve(app).replace("http", "ws") + "/updates", rule.target_kwargs["broadcaster"]

    return start


@pytest.fixture
def connect(io_loop):
    """Opens a websocket that is closed when the test is over: `await connect(url)`."""
    clients = []

    async def connect(url):
        clients.append(await websocket_connect(url))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


async def read(client):
    """The next message of a client."""
    message = await client.read_message()
    assert message is not None, "the server closed the connection"
    return json.loads(message)


async def read_until(client, wanted):
    """The first message of a client that is wanted."""
    while not wanted(state := await read(client)):
        pass
    return state


def left(crowd, monkeypatch):
    """A future that has the first client to leave."""
    gone = asyncio.get_running_loop().create_future()
    leave = crowd.leave

    def noted(client):
        leave(client)
        if not gone.done():
            gone.set_result(client)

    monkeypatch.setattr(crowd, "leave", noted)
    return gone


@pytest.mark.gen_test
async def test_two_listeners_hear_the_same_tick(connect, start):
    """A broadcast is for everybody."""
    url, _ = start(answer, interval_ms=50)
    one, two = await connect(url), await connect(url)
    heard = await read_until(one, lambda state: state["posts"])
    assert heard == await read_until(two, lambda state: state["posts"])
    assert heard == {**POSTS, "trouble": ""}


@pytest.mark.gen_test
async def test_a_late_joiner_has_the_last_state_at_once(connect, start):
    """Its first message is not a wait for the next tick, which is an hour away."""
    url, _ = start(answer, interval_ms=LONG)
    early = await connect(url)
    state = await read_until(early, lambda state: state["posts"])
    late = await connect(url)
    assert await read(late) == state


@pytest.mark.gen_test
async def test_each_tick_brings_a_newer_post(connect, start, serve):
    """With the real search service, the posts move on."""
    app = broadcaster.make_app(serve(search.make_app(delay=0)) + "/search", interval_ms=20)
    client = await connect(serve(app).replace("http", "ws") + "/updates")
    first = await read_until(client, lambda state: state["posts"])
    second = await read_until(client, lambda state: state["posts"] != first["posts"])
    assert second["posts"][1:] == first["posts"][:-1]
    assert set(first["posts"][0]) == {"title", "author", "time"}


@pytest.mark.gen_test
async def test_a_closed_client_leaves_the_set(connect, start, monkeypatch):
    """The others stay."""
    url, crowd = start(answer, interval_ms=20)
    one, two = await connect(url), await connect(url)
    await read(one)
    await read(two)
    assert len(crowd.clients) == 2
    gone = left(crowd, monkeypatch)
    one.close()
    await gone
    assert len(crowd.clients) == 1
    await read(two)


@pytest.mark.gen_test
async def test_without_listeners_nobody_is_asked(connect, start, monkeypatch):
    """The last to leave stops the ticking; the next to come starts it again."""
    asked = []

    async def act(handler):
        asked.append(handler)
        handler.write(POSTS)

    url, crowd = start(act, interval_ms=LONG)
    assert not crowd.ticking.is_running()
    for visit in (1, 2):
        client = await connect(url)
        await read_until(client, lambda state: state["posts"])
        await crowd.asking
        assert crowd.ticking.is_running()
        gone = left(crowd, monkeypatch)
        client.close()
        await gone
        assert not crowd.ticking.is_running()
        crowd.last = {"posts": [], "trouble": ""}
        assert len(asked) == visit


@pytest.mark.gen_test
async def test_ticks_never_overlap(connect, start):
    """While the upstream thinks, the ticks that pass ask nothing."""
    thinking, most, ticks = 0, 0, 0
    enough = asyncio.Event()

    async def act(handler):
        nonlocal thinking, most
        thinking += 1
        most = max(most, thinking)
        await enough.wait()
        thinking -= 1
        handler.write(POSTS)

    url, crowd = start(act, interval_ms=5)
    tick = crowd.ticking.callback

    def counted():
        nonlocal ticks
        ticks += 1
        tick()
        if ticks == 10:
            enough.set()

    crowd.ticking.callback = counted
    client = await connect(url)
    await read_until(client, lambda state: state["posts"])
    assert ticks >= 10
    assert most == 1


@pytest.mark.gen_test
async def test_a_failing_upstream_keeps_the_last_state_and_is_told(connect, start):
    """The pages go on showing what they had, and say what is wrong until it is right."""
    replies = iter([POSTS, "nonsense", {"posts": "no list"}, {"posts": [{}]}, POSTS])

    async def act(handler):
        handler.write(next(replies, POSTS))

    url, _ = start(act, interval_ms=20)
    client = await connect(url)
    good = await read_until(client, lambda state: state["posts"])
    with ExpectLog("tornado.application", "the search service: .*Error"):
        for _ in range(3):
            bad = await read(client)
            assert bad["trouble"] == "The search service does not answer."
            assert bad["posts"] == good["posts"]
    assert await read(client) == good


@pytest.mark.gen_test
async def test_no_upstream_is_told_too(connect, serve):
    """A page that is open before the search service runs says so."""
    app = broadcaster.make_app("http://localhost:1/search", interval_ms=LONG)
    client = await connect(serve(app).replace("http", "ws") + "/updates")
    with ExpectLog("tornado.application", "the search service: ConnectionRefusedError"):
        assert await read(client) == {"posts": [], "trouble": ""}
        state = await read(client)
    assert state == {"posts": [], "trouble": "The search service does not answer."}


@pytest.mark.gen_test
async def test_a_client_that_never_reads_is_dropped_before_it_costs_memory(
    connect, start, monkeypatch
):
    """It has no more than the backlog waiting for it, then its connection is closed."""
    backlog = 300_000
    big = {"posts": [{"title": "x" * 100_000, "author": "Ada", "time": "09:00"}]}

    async def act(handler):
        handler.write(big)

    url, crowd = start(act, interval_ms=2, backlog=backlog)
    reader = await connect(url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf = IOStream(sock)
    await deaf.connect(("localhost", int(url.split(":")[2].split("/")[0])))
    await deaf.write(HANDSHAKE)
    await deaf.read_until(b"\r\n\r\n")
    gone = left(crowd, monkeypatch)
    waiting = []
    while not gone.done():
        await read(reader)
        waiting += [len(client.connection._write_buffer) for client in crowd.clients]
    assert 0 < max(waiting) <= backlog
    assert len(crowd.clients) == 1
    assert gone.result() not in crowd.clients
    await read(reader)
    deaf.close()


@pytest.mark.gen_test
async def test_a_crowd_may_leave_in_the_middle_of_a_broadcast(connect, start):
    """Clients come and go while others are told, and the log stays quiet."""
    url, crowd = start(answer, interval_ms=2)
    stays = await connect(url)
    for _ in range(5):
        guests = await asyncio.gather(*[connect(url) for _ in range(20)])
        for guest in guests[::2]:
            guest.stream = guest.protocol.stream
            guest.stream.close()
        for guest in guests[1::2]:
            guest.close()
        await read(stays)
    while len(crowd.clients) > 1:
        await read(stays)
    assert len(crowd.clients) == 1


def test_a_client_may_leave_while_it_is_told(io_loop):
    """Sending may end a connection; the broadcast goes on to the others."""
    crowd, told = broadcaster.Broadcaster("http://localhost:1/search", LONG), []

    class Leaving:
        def send(self, state):
            told.append(state)
            crowd.leave(self)

    crowd.clients = {Leaving() for _ in range(3)}
    crowd.broadcast(POSTS)
    assert told == [POSTS] * 3
    assert not crowd.clients


@pytest.mark.gen_test
async def test_two_applications_share_nothing(connect, start):
    """Each make_app has its own clients and its own state."""
    (url, crowd), (_, other) = start(answer, interval_ms=LONG), start(answer, interval_ms=LONG)
    client = await connect(url)
    await read_until(client, lambda state: state["posts"])
    assert len(crowd.clients) == 1
    assert not other.clients
    assert other.last["posts"] == []


@pytest.mark.gen_test
async def test_a_client_that_talks_is_not_minded(connect, start):
    """It hears on, and the log stays quiet."""
    url, crowd = start(answer, interval_ms=20)
    client = await connect(url)
    await client.write_message("Hello?")
    await client.write_message(b"\x00\xff", binary=True)
    for _ in range(3):
        await read(client)
    assert len(crowd.clients) == 1


@pytest.mark.gen_test
async def test_a_client_that_shouts_is_closed(connect, start, monkeypatch):
    """A message larger than anybody needs is not taken into memory."""
    url, crowd = start(answer, interval_ms=LONG)
    client = await connect(url)
    gone = left(crowd, monkeypatch)
    with contextlib.suppress(WebSocketClosedError):
        await client.write_message("x" * 2000)
    await gone
    assert not crowd.clients


@pytest.mark.gen_test
async def test_a_page_of_somebody_else_is_refused(connect, start):
    """A browser tells where a page is from; ours only may listen."""
    url, _ = start(answer)
    request = HTTPRequest(url, headers={"Origin": "http://example.com"})
    with ExpectLog("tornado.access", "403"), pytest.raises(HTTPClientError, match="403"):
        await connect(request)
