"""SLIDES_RECORD=1: what a live panel would show is kept for a deck that has no kernel."""

import asyncio
import time

import pytest
from tornado.web import Application, RequestHandler

from slides.live import finish, recording, rehearse, serve, sh
from slides.live.recording import MIME, compact
from slides.live.stage import stage

within = pytest.mark.gen_test(timeout=30)


@pytest.fixture
def shown(io_loop, monkeypatch):
    """Record; keep what is displayed as (bundle, display id, whether it is an update)."""
    monkeypatch.setenv("SLIDES_RECORD", "1")
    displayed = []
    monkeypatch.setattr(
        recording,
        "display",
        lambda bundle, display_id, update=False: displayed.append((bundle, display_id, update)),
    )
    yield displayed
    io_loop.run_sync(finish, timeout=30)


class Page(RequestHandler):
    """A page with a script, as most demos have one."""

    def get(self):
        self.write("<head></head><h1>Hello</h1><script>location = '/'</script><p>after")


class Block(RequestHandler):
    """Blocks the loop for half a second."""

    def get(self):
        time.sleep(0.5)


class Never(RequestHandler):
    """Does not answer in time."""

    async def get(self):
        await asyncio.Event().wait()


class Data(RequestHandler):
    """Answers with JSON."""

    def get(self):
        self.write({"a": 1})


@within
async def test_a_recording_tells_what_ran_and_what_it_answered(shown, monkeypatch):
    """Page without scripts, log, address as asked for, versions and date."""
    monkeypatch.setattr(recording, "PAGE_PATIENCE", recording.PAGE_TIMEOUT)  # the machine is busy
    server = await serve(Application([("/", Page)]), name="demo")
    await sh("curl -s http://localhost:8888/")
    await finish()
    (first, first_id, is_update), (last, last_id, is_last_update) = shown
    assert (is_update, is_last_update) == (False, True)
    assert first_id == last_id
    assert first[MIME]["page"] == last[MIME]["page"]
    record = last[MIME]
    assert record["bare"] is True
    assert record["address"] == "http://localhost:8888/"
    assert "<h1>Hello</h1>" in record["page"]
    assert "<p>after" in record["page"]
    assert "script" not in record["page"]
    assert [line.split(" ")[1:4] for line in record["log"]] == [["200", "GET", "/"]] * 2
    assert set(record["versions"]) == {"python", "tornado"}
    assert record["started"]
    assert server.state == "stopped"
    assert "demo" in last["text/html"]


@within
async def test_recording_takes_a_private_port_even_if_the_asked_for_one_is_free(shown, free_port):
    """Chapters are recorded side by side, and none disturbs the machine it runs on."""
    port = free_port()
    server = await serve(Application([("/", Page)]), port=port)
    assert server.port != port
    assert server.address == f"http://localhost:{port}/"
    assert "Hello" in (await sh(f"curl -s {server.address}")).output


@within
async def test_a_blocked_loop_is_a_gap_in_the_recording(shown):
    """The longest lag is most of the half second, and the tick before it is as far away."""
    await serve(Application([("/", Page), ("/block", Block)]))
    has_blocked = asyncio.Event()
    stage().meter.listen(lambda now, lag: has_blocked.set() if lag > 0.3 else None)
    await sh("curl -s http://localhost:8888/block")
    await has_blocked.wait()
    await finish()
    ticks = shown[-1][0][MIME]["ticks"]
    at = max(range(len(ticks)), key=lambda index: ticks[index][1])
    seconds, lag = ticks[at]
    before = ticks[at - 1][0] if at else 0
    assert lag > 300
    assert (seconds - before) * 1000 >= lag


@within
async def test_a_page_that_never_comes_is_recorded_as_none(shown, monkeypatch):
    """The build goes on without it."""
    monkeypatch.setattr(recording, "PAGE_TIMEOUT", 0.2)
    await serve(Application([("/", Never)]))
    await finish()
    assert shown[-1][0][MIME]["page"] is None


@within
async def test_data_is_shown_as_a_browser_shows_it(shown):
    """JSON is text, its quotes escaped."""
    await serve(Application([("/", Data)]))
    await finish()
    assert "{&quot;a&quot;: 1}" in shown[-1][0][MIME]["page"]


@within
async def test_a_rehearsed_request_is_in_the_recording(shown):
    """The handler's block is a gap among quiet ticks, even if the server is replaced at once."""
    rehearse("demo", "/block", "/block")
    await serve(Application([("/", Page), ("/block", Block)]), name="demo")
    await serve(Application([("/", Page)]), name="other")
    await finish()
    record, other = (bundle[MIME] for bundle, _, _ in shown[-2:])
    lags = [lag for _, lag in record["ticks"]]
    assert sum("GET /block" in line for line in record["log"]) == 2
    assert max(lags) > 300
    assert len(lags) > 2
    assert len(other["ticks"]) < len(lags)


@within
async def test_finishing_leaves_nothing_for_the_next_notebook(shown):
    """A warm kernel starts each notebook on an empty stage."""
    await serve(Application([("/", Page)]))
    await finish()
    here = stage()
    assert not here.servers
    assert not here.recordings
    await serve(Application([("/", Page)]))
    await finish()
    assert len(shown) == 4


@within
async def test_the_last_rehearsal_is_waited_for(shown):
    """Finishing does not cut short what a handler that awaits is asked for."""

    class Naps(RequestHandler):
        async def get(self):
            await asyncio.sleep(0.3)

    rehearse("demo", "/nap", "/nap")
    await serve(Application([("/", Page), ("/nap", Naps)]), name="demo")
    await finish()
    record = shown[-1][0][MIME]
    assert sum("GET /nap" in line for line in record["log"]) == 2
    assert record["ticks"][-1][0] > 0.3
    assert len(record["ticks"]) > 5


def test_thinned_ticks_keep_the_longest_gap():
    """Ten thousand ticks become at most four hundred, and the one late tick is among them."""
    ticks = [(number * 0.05, 0.5) for number in range(10_000)]
    ticks[6_321] = (ticks[6_321][0], 1234.0)
    thin = compact(ticks)
    assert len(thin) <= 400
    assert [round(ticks[6_321][0], 3), 1234.0] in thin
    assert thin == sorted(thin)


def test_few_ticks_are_kept_as_they_are():
    """Nothing is thinned that need not be."""
    assert compact([(0.05, 0.25), (0.1, 0.5)]) == [[0.05, 0.25], [0.1, 0.5]]
    assert compact([]) == []
