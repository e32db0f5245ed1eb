"""`poll`: one vote a client, secret until it has run, and the same for who comes late."""

import asyncio
import contextlib
import json
import socket

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import IOStream
from tornado.testing import ExpectLog
from tornado.websocket import WebSocketClosedError, websocket_connect

from demos import poll

HANDSHAKE = (
    b"GET /votes HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture
def start(serve):
    """Starts a poll: `url, poll = start(seconds=...)`."""

    def start(seconds=0.05, interval_ms=5, **options):
        app = poll.make_app(seconds=seconds, interval_ms=interval_ms, **options)
        [rule] = [r for r in app.wildcard_router.rules if r.target is poll.VotesHandler]
        return serve(app), rule.target_kwargs["poll"]

    return start


@pytest.fixture
def connect(io_loop):
    """Opens a websocket that is closed when the test is over: `await connect(url)`."""
    clients = []

    async def connect(url):
        request = url if isinstance(url, HTTPRequest) else url.replace("http", "ws") + "/votes"
        clients.append(await websocket_connect(request))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


async def read(client):
    """The next message of a client."""
    message = await client.read_message()
    assert message is not None, "the server closed the connection"
    return json.loads(message)


async def read_until(client, **wanted):
    """The first message of a client that says all this."""
    while not wanted.items() <= (state := await read(client)).items():
        pass
    return state


async def until(is_so):
    """Wait for what the poll itself tells nobody."""
    while not is_so():  # noqa: ASYNC110
        await asyncio.sleep(0)


def post(client, url):
    """Ask for something to be done."""
    return client.fetch(url, method="POST", body="")


@pytest.mark.gen_test
async def test_votes_are_counted_and_secret_until_the_run_is_over(connect, start, client):
    """While it is open or runs, all that is told is how many have voted."""
    url, _ = start()
    voters = [await connect(url) for _ in range(3)]
    for voter, place in zip(voters, "001", strict=True):
        await voter.write_message(place)
    states = [await read(voters[0])]
    while states[-1]["votes"] < 3:
        states.append(await read(voters[0]))
    answer = json.loads((await post(client, f"{url}/run")).body)
    while "counts" not in states[-1]:
        states.append(await read(voters[0]))
    *before, after = states
    assert [each["running"] for each in before][-1]
    assert not [each for each in before if {"counts", "answer", "time"} & set(each)]
    assert after == answer
    assert after["counts"] == [2, 1, 0, 0]


@pytest.mark.gen_test
async def test_the_gathered_waits_take_as_long_as_one(start, client):
    """What is measured is the answer, and it is the first of the choices."""
    url, _ = start(seconds=0.3)
    state = json.loads((await post(client, f"{url}/run")).body)
    assert 0.3 * 0.95 <= state["time"] < 0.3 * poll.WAITS
    assert state["answer"] == 0
    assert state["choices"] == ["0.3 s", "0.6 s", "1.5 s", "3 s"]


@pytest.mark.gen_test
async def test_a_client_has_one_vote_and_may_change_it(connect, start, client):
    """The last one counts."""
    url, _ = start()
    voter = await connect(url)
    for place in "0123":
        await voter.write_message(place)
    await read_until(voter, votes=1)
    state = json.loads((await post(client, f"{url}/run")).body)
    assert state["counts"] == [0, 0, 0, 1]


@pytest.mark.gen_test
async def test_who_comes_late_is_told_what_everybody_knows(connect, start, client):
    """In the first message, before and after the run."""
    url, _ = start()
    early = await connect(url)
    await early.write_message("1")
    open_state = await read_until(early, votes=1)
    assert await read(await connect(url)) == open_state
    await post(client, f"{url}/run")
    shown = await read_until(early, counts=[0, 1, 0, 0])
    assert await read(await connect(url)) == shown


@pytest.mark.gen_test
async def test_nobody_votes_once_it_runs(connect, start, client):
    """And whoever leaves then has voted all the same."""
    url, crowd = start()
    voter, late = await connect(url), await connect(url)
    await voter.write_message("1")
    await read_until(late, votes=1)
    running = asyncio.ensure_future(post(client, f"{url}/run"))
    await read_until(late, running=True)
    await late.write_message("2")
    voter.close()
    state = json.loads((await running).body)
    assert state["counts"] == [0, 1, 0, 0]
    assert await read_until(late, votes=1, counts=[0, 1, 0, 0])
    assert None in crowd.votes.values()


@pytest.mark.gen_test
async def test_who_leaves_before_the_run_takes_their_vote_along(connect, start):
    """A vote is its connection's; a page that comes back says it again."""
    url, _ = start()
    goes, stays = await connect(url), await connect(url)
    await goes.write_message("0")
    await read_until(stays, votes=1)
    goes.close()
    await read_until(stays, votes=0)


@pytest.mark.gen_test
async def test_two_who_run_it_at_once_have_one_run(start, client):
    """Both are answered by it."""
    url, _ = start()
    one, two = await asyncio.gather(post(client, f"{url}/run"), post(client, f"{url}/run"))
    assert one.body == two.body


@pytest.mark.gen_test
async def test_asked_again_it_is_open_and_empty(connect, start, client):
    """In a new round, so that a page forgets what it said in the last one."""
    url, _ = start()
    voter = await connect(url)
    await voter.write_message("3")
    await read_until(voter, votes=1)
    await post(client, f"{url}/run")
    state = json.loads((await post(client, f"{url}/again")).body)
    assert (state["votes"], state["running"], state["round"]) == (0, False, 2)
    assert "counts" not in state
    assert await read_until(voter, round=2) == state


@pytest.mark.gen_test
async def test_asking_again_ends_no_run(start, client):
    """It means something only once there is a result."""
    url, crowd = start()
    await post(client, f"{url}/again")
    running = asyncio.ensure_future(post(client, f"{url}/run"))
    await until(lambda: crowd.running is not None)
    await post(client, f"{url}/again")
    assert json.loads((await running).body)["round"] == 1


@pytest.mark.gen_test
async def test_many_votes_make_one_message(connect, start):
    """A room that votes at once costs each page one message, not one a vote."""
    url, _ = start(interval_ms=100)
    voters = [await connect(url) for _ in range(30)]
    watcher = await connect(url)
    for voter in voters:
        await voter.write_message("0")
    told = [await read(watcher)]
    while told[-1]["votes"] < len(voters):
        told.append(await read(watcher))
    assert len(told) < len(voters) / 3


@pytest.mark.gen_test
@pytest.mark.parametrize("nonsense", ["", "4", "-1", "0 ", "٣", "NaN", '{"vote": 0}', b"\x00\xff"])
async def test_what_is_no_vote_is_let_go(connect, start, nonsense):
    """It is not counted, and its connection stays."""
    url, crowd = start()
    voter = await connect(url)
    await voter.write_message(nonsense, binary=isinstance(nonsense, bytes))
    await voter.write_message("2")
    await read_until(voter, votes=1)
    assert list(crowd.votes.values()) == [2]


@pytest.mark.gen_test(timeout=90)  # in a tab it is the longest of all
async def test_a_client_that_never_reads_is_dropped_before_it_costs_memory(connect, start):
    """It has no more than the backlog waiting for it, and nobody else waits."""
    backlog = 4096
    url, crowd = start(interval_ms=1, backlog=backlog)
    voter = await connect(url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    deaf = IOStream(sock)
    await deaf.connect(("localhost", int(url.rpartition(":")[2])))
    await deaf.write(HANDSHAKE)
    await until(lambda: len(crowd.votes) == 2)
    [slow] = [each for each in crowd.votes if crowd.votes[each] is None][1:]
    slow.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    most, place = 0, 0
    while slow in crowd.votes:
        place = 1 - place
        await voter.write_message(str(place))
        await read(voter)
        most = max(most, len(slow.connection._write_buffer or b""))
    assert 0 < most <= backlog
    await voter.write_message("3")
    await read_until(voter, votes=1)
    deaf.close()


@pytest.mark.gen_test
async def test_a_client_that_shouts_is_closed(connect, start):
    """A message larger than anybody needs is not taken into memory."""
    url, crowd = start()
    voter = await connect(url)
    await read(voter)
    with contextlib.suppress(WebSocketClosedError):
        await voter.write_message("1" * 2000)
    assert await voter.read_message() is None
    await until(lambda: not crowd.votes)


@pytest.mark.gen_test
async def test_a_page_of_somebody_else_cannot_vote(connect, start):
    """A browser tells where a page is from; ours only may listen and vote."""
    url, _ = start()
    ws = url.replace("http", "ws") + "/votes"
    request = HTTPRequest(ws, headers={"Origin": "http://example.com"})
    with ExpectLog("tornado.access", "403"), pytest.raises(HTTPClientError, match="403"):
        await connect(request)


@pytest.mark.gen_test
async def test_two_applications_share_nothing(connect, start):
    """Each make_app has its own clients and its own votes."""
    (url, one), (_, other) = start(), start()
    voter = await connect(url)
    await voter.write_message("0")
    await read_until(voter, votes=1)
    assert len(one.votes) == 1
    assert not other.votes
