"""`serve`: one server a port on the running loop, found where it moved, gone when stopped."""

import asyncio
import contextlib
import logging
import os
import socket
import time

import psutil
import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect

from slides.live import finish, serve, sh
from slides.live.panel import panel_url
from slides.live.stage import stage

pytestmark = pytest.mark.usefixtures("clean_stage")
within = pytest.mark.gen_test(timeout=30)


@pytest.fixture
def clean_stage(io_loop, monkeypatch):
    """Present, not record; and stop afterwards all that the test served."""
    monkeypatch.delenv("SLIDES_RECORD", raising=False)
    yield
    io_loop.run_sync(finish, timeout=30)


@pytest.fixture
def port(free_port):
    """A port that was free a moment ago."""
    return free_port()


class Says(RequestHandler):
    """Answers with a fixed text."""

    def initialize(self, text):
        self.text = text

    def get(self):
        self.write(self.text)


class Fails(RequestHandler):
    """Fails in a line of its own code."""

    def get(self):
        raise LookupError("no such shelf")


class Blocks(RequestHandler):
    """Blocks the loop for as long as it is asked to."""

    def get(self):
        time.sleep(float(self.get_argument("s")))


class Listens(WebSocketHandler):
    """A websocket that waits for a client to speak."""


def make_app(text="hello"):
    """An application with a page, a failure, a block and a websocket."""
    routes = [("/", Says, {"text": text}), ("/fail", Fails), ("/block", Blocks), ("/ws", Listens)]
    return Application(routes)


async def body(url):
    """Fetch a page with a client that was made after the servers were."""
    client = AsyncHTTPClient(force_instance=True)
    try:
        return (await client.fetch(url)).body.decode()
    finally:
        client.close()


def listening_on(port):
    """Count this process's listening sockets on a port."""
    connections = psutil.Process(os.getpid()).net_connections("tcp")
    return sum(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)


@within
async def test_an_application_answers_on_the_port_it_asked_for(port):
    """The page is there under the address and the real URL alike."""
    server = await serve(make_app(), port=port)
    assert server.port == port
    assert await body(server.address) == await body(server.url) == "hello"


@within
async def test_serving_again_replaces_and_never_stacks(port):
    """The second application answers, on as many sockets as the first one had."""
    first = await serve(make_app("first"), port=port)
    sockets = listening_on(port)
    second = await serve(make_app("second"), port=port)
    assert sockets >= 1
    assert listening_on(port) == sockets
    assert await body(second.url) == "second"
    assert (first.state, second.state) == ("replaced", "running")


@within
async def test_a_replaced_server_closes_its_websockets(port):
    """A client of the old application hears the end instead of waiting for ever."""
    server = await serve(make_app(), port=port)
    client = await websocket_connect(server.ws_url + "ws")
    await serve(make_app(), port=port)
    assert await client.read_message() is None
    client.close()


@within
async def test_cells_run_again_at_the_same_time_leave_one_server(port):
    """Three calls that overlap end with one running server."""
    servers = await asyncio.gather(*(serve(make_app(str(n)), port=port) for n in range(3)))
    assert [server.state for server in servers].count("running") == 1
    running = next(server for server in servers if server.state == "running")
    assert (
        await body(running.url)
        == running.app.default_router.rules[0].target.rules[0].target_kwargs["text"]
    )


@within
async def test_servers_on_two_ports_stand_side_by_side(port):
    """A second port is a second server, and the first one goes on."""
    first = await serve(make_app("first"), port=port)
    second = await serve(make_app("second"), port=0)
    assert await body(first.url) == "first"
    assert await body(second.url) == "second"


@within
async def test_a_foreign_port_moves_the_server_but_not_its_address(port):
    """The panel says so; curl and Tornado's own client still reach it under the address."""
    with contextlib.closing(socket.create_server(("127.0.0.1", port))):
        server = await serve(make_app("ours"), port=port)
        assert server.port != port
        assert str(port) in server.note
        assert await body(server.address) == "ours"
        assert (await sh(f"curl -s {server.address} | cat")).output == "ours"


@within
async def test_stopping_frees_the_port_and_starting_takes_it_again(port):
    """What the panel's button does."""
    server = await serve(make_app(), port=port)
    await server.stop()
    assert listening_on(port) == 0
    assert server.state == "stopped"
    await server.start()
    assert await body(server.url) == "hello"


@within
async def test_an_applications_own_work_starts_and_stops_with_its_server(port):
    """Methods `start` and `stop` are called, and awaited where they are coroutines."""
    said = []

    class Working(Application):
        def start(self):
            said.append("start")

        async def stop(self):
            await asyncio.sleep(0)
            said.append("stop")

    server = await serve(Working([]), port=port)
    assert said == ["start"]
    await server.stop()
    assert said == ["start", "stop"]


@within
async def test_the_log_has_the_request_and_a_short_error(port, caplog):
    """An exception is two lines: what it was, and where in the program's own code."""
    server = await serve(make_app(), port=port)
    with pytest.raises(HTTPClientError):
        await body(server.url + "fail")
    kinds = [line.kind for line in server.log.lines]
    texts = [line.text for line in server.log.lines]
    assert kinds == ["error", "error", "problem"]
    assert texts[0] == "LookupError: no such shelf"
    assert "test_live.py" in texts[1]
    assert 'raise LookupError("no such shelf")' in texts[1]
    assert texts[2].startswith("500 GET /fail")
    caplog.clear()  # it was expected


@within
async def test_errors_reach_the_log_of_the_server_they_happened_in(port, caplog):
    """With two servers up, the quiet one's log stays empty."""
    failing = await serve(make_app(), port=port)
    quiet = await serve(make_app(), port=0)
    with pytest.raises(HTTPClientError):
        await body(failing.url + "fail")
    assert failing.log.lines
    assert not quiet.log.lines
    caplog.clear()  # it was expected


@within
async def test_an_application_with_a_log_of_its_own_keeps_it(port):
    """`log_function` is set only where the application has none."""
    seen = []
    app = Application([("/", Says, {"text": ""})], log_function=seen.append)
    server = await serve(app, port=port)
    await body(server.url)
    assert len(seen) == 1
    assert not server.log.lines


@within
async def test_a_handlers_own_warning_is_in_its_servers_log(port, caplog):
    """Whatever logger it uses, what a program says in a request belongs to its server."""

    class Warns(RequestHandler):
        def get(self):
            logging.getLogger("of.its.own").warning("the shelf is %s", "full")

    server = await serve(Application([("/", Warns)]), port=port)
    await body(server.url)
    assert next(line.text for line in server.log.lines) == "the shelf is full"
    caplog.clear()  # it was expected


@within
async def test_a_server_is_named_after_the_module_of_its_handlers(port):
    """The name given wins; without one it is the module, but not a notebook's."""
    assert (await serve(make_app(), port=port)).name == __name__.rpartition(".")[2]
    assert (await serve(make_app(), port=port, name="mine")).name == "mine"
    in_cell = type("InCell", (RequestHandler,), {"__module__": "__main__"})
    assert (await serve(Application([("/", in_cell)]), port=port)).name is None


@within
async def test_a_blocked_loop_is_one_long_stretch_without_ticks(port):
    """The longest pause between ticks is about as long as the handler slept."""
    server = await serve(make_app(), port=port)
    ticks = []
    enough = asyncio.Event()

    def note(now, lag):
        ticks.append((now, lag))
        if lag > 0.4 or len(ticks) > 200:
            enough.set()

    stage().meter.listen(note)
    await body(server.url + "block?s=0.6")
    await enough.wait()
    stage().meter.ignore(note)
    latest, lag = max(ticks, key=lambda tick: tick[1])
    before = max(now for now, _ in ticks if now < latest) if len(ticks) > 1 else latest - lag
    assert lag > 0.4
    assert latest - before >= lag


async def answer(url, **headers):
    """Fetch from the control server; give the response whatever its status."""
    client = AsyncHTTPClient(force_instance=True)
    try:
        return await client.fetch(HTTPRequest(url, headers=headers), raise_error=False)
    finally:
        client.close()


@within
async def test_a_panel_is_shown_only_to_who_knows_its_token(port):
    """The page comes with its token, and neither without it nor under a foreign name."""
    url = panel_url(await serve(make_app(), port=port))
    page = await answer(url)
    assert page.code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert (await answer(url.replace(stage().control.token, "guess"))).code == 404
    assert (await answer(url, Host="evil.example")).code == 403


@within
async def test_a_panels_socket_refuses_a_page_from_elsewhere(port):
    """A page of another origin cannot stop the server, even if it learned the address."""
    url = panel_url(await serve(make_app(), port=port)).replace("http:", "ws:") + "socket"
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(HTTPRequest(url, headers={"Origin": "http://evil.example"}))
    assert refused.value.code == 403
    client = await websocket_connect(url)
    assert '"state": "running"' in await client.read_message()
    client.close()
