"""What an operator has: figures, health, a log without secrets, and a stop that loses nothing."""

import asyncio
import json
import re
import signal
import socket
import sys
import threading
import time
import uuid
from bisect import bisect_left
from contextlib import closing

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.testing import ExpectLog, bind_unused_port
from tornado.websocket import websocket_connect

from slides import serve
from slides.room import views
from slides.room.access import Access
from slides.room.bus import MemoryBus
from slides.room.hub import Hub
from slides.room.metrics import BOUNDS
from slides.room.protocol import Question, Show
from slides.room.store import Store, StoreFull
from slides.room.waiting import until
from slides.serve import faces
from slides.serve.metrics import EVERY, Figures

from ..conftest import is_free
from ..slides.served import SECONDS, serving

TOKEN = "a-token-for-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
AUDIENCE, SPEAKER = 0, 1


class Server:
    """Both faces in this process."""

    def __init__(self, deck, hub):
        sockets = [bind_unused_port()[0] for _ in (AUDIENCE, SPEAKER)]
        self.hub = hub
        self.sockets = []
        self.figures = Figures(hub)
        access = Access(TOKEN)
        apps = serve.make_apps(serve.Settings(deck=deck), hub, access, self.figures)
        self.faces = [faces.Face(app, [each]) for app, each in zip(apps, sockets, strict=True)]

    def url(self, path, face=AUDIENCE):
        """An address of a face."""
        return f"http://127.0.0.1:{self.faces[face].port}{path}"

    async def fetch(self, path, face=AUDIENCE, **options):
        """Ask over HTTP; the response, whatever its status."""
        return await AsyncHTTPClient().fetch(self.url(path, face), raise_error=False, **options)

    async def join(self, cookie=""):
        """A follower's socket, and what it was told first."""
        socket, state = await connect(self.url("/room"), cookie)
        self.sockets.append(socket)
        return socket, state

    async def figure(self, name, **labels):
        """What a scraper reads."""
        return sample((await self.fetch("/metrics")).body.decode(), name, **labels)

    async def close(self):
        """End it as a server ends."""
        for each in self.sockets:
            each.close()
        for face in self.faces:
            face.stop()
        await self.hub.say_goodbye(1)
        await asyncio.gather(*(face.drain() for face in self.faces))
        await self.hub.close()


def sample(text, name, **labels):
    """A value in Prometheus' text; None where there is none."""
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            if each.name == name and labels.items() <= each.labels.items():
                return each.value
    return None


@pytest.fixture
def deck(tmp_path):
    """A deck of one page."""
    folder = tmp_path / "deck"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Talk</title>")
    return folder


@pytest.fixture
def store(tmp_path):
    """Where the room's file is."""
    return tmp_path / "room.sqlite"


@pytest.fixture
def server(deck, store, io_loop):
    """A server with a room, on a bus."""
    made = Server(deck, Hub(Store(store), MemoryBus()))
    io_loop.run_sync(made.hub.start)
    yield made
    io_loop.run_sync(made.close)


async def connect(url, cookie=""):
    """A page's socket, and what it was told first."""
    url = url.replace("http", "ws", 1)
    socket = await websocket_connect(HTTPRequest(url, headers={"Cookie": cookie}))
    return socket, await hear(socket, "state")


async def hear(socket, kind, **fields):
    """The next message of a kind that has these fields."""
    while (text := await asyncio.wait_for(socket.read_message(), SECONDS)) is not None:
        heard = json.loads(text)
        if heard["type"] == kind and fields.items() <= heard.items():
            return heard
    raise AssertionError(f"closed with {socket.close_code} before {kind}")


async def leave(socket):
    """Close a connection, and wait until it is."""
    socket.close()
    await all_until_closed(socket)


async def all_until_closed(socket):
    """The code that a connection is closed with, and all that is told before."""
    heard = []
    while (text := await asyncio.wait_for(socket.read_message(), SECONDS)) is not None:
        heard.append(json.loads(text))
    code = socket.close_code
    socket.close()
    return code, heard


def ask(socket, number=0):
    """Ask a question; its key."""
    key = str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))
    socket.write_message(json.dumps({"type": "question", "key": key, "text": f"Why {number}?"}))
    return key


# Figures.


@pytest.mark.gen_test
async def test_the_figures_tell_who_is_here_and_what_was_said(server):
    """Followers, messages told, refused and kept, with how long that took."""
    follower, _ = await server.join(f"follower={'f' * 22}")
    await server.join(f"follower={'g' * 22}")
    follower.write_message("nonsense")
    await hear(follower, "refused")
    await hear(follower, "ok", key=ask(follower))
    assert await server.figure("room_followers") == 2
    assert await server.figure("room_speakers") == 0
    assert await server.figure("room_refused_total") == 1
    assert await server.figure("room_kept_seconds_count") == 1
    assert await server.figure("room_deliveries_total") >= 4
    assert await server.figure("room_bus_connected") == 1
    assert await server.figure("room_store_failing") == 0


@pytest.mark.gen_test
async def test_requests_are_counted_by_route_and_status(server):
    """However many addresses somebody makes up, they are one line."""
    await server.fetch("/")
    with ExpectLog("tornado.access", "404"):
        for number in range(3):
            await server.fetch(f"/no-such-page-{number}")
    assert await server.figure("http_requests_total", handler="DeckHandler", status="200") == 1
    assert await server.figure("http_requests_total", handler="DeckHandler", status="404") == 3
    assert await server.figure("http_request_seconds_count", handler="DeckHandler") == 4


@pytest.mark.gen_test
async def test_a_blocked_loop_is_seen_in_the_figures(server):
    """It is as late as it was blocked for, beyond the time it would have slept."""
    watch = asyncio.create_task(server.figures.watch_loop())
    await asyncio.sleep(0)
    time.sleep(EVERY + 0.3)  # noqa: ASYNC251  this is the block
    assert await until(lambda: server.figures.late.sum > 0, SECONDS)
    watch.cancel()
    assert server.figures.late.sum >= 0.3
    assert sum(server.figures.late.counts[: bisect_left(BOUNDS, 0.3)]) == 0


@pytest.mark.gen_test
@pytest.mark.parametrize("face", [AUDIENCE, SPEAKER])
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.0.2.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Host": "rebound.example"},
        {"X-Real-IP": "127.0.0.1", "Authorization": "Bearer wrong"},
    ],
)
async def test_through_a_proxy_or_another_name_there_are_no_figures(server, face, headers):
    """Even from this machine: a proxy asks for everybody."""
    with ExpectLog("tornado.access", "404"):
        assert (await server.fetch("/metrics", face, headers=headers)).code == 404


@pytest.mark.gen_test
async def test_the_token_opens_the_figures_through_a_proxy_too(server):
    """As a scraper sends it."""
    headers = {"X-Forwarded-For": "192.0.2.1", **BEARER}
    assert (await server.fetch("/metrics", headers=headers)).code == 200


@pytest.mark.gen_test
async def test_who_guesses_the_token_at_the_figures_has_to_wait(server):
    """As at the speaker's own address."""
    headers = {"X-Forwarded-For": "192.0.2.1", "Authorization": "Bearer guess"}
    with ExpectLog("tornado.access", "4(04|29)"):
        codes = [(await server.fetch("/metrics", headers=headers)).code for _ in range(11)]
    assert codes == [404] * 10 + [429]


@pytest.mark.gen_test
async def test_without_prometheus_client_the_package_is_named(server, monkeypatch):
    """All else works."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with ExpectLog("tornado.access", "501"):
        answer = await server.fetch("/metrics")
    assert (answer.code, "prometheus-client" in answer.reason) == (501, True)
    assert (await server.fetch("/healthz")).code == 200


# Health.


async def health(server):
    """The status and what the health check says."""
    answer = await server.fetch("/healthz")
    return answer.code, json.loads(answer.body)


@pytest.mark.gen_test
async def test_a_room_without_its_bus_is_degraded_and_in_service(server):
    """It is slower by a second, and nothing is lost."""
    assert (await health(server))[1]["status"] == "ok"
    server.hub.bus.connected = False
    code, said = await health(server)
    assert (code, said["status"], said["bus"], said["store"]) == (200, "degraded", "away", "ready")


@pytest.mark.gen_test
async def test_a_store_that_cannot_be_written_is_ill_and_gets_well_by_itself(server, monkeypatch):
    """Nobody has to say anything for that."""
    ledger = server.hub.store._ledger
    probed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(*_):
        loop.call_soon_threadsafe(probed.set)
        raise StoreFull("The server's disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "keep", fail)
        broken.setattr(ledger, "probe", fail)
        with pytest.raises(StoreFull):
            await server.hub.say("f" * 22, Question(str(uuid.uuid4()), "Why?"))
        probed.clear()
        await probed.wait()
        with ExpectLog("tornado.access", "503"):
            code, said = await health(server)
        assert (code, said["status"], said["store"]) == (503, "ill", "failing")
        assert await server.figure("room_unkept_total") == 1
    assert await until(lambda: not server.hub.store.is_failing, SECONDS)
    assert (await health(server))[0] == 200


@pytest.mark.gen_test
async def test_what_another_process_kept_and_could_not_tell_is_told(server, store):
    """It was killed between keeping and telling; the bus is there all the while."""
    follower, _ = await server.join()
    other = Store(store)
    await other.keep("", Show("elsewhere"))
    await hear(follower, "show", slide="elsewhere")
    await other.close()


@pytest.mark.gen_test
async def test_who_joins_in_the_same_moment_is_told_the_newest(server):
    """What is encoded once for many is made anew as soon as anything changes."""
    for number in range(30):
        await server.hub.say("", Show(f"slide-{number}"))
        for _ in range(2):
            socket, state = await server.join()
            assert state["slide"] == f"slide-{number}"
            socket.close()


@pytest.mark.gen_test
async def test_many_who_join_in_one_moment_are_told_what_was_made_once(server, monkeypatch):
    """A room comes at once, and what it is told is large."""
    made = []
    state = views.state
    monkeypatch.setattr(views, "state", lambda *talk: made.append(talk) or state(*talk))
    everybody = [server.join() for _ in range(200)]
    told = [state for _, state in await asyncio.gather(*everybody)]
    assert len(told) == 200
    assert len(made) < len(told) / 2


# The log.


def lines_of(served):
    """What a server that ended has said, without the two lines that say where it is."""
    served.process.terminate()
    out, _ = served.process.communicate(timeout=SECONDS)
    return out.splitlines()


async def use(served):
    """Everything that has the token in its address, and a follower's socket."""
    client = AsyncHTTPClient()
    token = served.speaker.partition("=")[2]
    speaker = served.speaker.partition("?")[0]
    await client.fetch(served.url)
    for path in ("", "questions.csv", "no-such-file", "room"):
        for name in ("token", "tok%65n"):
            await client.fetch(f"{speaker}{path}?{name}={token}&x=1", raise_error=False)
    await client.fetch(f"{speaker}?token=a-wrong-guess", raise_error=False)
    await client.fetch(f"{served.url}metrics?token={token}", headers={"Via": "x"})
    socket, _ = await connect(f"{served.url}room")
    await leave(socket)
    return token


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_token_is_in_no_log(deck, form):
    """Neither the right one nor a wrong guess, however it is written; the rest is there."""
    with serving(deck, "--log-format", form) as served:
        token = asyncio.run(use(served))
        log = "\n".join(lines_of(served))
    assert log.count("/speaker/questions.csv") == 2
    assert log.count("/speaker/room") == 2
    assert token not in log and "guess" not in log


def test_the_json_log_has_one_object_a_line(deck):
    """With what is known of each request, and the same time for all machines."""
    with serving(deck, "--log-format", "json") as served:
        asyncio.run(use(served))
        lines = [json.loads(line) for line in lines_of(served)]
    first = lines[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first["time"])
    assert first["ms"] >= 0
    known = {"method": "GET", "path": "/", "status": 200, "remote": "127.0.0.1"}
    known |= {"bytes": (deck / "index.html").stat().st_size, "websocket": False}
    assert known.items() <= first.items()
    opened = [each for each in lines if each.get("path") == "/room"]
    assert [(each["status"], each["websocket"]) for each in opened] == [(101, True)]


# The stop.


@pytest.mark.gen_test
async def test_what_was_said_before_a_stop_is_answered(server, monkeypatch):
    """The disk is slow just then; who was heard is told so before the connection is closed."""
    follower, _ = await server.join()
    written, keep = threading.Event(), server.hub.store._ledger.keep
    monkeypatch.setattr(
        server.hub.store._ledger, "keep", lambda batch: written.wait(SECONDS) and keep(batch)
    )
    key = ask(follower)
    assert await until(lambda: server.hub.answering > 0, SECONDS)
    stopping = asyncio.create_task(server.hub.say_goodbye(SECONDS))
    await asyncio.sleep(0)
    written.set()
    code, told = await all_until_closed(follower)
    assert {"type": "ok", "key": key} in told
    assert code == 1012
    await stopping


@pytest.mark.gen_test
async def test_who_comes_while_it_stops_is_told_to_come_back(server):
    """Over a connection that was open already."""
    server.hub.is_stopping = True
    late = await websocket_connect(server.url("/room").replace("http", "ws", 1))
    server.sockets.append(late)
    assert (await all_until_closed(late))[0] == 1012


def test_a_stop_tells_every_page_to_come_back(deck, store):
    """Followers and the speaker alike; what was acknowledged is there for who takes over."""

    async def talk(served):
        token = served.speaker.partition("=")[2]
        room = f"{served.url}room"
        followers = [(await connect(room, f"follower={n:022}"))[0] for n in range(20)]
        url = served.speaker.partition("?")[0] + "room"
        speaker, _ = await connect(url, f"speaker-{served.port + 1}={token}")
        speaker.write_message(json.dumps({"type": "show", "slide": "last"}))
        await hear(followers[-1], "show", slide="last")
        keys = [ask(follower, number) for number, follower in enumerate(followers)]
        await hear(followers[0], "ok", key=keys[0])
        served.process.send_signal(signal.SIGTERM)
        ends = await asyncio.gather(*map(all_until_closed, [*followers, speaker]))
        oks = [each["key"] for _, told in ends for each in told if each["type"] == "ok"]
        return {code for code, _ in ends}, oks

    with serving(deck, store=store) as served:
        codes, acknowledged = asyncio.run(talk(served))
        assert served.process.wait(SECONDS) == 0
        assert is_free(served.port) and is_free(served.port + 1)
    assert codes == {1012}
    with serving(deck, store=store) as served:
        state = asyncio.run(state_of(served))
    assert state["slide"] == "last"
    asked = {each["key"] for each in state["questions"]}
    assert set(acknowledged) <= asked and len(asked) == len(state["questions"])


async def state_of(served):
    """What somebody is told who joins."""
    socket, state = await connect(f"{served.url}room")
    await leave(socket)
    return state


def test_a_page_that_does_not_answer_holds_no_stop_up(deck):
    """A telephone that was put away, in mid-handshake or after it; the status is still 0."""

    async def open_and_be_still(served):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(
            b"GET /room HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        served.process.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(served.process.wait, SECONDS)
        writer.close()
        await writer.wait_closed()
        return status

    with serving(deck) as served:
        assert asyncio.run(open_and_be_still(served)) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_twice_it_ends_at_once(deck, number):
    """A download that would be waited for is not; the first signal alone would end with 0."""
    with (deck / "film.bin").open("wb") as film:
        film.truncate(64 * 1024 * 1024)
    with serving(deck) as served, closing(socket.socket()) as slow:
        slow.connect(("127.0.0.1", served.port))
        slow.sendall(b"GET /film.bin HTTP/1.0\r\n\r\n")
        assert slow.recv(1)
        served.process.send_signal(number)
        while not is_free(served.port):
            pass
        assert served.process.poll() is None
        served.process.send_signal(number)
        assert served.process.wait(SECONDS) == -number
