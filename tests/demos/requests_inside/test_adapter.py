"""What `requests` can do, it can do on the loop."""

import asyncio
import contextlib
import gzip
import io
import ssl
import threading
from pathlib import Path

import pytest
import requests
import tornado.test
from requests.exceptions import SSLError
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.testing import ExpectLog, bind_unused_port
from tornado.web import Application, RequestHandler

pytest.importorskip("greenlet", reason="pip install -e '.[waiting]'")

from demos.requests_inside.adapter import TornadoAdapter, setup
from demos.requests_inside.bridge import await_, greened

CERTIFICATE = Path(tornado.test.__file__).with_name("test.crt")
LONG = b"a long answer, " * 100_000


class Service(RequestHandler):
    """Does what a test wants."""

    def initialize(self, act):
        self.act = act

    async def get(self):
        await self.act(self)

    post = put = head = get

    def on_connection_close(self):
        self.left()

    def left(self):
        """Replaced by a test that wants to know."""


@pytest.fixture(autouse=True)
def bridged():
    """Every test has the adapter on its sessions, and none afterwards."""
    with setup():
        yield
    assert adapter() is requests.adapters.HTTPAdapter


@pytest.fixture
def service(serve):
    """Serves coroutines, each at its name: `service(one, two)` is their URL."""

    def begin(*acts):
        return serve(Application([(f"/{act.__name__}", Service, {"act": act}) for act in acts]))

    return begin


async def echo(handler):
    """What came in."""
    files = {name: each[0]["body"].decode() for name, each in handler.request.files.items()}
    handler.write(
        {
            "method": handler.request.method,
            "headers": dict(handler.request.headers),
            "body": handler.request.body.decode(),
            "arguments": {name: handler.get_argument(name) for name in handler.request.arguments},
            "cookies": {name: each.value for name, each in handler.request.cookies.items()},
            "files": files,
        }
    )


@pytest.mark.gen_test
async def test_redirects_are_followed_with_their_cookies(service):
    """Both cookies of the first answer are sent to where it points, and kept."""

    async def first(handler):
        handler.set_cookie("a", "1")
        handler.set_cookie("b", "2")
        handler.redirect("/echo")

    session = requests.Session()
    answer = await greened(session.get, service(first, echo) + "/first")
    assert answer.json()["cookies"] == session.cookies.get_dict() == {"a": "1", "b": "2"}
    assert [each.status_code for each in answer.history] == [302]


@pytest.mark.gen_test
async def test_a_redirect_can_be_left_alone(service):
    """`allow_redirects=False` is the caller's to say."""

    async def first(handler):
        handler.redirect("/nowhere")

    answer = await greened(requests.get, service(first) + "/first", allow_redirects=False)
    assert (answer.status_code, answer.next.path_url) == (302, "/nowhere")


@pytest.mark.gen_test
async def test_a_compressed_answer_is_unpacked(service):
    """urllib3 does it, as ever."""

    async def zipped(handler):
        handler.set_header("Content-Encoding", "gzip")
        handler.write(gzip.compress(LONG))

    answer = await greened(requests.get, service(zipped) + "/zipped")
    assert answer.content == LONG


@pytest.mark.parametrize(
    "how, part, expected",
    [
        ({"json": {"a": 1}}, "body", '{"a": 1}'),
        ({"data": {"a": "1"}}, "arguments", {"a": "1"}),
        ({"data": "täxt".encode()}, "body", "täxt"),
        ({"data": (each for each in (b"in ", b"parts"))}, "body", "in parts"),
        ({"files": {"f": ("name", b"content")}}, "files", {"f": "content"}),
        ({"params": {"q": "ä&b"}}, "arguments", {"q": "ä&b"}),
        ({}, "body", ""),
    ],
    ids=["json", "form", "bytes", "generator", "file", "query", "nothing"],
)
@pytest.mark.gen_test
async def test_what_is_posted_arrives(service, how, part, expected):
    """Whatever it is made of."""
    answer = await greened(requests.post, service(echo) + "/echo", **how)
    assert answer.json()["method"] == "POST"
    assert answer.json()[part] == expected


@pytest.mark.gen_test
async def test_a_file_can_be_posted(service):
    """What can be read is read and sent."""
    answer = await greened(requests.post, service(echo) + "/echo", data=io.BytesIO(b"content"))
    assert answer.json()["body"] == "content"


@pytest.mark.gen_test
async def test_headers_and_passwords_are_sent(service):
    """Those of the caller, and those that requests makes."""
    headers = {"X-Mine": "yes"}
    url = service(echo) + "/echo"
    sent = (await greened(requests.get, url, headers=headers, auth=("me", "word"))).json()
    assert sent["headers"]["X-Mine"] == "yes"
    assert sent["headers"]["Authorization"] == "Basic bWU6d29yZA=="
    assert sent["headers"]["User-Agent"].startswith("python-requests/")


@pytest.mark.parametrize("status", [200, 204, 304])
@pytest.mark.gen_test
async def test_an_answer_without_a_body_ends(service, status):
    """HEAD promises a length that never comes; some statuses have none."""

    async def bare(handler):
        if status == 200:
            handler.set_header("Content-Length", "1000")
        handler.set_status(status)

    answer = await greened(requests.head, service(bare) + "/bare")
    assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.gen_test
async def test_a_refusal_is_an_answer_until_it_is_asked_to_raise(service):
    """503 raises nothing by itself, and what `raise_for_status` says has it."""

    async def busy(handler):
        handler.set_status(503)
        handler.finish("later")

    with ExpectLog("tornado.access", "503 GET"):
        answer = await greened(requests.get, service(busy) + "/busy")
    assert answer.text == "later"
    with pytest.raises(requests.HTTPError, match="503"):
        answer.raise_for_status()


@pytest.mark.gen_test
async def test_a_streamed_answer_is_read_while_it_comes(service):
    """The service sends the second part only when the first has been read."""
    read = asyncio.Event()

    async def parts(handler):
        await handler.flush(handler.write("first"))
        await read.wait()
        handler.write("other")

    def blocking(url):
        answer = requests.get(url, stream=True)
        for part in answer.iter_content(5):
            yield part
            read.set()

    url = service(parts) + "/parts"
    assert await greened(lambda: [*blocking(url)]) == [b"first", b"other"]
    assert read.is_set()


@pytest.mark.gen_test
async def test_a_long_answer_waits_for_its_reader(service):
    """The service cannot send it all before it is read: it is held nowhere in between."""
    count, sent, held = 30, [], asyncio.Event()

    async def much(handler):
        for _ in range(count):
            flushing = asyncio.ensure_future(handler.flush(handler.write(LONG)))
            if not (await asyncio.wait({flushing}, timeout=0.5))[0]:
                held.set()
            await flushing
            sent.append(len(LONG))

    def blocking(url):
        with requests.get(url, stream=True) as answer:
            await_(held.wait())
            before = sum(sent)
            return before, sum(len(part) for part in answer.iter_content(100_000))

    before, total = await greened(blocking, service(much) + "/much")
    assert before < total / 2
    assert total == count * len(LONG)


@pytest.mark.gen_test
async def test_leaving_a_stream_ends_its_connection(service):
    """A service that would send for ever hears that nobody reads on."""
    gone = asyncio.Event()

    async def endless(handler):
        with contextlib.suppress(StreamClosedError):
            while True:
                await handler.flush(handler.write(LONG))
        gone.set()

    def blocking(url):
        with requests.get(url, stream=True) as answer:
            return next(answer.iter_content(5))

    assert await greened(blocking, service(endless) + "/endless") == LONG[:5]
    await gone.wait()


@pytest.fixture
def silent(service):
    """A service that never answers: its URL, and events for being asked and being left."""
    asked, left, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def silent(handler):
        handler.left = left.set
        asked.set()
        await over.wait()

    yield service(silent) + "/silent", asked, left
    over.set()


@pytest.mark.parametrize("limit", [0.5, (5, 0.05)])
@pytest.mark.gen_test
async def test_a_service_that_is_too_slow_is_a_read_timeout(silent, limit):
    """As requests calls it; and the connection is not kept."""
    url, _, left = silent
    with pytest.raises(requests.ReadTimeout):
        await greened(requests.get, url, timeout=limit)
    await left.wait()


@pytest.mark.gen_test
async def test_a_stream_may_take_longer_than_its_timeout(service):
    """The timeout is for each part of it, and one that is too slow is a ConnectionError."""
    over, got = asyncio.Event(), []

    async def slowly(handler):
        for _ in range(4):
            await handler.flush(handler.write("part"))
            await asyncio.sleep(0.2)
        await over.wait()

    def blocking(url):
        with requests.get(url, stream=True, timeout=0.5) as answer:
            for part in answer.iter_content(4):
                got.append(part)

    with pytest.raises(requests.ConnectionError, match=r"timed out"):
        await greened(blocking, service(slowly) + "/slowly")
    over.set()
    assert got == [b"part"] * 4


@pytest.mark.gen_test
async def test_nobody_there_is_a_connection_error(free_port):
    """As requests calls it, with the request."""
    url = f"http://127.0.0.1:{free_port()}/"
    with pytest.raises(requests.ConnectionError) as caught:
        await greened(requests.get, url)
    assert caught.value.request.url == url


@pytest.mark.gen_test
async def test_a_service_that_hangs_up_is_a_connection_error(service):
    """Without an answer, or in the middle of one."""

    async def rude(handler):
        handler.detach().close()

    async def cut(handler):
        handler.set_header("Content-Length", "1000")
        await handler.flush(handler.write("only this"))
        handler.request.connection.stream.close()

    base = service(rude, cut)
    with pytest.raises(requests.ConnectionError):
        await greened(requests.get, base + "/rude")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        await greened(requests.get, base + "/cut")


@pytest.mark.gen_test
async def test_a_proxy_is_refused_rather_than_passed_by(service):
    """Silence would send the request where it should not go."""
    proxies = {"http": "http://127.0.0.1:1"}
    with pytest.raises(requests.exceptions.ProxyError, match="knows no"):
        await greened(requests.get, service(echo) + "/echo", proxies=proxies)


@pytest.fixture
def secure(io_loop):
    """A service with Tornado's own certificate, which nobody has signed: its URL."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_suffix(".key"))
    server = HTTPServer(Application([("/echo", Service, {"act": echo})]), ssl_options=context)
    sock, port = bind_unused_port()
    server.add_socket(sock)
    yield f"https://localhost:{port}/echo"
    server.stop()
    io_loop.run_sync(server.close_all_connections)


@pytest.mark.parametrize(
    "verify, why", [(True, "self-signed"), (str(CERTIFICATE), "Hostname mismatch")]
)
@pytest.mark.gen_test
async def test_a_certificate_that_is_not_to_be_believed_is_an_ssl_error(secure, verify, why):
    """By default, and with authorities of the caller's; nothing is sent."""
    with ExpectLog("tornado.general", "SSL Error"), pytest.raises(SSLError, match=why):
        await greened(requests.get, secure, verify=verify)


@pytest.mark.gen_test
async def test_a_caller_can_believe_every_certificate(secure):
    """`verify=False` is the caller's to say."""
    answer = await greened(requests.get, secure, verify=False)
    assert answer.json()["method"] == "GET"


@pytest.mark.gen_test
async def test_cancelling_reaches_the_code_that_called_requests(silent):
    """It is raised from `requests.get`, and the service hears of it in the end."""
    url, asked, _ = silent
    ended = []

    def blocking():
        try:
            requests.get(url, timeout=0.5)
        except Exception:
            ended.append("an error that the library could take for its own")
        finally:
            ended.append("cleaned up")

    task = asyncio.create_task(greened(blocking))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cleaned up"]


@pytest.mark.gen_test
async def test_several_wait_at_once(service):
    """Each is answered only when all have asked."""
    asked = []
    all_there = asyncio.Event()

    async def together(handler):
        asked.append(handler)
        if len(asked) == 5:
            all_there.set()
        await all_there.wait()

    url = service(together) + "/together"
    answers = await asyncio.gather(*[greened(requests.get, url) for _ in range(5)])
    assert [each.status_code for each in answers] == [200] * 5


@pytest.mark.gen_test
async def test_outside_of_greened_requests_is_as_ever(service):
    """In a thread it blocks that thread, through its own adapter."""

    def blocking(url):
        return requests.get(url).json(), threading.current_thread()

    answer, thread = await asyncio.to_thread(blocking, service(echo) + "/echo")
    assert answer["headers"]["Connection"] == "keep-alive"
    assert thread is not threading.main_thread()


def test_setup_is_undone():
    """Sessions made afterwards are as ever; it may be nested."""
    assert adapter() is TornadoAdapter
    with setup():
        assert adapter() is TornadoAdapter
    assert adapter() is TornadoAdapter
    inside = requests.sessions.HTTPAdapter
    assert inside is not requests.adapters.HTTPAdapter


def adapter():
    """The kind of adapter that a new session has."""
    return type(requests.Session().get_adapter("https://example.invalid"))
