"""Programs that are run from the slides, as a page runs them: over a socket, with its guards."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
import tornado.web
from hypothesis import given, settings
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.testing import ExpectLog, bind_unused_port
from tornado.websocket import websocket_connect

from slides.room import LARGEST, audience, speaker
from slides.room.access import Access
from slides.room.bus import MemoryBus
from slides.room.fields import Refused
from slides.room.forks import ROOT, Forks
from slides.room.hub import Hub
from slides.room.messages import Message
from slides.room.orders import Kill, Run, Stop, parse_order
from slides.room.programs import names
from slides.room.runs import Runs, why_not_offered
from slides.room.store import Store
from slides.serve.files import Compressed
from slides.serve.handlers import UnderWay

from .sayings import anything, body, words

TOKEN = "a-token-for-the-tests"
HELLO = "demos/hello.py"
SECONDS = 40
IS_LINUX = sys.platform == "linux"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="programs run on Linux and macOS only")

# The launcher runs what a module has under this name, and this has no port.
FACTS = '"""It.\n\nShows: it\nTry:\n    it\nNeeds: it\nWhere: process\n"""\n'
PLAIN = "async def main():\n    run()\n"
WAITS = f"import time\ndef run():\n    print('there')\n    time.sleep(600)\n{PLAIN}"
# Leaves neither for Ctrl-C nor for the end of its parent, and has a child of its own session.
STUBBORN = f"""
import os, signal, subprocess, sys, time
def run():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = subprocess.Popen(sleep, start_new_session=True)
    print(os.getpid(), child.pid)
    time.sleep(600)
{PLAIN}"""


class Page:
    """A page with a socket: orders, and hears."""

    def __init__(self, socket):
        self.socket = socket

    def order(self, type, **fields):
        """Send an order."""
        self.socket.write_message(json.dumps({"type": type, **fields}))

    def run(self, source, *argv):
        """Run `evented`, which has no port, as if it was edited to this."""
        self.order("run", program="evented", argv=argv, files={"demos/evented.py": FACTS + source})

    async def hear(self, *kinds):
        """The next message of one of these kinds."""
        while True:
            text = await asyncio.wait_for(self.socket.read_message(), SECONDS)
            assert text is not None, "the connection was closed"
            heard = json.loads(text)
            if heard["type"] in kinds:
                return heard

    async def read(self, stream="stdout", until="\n"):
        """What a program writes, until it has written this, and this is the last."""
        text = ""
        while not text.endswith(until):
            heard = await self.hear("output")
            text += heard["text"] if heard["stream"] == stream else ""
        return text


class Server:
    """Both faces of a room on free ports; only the speaker's runs programs."""

    def __init__(self, folder, why=""):
        self.folder = folder
        self.hub = Hub(Store(folder / "room.sqlite"), MemoryBus())
        self.forks = Forks()
        self.runs = Runs(why, self.forks)
        access = Access(TOKEN)
        self.audience, self.port = HTTPServer(app(audience(self.hub))), 0
        routes = speaker(self.hub, access, folder, "http://127.0.0.1/", runs=self.runs)
        self.speaker = HTTPServer(app(routes))
        self.ports = []
        for server in (self.speaker, self.audience):
            sock, port = bind_unused_port()
            server.add_socket(sock)
            self.ports.append(port)
        self.port = self.ports[0]
        self.pages = []

    def request(self, path="/speaker/run", port=0, scheme="ws", **headers):
        """One that is let in, unless its headers say otherwise."""
        port = port or self.port
        known = {"Cookie": f"speaker-{port}={TOKEN}"}
        return HTTPRequest(f"{scheme}://127.0.0.1:{port}{path}", headers=known | headers)

    async def page(self):
        """One that runs programs."""
        self.pages.append(Page(await websocket_connect(self.request())))
        return self.pages[-1]

    async def close(self):
        """Leave nothing."""
        for page in self.pages:
            page.socket.close()
        await self.runs.close()
        for server in (self.speaker, self.audience):
            server.stop()
            await server.close_all_connections()
        await self.hub.close()


def app(routes):
    """As the deck's server makes them."""
    known = {"under_way": UnderWay(), "compressed": Compressed()}
    return tornado.web.Application(routes, websocket_max_message_size=LARGEST, **known)


@pytest.fixture
def serve(tmp_path, io_loop):
    """Starts a server: `await serve()`."""
    made = []

    async def make(why=""):
        made.append(Server(tmp_path, why))
        await made[-1].hub.start()
        made[-1].runs.start()
        return made[-1]

    async def end():
        for server in made:
            await server.close()

    yield make
    io_loop.run_sync(end, timeout=SECONDS)


async def fetch(port, path="/"):
    """What a program answers."""
    return (await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}{path}")).body.decode()


async def until(holds):
    """Wait for what tells nobody: the end of another's child, or of a file."""
    end = time.monotonic() + SECONDS / 2
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def gone(*pids):
    """Wait until none of these processes is there."""
    await until(lambda: not any(map(is_there, pids)))


def is_there(pid):
    """Whether a process is more than an entry of the dead."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(autouse=True)
def own_copies(tmp_path, monkeypatch):
    """Nobody else's edited programs are where this test's are."""
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))


def copies():
    """The folders of edited programs."""
    return set(Path(tempfile.gettempdir()).glob("demos-*"))


@pytest.mark.gen_test(timeout=SECONDS)
async def test_a_program_is_run_answers_and_is_stopped(serve):
    """What it writes is told as it writes it, and where it listens once it does."""
    page = await (await serve()).page()
    page.order("run", program="hello")
    assert await page.hear("starting", "refused") == {"type": "starting", "program": "hello"}
    port = (await page.hear("listening"))["port"]
    assert await fetch(port) == "Hello, world\n"
    page.order("stop")
    assert (await page.hear("ended"))["status"] == 0


@pytest.mark.gen_test(timeout=SECONDS)
async def test_what_was_edited_is_what_runs(serve):
    """In a copy, which is gone with the program; the file itself stays as it is."""
    page, before = await (await serve()).page(), copies()
    source = (ROOT / HELLO).read_text()
    page.order("run", program="hello", files={HELLO: source.replace("world", "wörld")})
    port = (await page.hear("listening", "refused"))["port"]
    assert await fetch(port) == "Hello, wörld\n"
    page.order("stop")
    await page.hear("ended")
    assert (ROOT / HELLO).read_text() == source
    assert copies() == before


@pytest.mark.gen_test(timeout=SECONDS)
async def test_programs_at_once_have_ports_of_their_own(serve):
    """A port that is taken, by another place or another program, is replaced by a free one."""
    server = await serve()
    first, second = await server.page(), await server.page()
    ports = []
    for page in (first, second):
        page.order("run", program="hello")
        ports.append((await page.hear("listening"))["port"])
    assert len(set(ports)) == 2
    assert [await fetch(port) for port in ports] == ["Hello, world\n"] * 2


@pytest.mark.gen_test(timeout=SECONDS)
async def test_what_stands_beside_a_program_starts_with_it(serve):
    """On a port that the program knows; a page is told of the program's own only."""
    server = await serve()
    other, page = await server.page(), await server.page()
    other.order("run", program="search")
    await other.hear("listening")
    page.order("run", program="fetch")
    port = (await page.hear("listening"))["port"]
    assert "posts" in json.loads(await fetch(port, "/api?q=tornado"))
    page.order("stop")
    assert await page.hear("listening", "ended") == {"type": "ended", "status": 0}


@pytest.mark.gen_test(timeout=SECONDS)
async def test_a_verb_of_a_program_is_its_own_command(serve):
    """Its errors come on their own stream, and its status is told."""
    page = await (await serve()).page()
    page.order("run", program="waiting", argv=["compare", "nonsense"])
    said = ""
    while "no mode 'nonsense'" not in said:  # after the usage, which may come by itself
        said += await page.read("stderr", "\n")
    assert (await page.hear("ended"))["status"] == 2


@pytest.mark.gen_test(timeout=SECONDS)
async def test_another_program_waits_until_the_first_is_over(serve):
    """One place runs one; the same port serves the next."""
    page = await (await serve()).page()
    ports = []
    for _ in range(3):
        page.order("run", program="hello")
        ports.append((await page.hear("listening"))["port"])
    assert len(set(ports)) == 1
    page.run(WAITS)
    assert (await page.hear("ended", "starting"))["type"] == "ended"
    assert await page.read() == "there\n"


@pytest.mark.gen_test(timeout=SECONDS)
@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_loop_that_never_waits_is_killed(serve, how):
    """Asked politely, it has a moment; it takes no notice of either."""
    page = await (await serve()).page()
    page.run(
        "import signal\ndef run():\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"    print('there')\n    while True: pass\n{PLAIN}"
    )
    assert await page.read() == "there\n"
    page.order(how)
    assert (await page.hear("ended"))["status"] == -signal.SIGKILL


@pytest.mark.skipif(not IS_LINUX, reason="only Linux tells of children in sessions of their own")
@pytest.mark.gen_test(timeout=SECONDS)
async def test_closing_the_socket_ends_the_program_and_its_children(serve):
    """Those in sessions of their own, too; and the copy is gone."""
    server, before = await serve(), copies()
    page = await server.page()
    page.run(STUBBORN)
    pids = [int(each) for each in (await page.read()).split()]
    assert all(map(is_there, pids))
    page.socket.close()
    await gone(*pids)
    await until(lambda: not server.runs.places)
    assert copies() == before


@pytest.mark.gen_test(timeout=SECONDS)
async def test_a_program_that_writes_a_lot_is_read_as_fast_as_the_page_reads(serve):
    """A page that reads nothing stops the program, not the server's memory."""
    server = await serve()
    report = server.folder / "written"
    flood = (
        "import os, select, sys\nfrom pathlib import Path\ndef run():\n"
        "    chunk, total = b'x' * 9999 + b'\\n', 0\n    os.set_blocking(1, False)\n"
        "    while total < 100e6 and select.select([], [1], [], 2)[1]:\n"
        "        total += os.write(1, chunk)\n"
        f"    Path({str(report)!r}).write_text(str(total))\n{PLAIN}"
    )
    order = {"type": "run", "program": "evented", "files": {"demos/evented.py": FACTS + flood}}
    deaf = socket.create_connection(("127.0.0.1", server.port))
    deaf.sendall(upgrade(server.port) + frame(json.dumps(order).encode()))
    await until(lambda: report.exists() and report.read_text())
    deaf.close()
    assert 0 < int(report.read_text()) < 20e6


@pytest.mark.gen_test(timeout=SECONDS)
async def test_all_that_is_written_comes_in_messages_of_a_bounded_size(serve):
    """Nothing is lost, characters of several bytes are whole, and few messages tell much."""
    page = await (await serve()).page()
    page.run(f"def run():\n    for n in range(20000): print(n, 'ü€')\n{PLAIN}")
    texts = []
    while (heard := await page.hear("output", "ended"))["type"] == "output":
        texts.append(heard["text"])
    assert "".join(texts) == "".join(f"{number} ü€\n" for number in range(20000))
    assert max(map(len, texts)) <= 32 * 1024
    assert len(texts) < 2000


def upgrade(port):
    """The request of a socket."""
    return (
        f"GET /speaker/run HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nCookie: speaker-{port}={TOKEN}\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def frame(payload):
    """A text frame, masked with zeros."""
    return bytes([0x81, 0xFE]) + len(payload).to_bytes(2) + bytes(4) + payload


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "demos/../slides/ports.py",
        "demos/hello.py/../hello.py",
        "./demos/hello.py",
        "/etc/passwd",
        "demos\\hello.py",
        "demos/json_api.py",
        "demos/__main__.py",
        "hello.py",
        "demos/hello.py\x00",
        "",
    ],
)
@pytest.mark.gen_test(timeout=SECONDS)
async def test_a_file_that_is_not_the_programs_is_refused(serve, name):
    """Whatever its name leads to; nothing is started, and nothing written."""
    server, before = await serve(), copies()
    page = await server.page()
    page.order("run", program="hello", files={HELLO: "", name: "raise SystemExit"})
    heard = await page.hear("refused", "starting")
    if name == "demos/hello.py\x00":  # what cannot be seen is left out of a name
        assert heard["type"] == "starting"
        return
    assert "file" in heard["why"]
    assert copies() == before
    assert not any(place.running for place in server.runs.places)


@pytest.mark.gen_test(timeout=SECONDS)
async def test_a_program_that_is_not_there_is_refused_with_those_like_it(serve):
    """And a program that runs goes on: it was not replaced."""
    page = await (await serve()).page()
    page.order("run", program="hello")
    port = (await page.hear("listening"))["port"]
    page.order("run", program="helo")
    assert "hello" in (await page.hear("refused", "starting"))["why"]
    assert await fetch(port) == "Hello, world\n"


@pytest.mark.gen_test(timeout=SECONDS)
async def test_nonsense_is_refused_and_the_socket_goes_on(serve):
    """Even when nothing runs that could be stopped."""
    page = await (await serve()).page()
    for text in ("", "[]", '{"type": "run"}', '{"type": "run", "program": "hello", "argv": [1]}'):
        page.socket.write_message(text)
        assert (await page.hear("refused"))["why"].endswith(".")
    page.order("stop")
    page.order("kill")
    page.run(WAITS)
    assert await page.read() == "there\n"


@pytest.mark.gen_test(timeout=SECONDS)
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Cookie": ""}, 401),
        ({"Cookie": "speaker=a-token-for-the-tests"}, 401),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8888"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_nobody_else_runs_anything(serve, headers, code):
    """Without the token, from another page, under another name: there is not even a socket."""
    server = await serve()
    for path, scheme in (("/speaker/run", "ws"), ("/speaker/run.json", "http")):
        request = server.request(path, scheme=scheme, **headers)
        with ExpectLog("tornado.access", str(code)), pytest.raises(HTTPClientError) as refused:
            if scheme == "ws":
                await websocket_connect(request)
            else:
                await AsyncHTTPClient().fetch(request)
        assert refused.value.code == code
    assert not server.runs.places


@pytest.mark.gen_test(timeout=SECONDS)
async def test_the_audiences_port_runs_nothing(serve):
    """Even for who has the token."""
    server = await serve()
    with ExpectLog("tornado.access", "404"), pytest.raises(HTTPClientError, match="404"):
        await websocket_connect(server.request(port=server.ports[1]))
    assert not server.runs.places


@pytest.mark.gen_test(timeout=SECONDS)
async def test_a_server_that_offers_no_programs_says_why(serve):
    """And has no fork server."""
    server = await serve(why_not_offered("0.0.0.0"))
    page = await server.page()
    page.order("run", program="hello")
    assert "--run" in (await page.hear("refused", "starting"))["why"]
    told = await AsyncHTTPClient().fetch(server.request("/speaker/run.json", scheme="http"))
    assert json.loads(told.body)["programs"] == {} != json.loads(told.body)["why"]
    assert server.forks.process is None


def test_programs_are_offered_on_loopback_or_when_that_is_asked_for():
    """An address of the network is not enough."""
    assert not why_not_offered("127.0.0.1")
    assert not why_not_offered("::1")
    assert not why_not_offered("192.0.2.1", anyway=True)
    assert "192.0.2.1" in why_not_offered("192.0.2.1")


@pytest.mark.gen_test(timeout=SECONDS)
async def test_a_page_is_told_what_can_be_run(serve):
    """Each with its port, its first page and what stands beside it."""
    server = await serve()
    told = await AsyncHTTPClient().fetch(server.request("/speaker/run.json", scheme="http"))
    programs = json.loads(told.body)["programs"]
    assert programs["hello"]["path"] == "/" and programs["hello"]["port"] == 8888
    assert programs["broadcaster"]["beside"] == [["search", 8889]]
    assert not programs["waiting"]["path"]


@pytest.mark.skipif(not IS_LINUX, reason="there is a fork server on Linux only")
@pytest.mark.gen_test(timeout=SECONDS)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_fork_server_that_is_gone_is_replaced(serve, how):
    """Killed, it costs nothing; one that hangs costs the one run that found out."""
    server = await serve()
    page = await server.page()
    page.run(WAITS)
    assert await page.read() == "there\n"
    os.kill(server.forks.process.pid, how)
    page.run(WAITS)
    if how == signal.SIGSTOP:
        assert "not be started" in (await page.hear("refused"))["why"]
        page.run(WAITS)
    assert await page.read() == "there\n"


@pytest.mark.skipif(not IS_LINUX, reason="only Linux tells of children in sessions of their own")
@pytest.mark.gen_test(timeout=SECONDS)
async def test_a_killed_server_leaves_nothing_behind(tmp_path, free_port):
    """The deck's own server, in mid-run: program, children, fork server and copy are gone."""
    (tmp_path / "index.html").write_text("the deck")
    before, port = copies(), free_port()
    speaker = free_port()
    place = ["--store", tmp_path / "room.sqlite", "--deck", tmp_path]
    ports = ["--port", port, "--speaker-port", speaker]
    command = [sys.executable, "-m", "slides", "serve", *place, *ports]
    server = subprocess.Popen(  # noqa: ASYNC220
        [str(each) for each in command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        said = ""
        while "token=" not in said:
            said = await asyncio.to_thread(server.stdout.readline)
        token = said.strip().rpartition("=")[2]
        url = f"ws://127.0.0.1:{speaker}/speaker/run"
        headers = {"Cookie": f"speaker-{speaker}={token}"}
        page = Page(await websocket_connect(HTTPRequest(url, headers=headers)))
        page.run(STUBBORN)
        pids = [int(each) for each in (await page.read()).split()]
        pids += [each.pid for each in psutil.Process(server.pid).children(recursive=True)]
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    page.socket.close()
    await gone(*pids)
    await until(lambda: not copies() - before)


orders = {
    "run": body("run", program=words),
    "stop": body("stop"),
    "kill": body("kill"),
}


@settings(max_examples=200, deadline=None, database=None)
@given(anything(orders))
def test_whatever_a_page_sends_is_an_order_or_refused(text):
    """With a sentence."""
    try:
        assert isinstance(parse_order(text), Message)
    except Refused as refused:
        assert refused.why.endswith(".")


def test_an_order_is_understood_to_the_field():
    """And what no command line could have is refused."""
    said = {"type": "run", "program": "hello", "argv": ["-v", "ü"], "files": {HELLO: "1\n"}}
    assert parse_order(json.dumps(said)) == Run("hello", ("-v", "ü"), {HELLO: "1\n"})
    assert parse_order('{"type": "stop"}') == Stop() and parse_order('{"type": "kill"}') == Kill()
    for argv in (["\0"], [1], "x", ["x"] * 51, ["x" * 1001], {"a": 1}):
        with pytest.raises(Refused):
            parse_order(json.dumps(said | {"argv": argv}))


def test_a_programs_files_are_its_modules_and_its_pages():
    """All that can be edited."""
    from demos.catalog import find

    assert names(find("broadcaster")) == ["demos/broadcaster.py", "demos/pages/broadcaster.html"]
    assert "demos/waiting/modes.py" in names(find("waiting"))


POLICY = "<meta content=\"default-src 'none'; frame-src 'self' file:; connect-src 'self'\">"


@pytest.mark.gen_test(timeout=SECONDS)
async def test_the_speakers_pages_frame_programs_where_these_are_offered(serve, tmp_path):
    """As they were built they do not; nor does any other page, nor the audience's."""
    server = await serve()
    for name in ("talk.html", "speaker.html", "index.html"):
        (tmp_path / name).write_text(POLICY)
    texts = {}
    for name in ("talk.html", "", "index.html"):
        request = server.request(f"/speaker/{name}", scheme="http")
        texts[name] = (await AsyncHTTPClient().fetch(request)).body.decode()
    frames = "frame-src 'self' http://localhost:* http://127.0.0.1:* file:;"
    assert frames in texts["talk.html"] and frames in texts[""]
    assert texts["index.html"] == POLICY
    for name in ("talk.html", "speaker.html"):
        assert "frame-src 'self'" in (ROOT / "slides/theme/pages" / name).read_text()


@pytest.mark.gen_test(timeout=SECONDS)
async def test_the_speakers_pages_are_as_built_where_no_programs_are_offered(serve, tmp_path):
    """There is nothing to frame."""
    server = await serve("Not here.")
    (tmp_path / "talk.html").write_text(POLICY)
    request = server.request("/speaker/talk.html", scheme="http")
    assert (await AsyncHTTPClient().fetch(request)).body.decode() == POLICY
