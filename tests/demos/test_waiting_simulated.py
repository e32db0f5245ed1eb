"""`waiting_simulated`: where a mode waits decides how long its two routes take."""

import asyncio
import json

import pytest
from tornado.httputil import url_concat
from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient
from tornado.testing import ExpectLog

from demos import waiting_simulated

REQUESTS, SLEEP = 3, 0.2
ALONE, TOGETHER = REQUESTS, 1  # how many sleeps a route takes
MODES = {
    "sync": (ALONE, ALONE),
    "gevent": (TOGETHER, ALONE),
    "psycogreen": (TOGETHER, TOGETHER),
    "blocking": (ALONE, ALONE),
    "threads": (TOGETHER, TOGETHER),
    "processes": (TOGETHER, TOGETHER),
    "await": (TOGETHER, TOGETHER),
}


@pytest.fixture
def app():
    """The demo's application."""
    return waiting_simulated.make_app()


@pytest.fixture
def run(http_client, base_url):
    """Asks for a run: `await run(mode="sync")` are its lines."""

    async def run(mode, requests=REQUESTS, sleep=SLEEP):
        query = {"mode": mode, "requests": str(requests), "sleep": str(sleep)}
        response = await http_client.fetch(url_concat(f"{base_url}/run", query))
        return [json.loads(line) for line in response.body.splitlines()]

    return run


def times(lines, route, state):
    """When the requests of a route came into a state, in the order of their numbers."""
    found = [each for each in lines if (each.get("route"), each["state"]) == (route, state)]
    return [each["time"] for each in sorted(found, key=lambda each: each.get("number", 0))]


def sleeps(lines, route):
    """How many sleeps a route has taken, from its sending to its last answer."""
    [sent] = times(lines, route, "sent")
    return (max(times(lines, route, "done")) - sent) / SLEEP


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.gen_test
async def test_a_mode_waits_alone_or_together_on_each_route(run, mode):
    """Where requests wait one after the other their sleeps add up; elsewhere they take one."""
    lines = await run(mode)
    for route, expected in zip(("python", "postgres"), MODES[mode], strict=True):
        assert 0.95 * expected <= sleeps(lines, route) < expected + 1.5, route
    assert lines[-1]["time"] == pytest.approx(max(times(lines, "postgres", "done")), abs=SLEEP / 2)


@pytest.mark.parametrize("mode", ["sync", "gevent", "threads", "await"])
@pytest.mark.gen_test
async def test_a_request_is_served_for_as_long_as_it_sleeps(run, mode):
    """All that it takes beyond the sleep is the time that it queued for."""
    lines = await run(mode)
    for route, alone in zip(("python", "postgres"), MODES[mode], strict=True):
        served, done = times(lines, route, "served"), times(lines, route, "done")
        assert len(served) == len(done) == REQUESTS
        assert all(d - s >= 0.5 * SLEEP for s, d in zip(served, done, strict=True))
        if alone == ALONE:
            assert all(s >= d - SLEEP / 2 for s, d in zip(served[1:], done, strict=False))
        else:
            assert max(served) < min(done)


@pytest.mark.gen_test
async def test_the_second_route_is_asked_when_the_first_has_answered(run):
    """The total is the sum of both, as it is with the real client."""
    lines = await run("await")
    assert times(lines, "postgres", "sent")[0] >= max(times(lines, "python", "done"))


@pytest.mark.gen_test
async def test_the_three_ways_to_run_one_application_are_in_the_order_of_the_real_ones(run):
    """One worker takes longer than greenlets, and those longer than greenlets all the way."""
    ways = ("sync", "gevent", "psycogreen")
    totals = [(await run(mode, sleep=0.3))[-1]["time"] for mode in ways]
    assert totals == sorted(totals, reverse=True)
    assert totals[0] / totals[1] > 1.3
    assert totals[1] / totals[2] > 1.3


@pytest.mark.parametrize("mode", ["blocking", "threads", "await"])
@pytest.mark.gen_test
async def test_only_a_blocked_loop_serves_nobody_else(run, http_client, base_url, mode):
    """During a run the page itself is served, unless a mode sleeps on the loop."""
    running = asyncio.ensure_future(run(mode))
    served = 0
    while not running.done():
        await http_client.fetch(base_url + "/")
        served += 1
    done = running.result()[-1]["time"]
    if mode == "blocking":
        assert served <= 4  # before, between the routes, and after
    else:
        assert served > done / SLEEP


@pytest.mark.gen_test
async def test_the_end_of_a_run_says_why_it_took_so_long(run):
    """One sentence, and each mode has its own."""
    reasons = {name: mode.why for name, mode in waiting_simulated.MODES.items()}
    assert set(reasons) == set(MODES)
    assert len(set(reasons.values())) == len(MODES)
    assert all(reason.endswith(".") for reason in reasons.values())
    [*_, last] = await run("await", requests=1, sleep=0.1)
    assert (last["state"], last["why"]) == ("over", reasons["await"])


SENTENCES = {
    "mode=magic": f"mode: one of {', '.join(MODES)}",
    "requests=0": "requests: a number from 1 to 10",
    "requests=2.5": "requests: a number from 1 to 10",
    "requests=11": "requests: a number from 1 to 10",
    "sleep=long": "sleep: a number from 0.1 to 5",
    "sleep=nan": "sleep: a number from 0.1 to 5",
    "sleep=1e9": "sleep: a number from 0.1 to 5",
}


@pytest.mark.parametrize("query", SENTENCES)
@pytest.mark.gen_test
async def test_what_cannot_be_run_is_refused_in_a_sentence(http_client, base_url, query):
    """The answer says what is wrong, and what it may be."""
    with ExpectLog("tornado.access", "400 GET"):
        response = await http_client.fetch(f"{base_url}/run?{query}", raise_error=False)
    assert (response.code, response.reason) == (400, SENTENCES[query])
    assert SENTENCES[query].encode() in response.body


@pytest.mark.parametrize("mode", ["sync", "threads", "blocking"])
@pytest.mark.gen_test
async def test_a_run_ends_when_its_reader_leaves(http_client, http_port, monkeypatch, mode):
    """Nobody sleeps for a page that was closed, and the log has no complaint."""
    left = asyncio.Event()
    leave = waiting_simulated.RunHandler.on_connection_close

    def on_connection_close(self):
        leave(self)
        left.set()

    monkeypatch.setattr(waiting_simulated.RunHandler, "on_connection_close", on_connection_close)
    reader: IOStream = await TCPClient().connect("127.0.0.1", http_port)
    query = f"mode={mode}&requests=2&sleep=0.2"
    await reader.write(f"GET /run?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await reader.read_until(b"served")
    reader.close()
    await asyncio.wait_for(left.wait(), 5)
    response = await http_client.fetch(f"http://localhost:{http_port}/")
    assert response.code == 200


@pytest.mark.gen_test
async def test_the_page_says_that_it_simulates_and_where_each_mode_waits(http_client, base_url):
    """Nobody takes it for gunicorn and PostgreSQL; each mode has a name and a sentence."""
    page = (await http_client.fetch(base_url + "/")).body.decode()
    assert "<b>simulated</b>" in page
    for name, mode in waiting_simulated.MODES.items():
        assert f'value="{name}" data-where="{mode.where}"' in page
        assert mode.title in page
