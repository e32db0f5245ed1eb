"""Demos in the deck's server: their clients are the room's, bounded, and seen from outside."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sys

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.testing import ExpectLog, bind_unused_port
from tornado.websocket import websocket_connect

from demos.catalog import demos
from slides.notebook import ROOT
from slides.production.private import Layout, write
from slides.room.access import Access
from slides.room.limits import Limit, Rate
from slides.room.mounted import SLOW, Live
from slides.room.onlookers import Onlookers, live_routes, speakers_live_routes

TOKEN = "a-token-for-the-tests"
MOUNTED = sorted(demo.name for demo in demos() if "room" in demo.where)
WEBSOCKETS = {"broadcaster": "updates", "poll": "votes"}


class Stage:
    """Both faces of a server with the demos, on one free port."""

    def __init__(self, most):
        self.live = Live(most)
        self.live.start()
        self.onlookers = Onlookers(self.live)
        sock, self.port = bind_unused_port()
        guesses = Limit(Rate(10, 1))
        app = tornado.web.Application(
            [
                *live_routes(self.onlookers),
                *speakers_live_routes(self.onlookers, Access(TOKEN), guesses),
            ]
        )
        self.server = HTTPServer(app)
        self.server.add_socket(sock)
        self.sockets = []

    async def fetch(self, path, method="GET", speaker=False, **options):
        """Ask over HTTP; the response, whatever its status."""
        headers = options.pop("headers", {}) | (self.cookie() if speaker else {})
        body = "" if method in ("POST", "PUT") else None
        request = HTTPRequest(self.url(path), method, headers, body, **options)
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    async def connect(self, path, headers=None):
        """Open a websocket."""
        request = HTTPRequest(self.url(path).replace("http", "ws"), headers=headers)
        self.sockets.append(await websocket_connect(request))
        return self.sockets[-1]

    async def join(self, name):
        """Become a client of a demo, and hear its first message."""
        client = await self.connect(f"/live/{name}/{WEBSOCKETS[name]}")
        await read(client)
        return client

    def url(self, path):
        """An address of this server."""
        return f"http://127.0.0.1:{self.port}{path}"

    def cookie(self):
        """What the speaker's browser has."""
        return {"Cookie": f"speaker-{self.port}={TOKEN}"}

    async def close(self):
        """End it as a server ends."""
        for each in self.sockets:
            each.close()
        self.server.stop()
        await self.server.close_all_connections()
        await self.live.stop()


@pytest.fixture
def open_stage(io_loop):
    """Serves the demos: `stage = open_stage(most=3)`."""
    stages = []

    def start(most=100):
        stages.append(Stage(most))
        return stages[-1]

    async def end():
        for stage in stages:
            await stage.close()

    yield start
    io_loop.run_sync(end)


async def read(client):
    """The next message of a websocket."""
    text = await asyncio.wait_for(client.read_message(), 20)
    assert text is not None, "the connection was closed"
    return json.loads(text)


async def figures_until(onlooker, name, wanted):
    """The first figures of a demo that are wanted, and all before them."""
    seen = [(await read(onlooker))["demos"][name]]
    while not wanted(seen[-1]):
        seen.append((await read(onlooker))["demos"][name])
    return seen


@pytest.mark.gen_test
async def test_what_is_mounted_is_what_says_so(open_stage):
    """The list is that of the docstrings, and each demo answers with its page."""
    stage = open_stage()
    assert {"broadcaster", "poll"} <= set(MOUNTED)
    assert json.loads((await stage.fetch("/live.json")).body) == {"demos": MOUNTED}
    for name in MOUNTED:
        page = await stage.fetch(f"/live/{name}/")
        assert page.code == 200
        assert b"<!DOCTYPE html>" in page.body
        assert page.headers["Content-Security-Policy"] == "frame-ancestors 'self'"


@pytest.mark.gen_test
@pytest.mark.parametrize("name", MOUNTED)
async def test_relative_addresses_begin_behind_the_slash(open_stage, name):
    """Without it one is sent there."""
    answer = await open_stage().fetch(f"/live/{name}", follow_redirects=False)
    assert (answer.code, answer.headers["Location"]) == (302, f"/live/{name}/")


@pytest.mark.gen_test
async def test_all_clients_hear_the_same_broadcast(open_stage):
    """The broadcaster asks the search service that was started beside it."""
    stage = open_stage()
    clients = [await stage.join("broadcaster") for _ in range(3)]
    heard = []
    for client in clients:
        while not (state := await read(client))["posts"]:
            assert state["trouble"] == ""
        heard.append(state)
    assert heard[0] == heard[1] == heard[2]


@pytest.mark.gen_test
@pytest.mark.parametrize("name", MOUNTED)
@pytest.mark.parametrize(
    "path",
    ["../../pyproject.toml", "..%2f..%2fpyproject.toml", "static/x", "broadcaster.html", "//etc"],
)
async def test_no_file_is_served(open_stage, name, path):
    """A demo has its own addresses, and nothing else is an address."""
    with ExpectLog("tornado.access", "404"):
        assert (await open_stage().fetch(f"/live/{name}/{path}")).code == 404


@pytest.mark.gen_test
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_the_audience_looks_and_does_not_do(open_stage, method):
    """The poll is run by the speaker alone."""
    stage = open_stage()
    with ExpectLog("tornado.access", "405"):
        answer = await stage.fetch("/live/poll/run", method, allow_nonstandard_methods=True)
    assert answer.code == 405
    voter = await stage.connect("/live/poll/votes")
    assert not (await read(voter))["running"]


@pytest.mark.gen_test
async def test_the_speaker_runs_the_poll_that_the_audience_votes_in(open_stage):
    """Both prefixes lead to the same program."""
    stage = open_stage()
    voter = await stage.join("poll")
    await voter.write_message("0")
    assert (await read(voter))["votes"] == 1
    answer = await stage.fetch("/speaker/live/poll/run", "POST", speaker=True)
    assert json.loads(answer.body)["counts"] == [1, 0, 0, 0]
    while "counts" not in (state := await read(voter)):
        pass
    assert state["counts"] == [1, 0, 0, 0]


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "live.json"),
        ("GET", "live/poll/"),
        ("POST", "live/poll/run"),
        ("POST", "live.slow/broadcaster"),
        ("GET", "live.figures"),
    ],
)
async def test_without_the_token_nothing_of_the_speakers_is_there(open_stage, method, path):
    """And with it not for a page of another server."""
    stage = open_stage()
    with ExpectLog("tornado.access", "401"):
        assert (await stage.fetch(f"/speaker/{path}", method)).code == 401
    with ExpectLog("tornado.access", "403"):
        answer = await stage.fetch(
            f"/speaker/{path}", method, speaker=True, headers={"Origin": "http://evil.example"}
        )
    assert answer.code == 403


@pytest.mark.gen_test
@pytest.mark.parametrize("name", MOUNTED)
async def test_only_pages_of_the_name_that_was_asked_may_connect(open_stage, name):
    """Behind a proxy that hands on `Host`, that is the name in the reader's address bar."""
    stage = open_stage()
    path = f"/live/{name}/{WEBSOCKETS[name]}"
    await stage.connect(path, {"Host": "talk.example", "Origin": "https://talk.example"})
    with ExpectLog("tornado.access", "403"), pytest.raises(HTTPClientError, match="403"):
        await stage.connect(path, {"Host": "talk.example", "Origin": "http://evil.example"})
    assert stage.live.figures()[name]["clients"] == 1


@pytest.mark.gen_test
@pytest.mark.parametrize("name", MOUNTED)
async def test_clients_are_bounded_and_who_leaves_makes_room(open_stage, name):
    """One more than there may be is told to come later; the others stay."""
    stage = open_stage(most=2)
    first, second = await stage.join(name), await stage.join(name)
    with ExpectLog("tornado.access", "503"), pytest.raises(HTTPClientError, match="503"):
        await stage.join(name)
    onlooker = await stage.connect("/live.figures")
    first.close()
    await figures_until(onlooker, name, lambda each: each["clients"] == 1)
    await stage.join(name)
    assert stage.live.figures()[name]["clients"] == 2
    second.close()


@pytest.mark.gen_test
@pytest.mark.parametrize("name", MOUNTED)
async def test_who_comes_at_once_with_others_is_counted(open_stage, name):
    """A room opens a slide in one moment; one more than the bound is one too many then, too."""
    stage = open_stage(most=30)
    await asyncio.gather(*[stage.join(name) for _ in range(30)])
    assert stage.live.figures()[name]["clients"] == 30
    with ExpectLog("tornado.access", "503"), pytest.raises(HTTPClientError, match="503"):
        await stage.join(name)


@pytest.mark.gen_test
async def test_what_asks_for_no_websocket_is_no_client(open_stage):
    """A page that is fetched, and one that asks for another protocol."""
    stage = open_stage(most=1)
    for headers in ({}, {"Upgrade": "h2c", "Connection": "Upgrade"}):
        assert (await stage.fetch("/live/poll/", headers=headers)).code == 200
    assert stage.live.figures()["poll"]["clients"] == 0
    await stage.join("poll")


@pytest.mark.gen_test
async def test_a_slow_client_is_seen_to_queue_and_dropped_and_nobody_waits(open_stage):
    """The bytes that wait for it grow up to the bound; a client that reads never has any."""
    stage = open_stage()
    reader = await stage.join("broadcaster")
    heard = []

    async def listen():
        while True:
            heard.append(await read(reader))

    listening = asyncio.ensure_future(listen())
    onlooker = await stage.connect("/live.figures")
    answer = await stage.fetch("/speaker/live.slow/broadcaster", "POST", speaker=True)
    assert answer.code == 204
    seen = await figures_until(onlooker, "broadcaster", lambda each: each["dropped"])
    listening.cancel()
    queued = [each["queued"] for each in seen]
    grown = [size for size in queued if size]
    assert len(set(grown)) > 2 and grown == sorted(grown)
    assert max(queued) <= 8 * 1024
    assert max(each["waiting"] for each in seen) == 1
    assert max(each["clients"] for each in seen) == 2
    assert seen[-1] == {**seen[-1], "clients": 1, "waiting": 0, "queued": 0, "dropped": 1}
    assert len(heard) > len(grown)


@pytest.mark.gen_test
async def test_slow_clients_are_few(open_stage):
    """Whatever the speaker presses; and only where there is a demo."""
    stage = open_stage()
    with ExpectLog("tornado.access", "4(04|09)"):
        codes = [
            (await stage.fetch("/speaker/live.slow/broadcaster", "POST", speaker=True)).code
            for _ in range(SLOW + 1)
        ]
        nowhere = await stage.fetch("/speaker/live.slow/hello", "POST", speaker=True)
    assert codes == [*[204] * SLOW, 409]
    assert nowhere.code == 404


@pytest.mark.gen_test
async def test_figures_come_once_a_second_with_the_loops_lag(open_stage):
    """At once, then in their time; a block of the loop is among the lags."""
    stage = open_stage()
    loop = asyncio.get_running_loop()
    onlooker = await stage.connect("/live.figures")
    first = await read(onlooker)
    assert first == {"type": "figures", "lags": [], "demos": stage.live.figures()}
    await read(onlooker)
    began = loop.time()
    for _ in range(2):
        message = await read(onlooker)
    assert loop.time() - began > 1.9 * 0.95
    assert 1 <= len(message["lags"]) <= 20
    assert min(message["lags"]) >= 0


@pytest.mark.gen_test
async def test_nothing_is_measured_while_nobody_looks_on(open_stage):
    """The last onlooker ends it, and the next one begins it."""
    stage = open_stage()
    for _ in range(2):
        onlooker = await stage.connect("/live.figures")
        await read(onlooker)
        telling = stage.onlookers._telling
        assert telling is not None
        onlooker.close()
        await asyncio.wait([telling])
        assert telling.cancelled()
        assert stage.onlookers._telling is None


@pytest.mark.gen_test
async def test_the_end_leaves_no_server_behind(open_stage):
    """The search service that stood beside is gone with the demos."""
    stage = open_stage()
    [beside] = stage.live._beside
    [port] = {each.getsockname()[1] for each in beside._sockets.values()}
    await stage.live.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()


@pytest.fixture
def nginx(needs, tmp_path, free_port, io_loop):
    """Starts the repository's nginx before a stage: `port = await nginx(stage)`."""
    needs("nginx-light")
    processes = []

    async def start(stage):
        places = {"deck": tmp_path, "folder": tmp_path / "run", "python": sys.executable}
        user, port = "root", free_port()
        layout = Layout(
            ROOT, **places, user=user, address="127.0.0.1", port=port, behind=stage.port, workers=1
        )
        write(layout)
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        directives = "daemon off; pid nginx.pid; error_log stderr;"
        if os.geteuid() == 0:
            directives += " user root root;"
        configuration = ("-p", layout.folder, "-c", layout.folder / "nginx.conf", "-g", directives)
        pipe = asyncio.subprocess.DEVNULL
        processes.append(await asyncio.create_subprocess_exec(program, *configuration, stderr=pipe))
        while processes[-1].returncode is None:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            await asyncio.sleep(0.01)  # a port that opens in another process tells nobody
        return port

    async def end():
        for process in processes:
            process.terminate()
            await process.wait()

    yield start
    io_loop.run_sync(end)


@pytest.mark.gen_test(timeout=60)
async def test_behind_nginx_the_readers_own_page_may_connect_and_no_other(open_stage, nginx):
    """By the name and the port in the reader's address bar, and the figures come through, too."""
    stage = open_stage()
    port = await nginx(stage)
    own = f"http://127.0.0.1:{port}"

    async def connect(path, origin):
        url = f"ws://127.0.0.1:{port}{path}"
        stage.sockets.append(await websocket_connect(HTTPRequest(url, headers={"Origin": origin})))
        return stage.sockets[-1]

    for path in ("/live/broadcaster/updates", "/live/poll/votes", "/live.figures"):
        await read(await connect(path, own))
        for foreign in (f"http://127.0.0.1:{stage.port}", "http://evil.example"):
            with ExpectLog("tornado.access", "403"), pytest.raises(HTTPClientError, match="403"):
                await connect(path, foreign)
    assert [each["clients"] for each in stage.live.figures().values()] == [1, 1]
    page = await AsyncHTTPClient().fetch(f"{own}/live/poll")
    assert page.effective_url == f"{own}/live/poll/"


@pytest.mark.gen_test
async def test_a_demo_that_cannot_be_made_is_left_out(monkeypatch):
    """The log tells why; the deck and the other demos are served."""

    def fail(*args, **kwargs):
        raise RuntimeError("no index")

    monkeypatch.setattr("demos.broadcaster.make_app", fail)
    live = Live()
    with ExpectLog("slides.room.mounted", "the room is without the demo broadcaster"):
        live.start()
    assert sorted(live.programs) == [name for name in MOUNTED if name != "broadcaster"]
    await live.stop()
