"""What a poll of the talk calls right is what the programs do."""

import asyncio
import inspect
import json
import re
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamBufferFullError
from tornado.testing import bind_unused_port
from tornado.web import Application

from demos import broadcaster, evented_broken, fetch, nap_broken, nap_fixed, search
from demos import waiting_simulated as waiting
from slides.build.convert import slide_ids
from slides.build.speaker import poll
from slides.notebook import chapters

POLLS = {
    ident: asked
    for chapter in chapters()
    for slide, ident in zip(chapter.slides, slide_ids(chapter), strict=True)
    if (asked := poll(slide, ident))
}
MORNING = "life-is-evented-the-same-morning-in-python"
NAP = "hello-now-somebody-naps"
TWO_NAPS = "hello-let-go-while-you-wait"
FIVE = "fetch-five-at-once"
TEN = "waiting-predict-first"
DROPPED = "websocket-the-handler"


@pytest.fixture
def serve(io_loop) -> Iterator[Callable[[Application], str]]:
    """Serves an application; gives its address."""
    servers = []

    def serve(app: Application) -> str:
        socket, port = bind_unused_port()
        servers.append(HTTPServer(app))
        servers[-1].add_socket(socket)
        return f"http://127.0.0.1:{port}"

    yield serve
    for server in servers:
        server.stop()
        io_loop.run_sync(server.close_all_connections)


def answer(ident: str) -> str:
    """The choice that a poll calls right."""
    return POLLS[ident]["choices"][POLLS[ident]["answer"]]


def nearest(ident: str, measured: float) -> str:
    """The choice whose number is nearest to what was measured; a busy machine adds a little."""
    numbers = {float(re.match(r"[\d.]+", each)[0]): each for each in POLLS[ident]["choices"]}
    return numbers[min(numbers, key=lambda number: abs(number - measured))]


def default(function: Callable, name: str) -> float:
    """What an argument is, unless it is given."""
    return inspect.signature(function).parameters[name].default


def test_every_poll_has_an_answer_that_is_proven_here():
    """A poll that is added to a notebook needs its proof."""
    assert set(POLLS) == {MORNING, NAP, TWO_NAPS, FIVE, TEN, DROPPED}
    assert all(each["answer"] is not None for each in POLLS.values())


def test_a_blocked_morning_takes_as_long_as_its_answer_says():
    """With `time.sleep` the morning is measured, in its own minutes."""
    spans = asyncio.run(evented_broken.all_at_once(minute=0.02))
    took = max(span.end for span in spans) - min(span.start for span in spans)
    assert nearest(MORNING, took) == answer(MORNING)


@pytest.mark.gen_test
async def test_the_clock_stops_for_a_nap_and_goes_on_after_it(serve):
    """No question is answered during the nap, and the next one is."""
    assert default(nap_broken.make_app, "seconds") == 2
    url, client = serve(nap_broken.make_app(seconds=0.5)), AsyncHTTPClient()
    nap = asyncio.ensure_future(client.fetch(f"{url}/nap"))
    waited = []
    while not nap.done():
        waited.append((await client.fetch(f"{url}/clock")).request_time)
    assert max(waited) >= 0.4  # of the nap's 0.5 s
    assert json.loads((await client.fetch(f"{url}/clock")).body)["time"]
    assert answer(NAP) == "It stops for two seconds, then goes on"


@pytest.mark.gen_test
async def test_two_awaited_naps_take_as_long_as_one(serve):
    """Measured with short naps, told in the seconds of the talk's."""
    url, client = serve(nap_fixed.make_app(seconds=0.5)), AsyncHTTPClient()
    began = time.monotonic()
    naps = await asyncio.gather(*(client.fetch(f"{url}/nap") for _ in range(2)))
    took = (time.monotonic() - began) / 0.5 * default(nap_fixed.make_app, "seconds")
    assert [nap.code for nap in naps] == [200, 200]
    words = {2: "After two seconds", 4: "After four seconds"}
    assert answer(TWO_NAPS) == words[min(words, key=lambda seconds: abs(seconds - took))]


@pytest.mark.gen_test
async def test_five_sources_take_as_long_as_their_answer_says(serve):
    """The question tells the shares of the fastest and the slowest; the answer is measured."""
    delay = default(search.make_app, "delay")
    shares = search.SOURCES.values()
    said = f"Five sources take from {min(shares) * delay:.2g} to {max(shares) * delay:.2g} seconds"
    assert POLLS[FIVE]["question"].startswith(said)
    url = serve(fetch.make_app(f"{serve(search.make_app())}/search"))
    answered = await AsyncHTTPClient().fetch(f"{url}/fan?q=tornado")
    assert all("posts" in each for each in json.loads(answered.body).values())
    assert nearest(FIVE, answered.request_time) == answer(FIVE)


@pytest.mark.gen_test
async def test_one_worker_takes_as_long_as_its_answer_says(serve):
    """Measured with short sleeps, told in those that the page begins with."""
    requests, sleep = waiting.LIMITS["requests"][-1], waiting.LIMITS["sleep"][-1]
    assert (requests, sleep) == (5, 0.5)  # which the question says in words
    url = serve(waiting.make_app())
    run = await AsyncHTTPClient().fetch(f"{url}/run?mode=sync&requests={requests}&sleep=0.1")
    took = json.loads(run.body.splitlines()[-1])["time"] / 0.1 * sleep
    assert nearest(TEN, took) == answer(TEN)


def test_who_does_not_read_is_dropped():
    """A client whose buffer is full is closed when there is news."""
    client = SimpleNamespace(
        write_message=Mock(side_effect=StreamBufferFullError), connection=Mock()
    )
    broadcaster.UpdatesHandler.send(client, {})
    client.connection.close.assert_called_once()
    assert answer(DROPPED) == "Who does not read"
