"""The room as its people meet it: real sockets to a hub, or to two that share a store and a bus."""

import asyncio
import json
import uuid

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.testing import ExpectLog, bind_unused_port
from tornado.websocket import websocket_connect

from slides.room import audience, speaker
from slides.room.access import Access
from slides.room.bus import MemoryBus
from slides.room.hub import Hub
from slides.room.limits import Limits, Rate
from slides.room.store import Store

TOKEN = "a-token-for-the-tests"


class Person:
    """Somebody with a socket: says, and hears."""

    def __init__(self, socket):
        self.socket = socket

    def say(self, type, **fields):
        """Send a message."""
        self.socket.write_message(json.dumps({"type": type, **fields}))

    async def hear(self, *kinds, **fields):
        """The next message of one of these kinds that has these fields."""
        while True:
            text = await asyncio.wait_for(self.socket.read_message(), 10)
            assert text is not None, "the connection was closed"
            heard = json.loads(text)
            if heard["type"] in kinds and fields.items() <= heard.items():
                return heard


class Room:
    """One server process's part, on a free port."""

    def __init__(self, path, bus, limits=None):
        self.hub = Hub(Store(path), bus)
        sock, self.port = bind_unused_port()
        routes = [
            *audience(self.hub, limits),
            *speaker(self.hub, Access(TOKEN), path.parent, "http://127.0.0.1/"),
        ]
        self.server = HTTPServer(tornado.web.Application(routes))
        self.server.add_socket(sock)
        self.people = []

    async def follower(self, cookie="f" * 22):
        """Somebody in the audience, and the state they were told first."""
        return await self._join("room", {"Cookie": f"follower={cookie}"})

    async def speaker(self):
        """The speaker, likewise."""
        return await self._join("speaker/room", {"Cookie": f"speaker-{self.port}={TOKEN}"})

    async def _join(self, path, headers):
        url = f"ws://127.0.0.1:{self.port}/{path}"
        socket = await websocket_connect(HTTPRequest(url, headers=headers))
        person = Person(socket)
        self.people.append(person)
        return person, await person.hear("state")

    async def fetch(self, path, **options):
        """Ask over HTTP; the response, whatever its status."""
        url = f"http://127.0.0.1:{self.port}{path}"
        return await AsyncHTTPClient().fetch(url, raise_error=False, **options)

    async def close(self):
        """End it as a server ends."""
        for person in self.people:
            person.socket.close()
        self.server.stop()
        await self.server.close_all_connections()
        await self.hub.close()


@pytest.fixture
def rooms(tmp_path, io_loop):
    """Makes processes of one room, which share a store and a bus: `await rooms()`."""
    made, members = [], []

    async def make(limits=None, bus=None):
        room = Room(tmp_path / "room.sqlite", bus or MemoryBus(members), limits)
        made.append(room)
        await room.hub.start()
        return room

    async def end():
        for room in made:
            await room.close()

    yield make
    io_loop.run_sync(end)


@pytest.mark.gen_test
async def test_a_slide_that_the_speaker_shows_is_everybodys(rooms):
    """Whichever process they are connected to; who comes later is told first."""
    one, two = await rooms(), await rooms()
    near, _ = await one.follower()
    far, _ = await two.follower()
    speaker, _ = await one.speaker()
    speaker.say("show", slide="hello", fragment=1)
    for person in (near, far, speaker):
        await person.hear("show", slide="hello", fragment=1)
    _, state = await two.follower()
    assert (state["slide"], state["fragment"]) == ("hello", 1)


@pytest.mark.gen_test
async def test_of_two_speakers_the_last_one_counts_and_both_agree(rooms):
    """From two processes, many times, at once."""
    one, two = await rooms(), await rooms()
    first, _ = await one.speaker()
    second, _ = await two.speaker()
    follower, _ = await two.follower()
    for turn in range(20):
        first.say("show", slide=f"one-{turn}")
        second.say("show", slide=f"two-{turn}")
    await first.hear("show", version=40)
    await second.hear("show", version=40)
    last = await follower.hear("show", version=40)
    states = [(await room.follower())[1]["slide"] for room in (one, two)]
    assert states == [last["slide"]] * 2


@pytest.mark.gen_test
async def test_black_the_pointer_and_what_ran_are_told(rooms):
    """The pointer is told and not kept."""
    room = await rooms()
    follower, _ = await room.follower()
    speaker, _ = await room.speaker()
    speaker.say("black", on=True)
    await follower.hear("black", on=True)
    speaker.say("point", x=0.25, y=0.5)
    await follower.hear("point", x=0.25, y=0.5)
    speaker.say("ran", program="hello", files={"demos/hello.py": "print()"}, page="<p>", log="x")
    assert (await follower.hear("ran"))["files"] == {"demos/hello.py": "print()"}
    _, state = await room.follower()
    assert state["black"] and state["ran"]["page"] == "<p>"


@pytest.mark.gen_test
async def test_a_question_is_acknowledged_and_told_to_all(rooms):
    """Asked twice, it is one; wanted by another, it has a vote; hidden, it is gone."""
    room = await rooms()
    asker, _ = await room.follower("a" * 22)
    other, _ = await room.follower("b" * 22)
    speaker, _ = await room.speaker()
    key = str(uuid.uuid4())
    for _ in range(2):
        asker.say("question", key=key, text="Why <b>not</b> threads?", name="Ada")
        await asker.hear("ok", key=key)
    other.say("upvote", question=key)
    await other.hear("ok", key=key)
    while (questions := (await asker.hear("questions"))["questions"])[0]["votes"] < 1:
        pass
    assert [each["text"] for each in questions] == ["Why <b>not</b> threads?"]
    speaker.say("mark", question=key, state="hidden")
    while (await other.hear("questions"))["questions"]:
        pass


@pytest.mark.gen_test
async def test_votes_are_secret_until_they_are_shown(rooms):
    """While a poll is open its audience sees how many voted; the speaker sees for what."""
    room = await rooms()
    speaker, _ = await room.speaker()
    poll = {"poll": "sum", "question": "How long?", "choices": ["50 s", "10 s"], "answer": 1}
    speaker.say("poll", **poll, state="open")
    await speaker.hear("ok", key="sum")
    voters = [(await room.follower(name * 22))[0] for name in "abc"]
    for voter, choice in zip(voters, (0, 1, 1), strict=True):
        voter.say("vote", poll="sum", choice=choice)
        await voter.hear("ok", key="sum")
    told = await voters[0].hear("poll", votes=3)
    assert "counts" not in told and "answer" not in told
    assert (await speaker.hear("poll", votes=3))["counts"] == [1, 2]
    speaker.say("poll", **poll, state="shown")
    assert (await voters[0].hear("poll", state="shown"))["counts"] == [1, 2]


@pytest.mark.gen_test
async def test_many_votes_are_told_together(rooms):
    """A room that votes at once costs a few messages each, not one a vote."""
    room = await rooms()
    speaker, _ = await room.speaker()
    watcher, _ = await room.follower()
    speaker.say("poll", poll="p", question="Well?", choices=["yes", "no"], state="open")
    await speaker.hear("ok", key="p")
    voters = [(await room.follower(f"{number:022}"))[0] for number in range(60)]
    for voter in voters:
        voter.say("vote", poll="p", choice=0)
    told = [await watcher.hear("poll")]
    while told[-1]["votes"] < len(voters):
        told.append(await watcher.hear("poll"))
    assert len(told) < len(voters) / 3


@pytest.mark.gen_test
async def test_who_floods_is_told_to_wait_and_nobody_else_is(rooms):
    """Others at another pace go on."""
    room = await rooms(Limits(follower=Rate(burst=3, per_second=0.01)))
    loud, _ = await room.follower("l" * 22)
    quiet, _ = await room.follower("q" * 22)
    for _ in range(3):
        loud.say("pace", kind="faster")
    loud.say("question", key=(key := str(uuid.uuid4())), text="And this?")
    assert "Not so fast" in (await loud.hear("refused", key=key))["why"]
    quiet.say("question", key=(key := str(uuid.uuid4())), text="And I?")
    await quiet.hear("ok", key=key)


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"type": "show", "slide": "x"}', "\ud800", "{" * 9000]
)
async def test_nonsense_is_refused_in_words_and_the_connection_goes_on(rooms, text):
    """A follower cannot move the talk either."""
    room = await rooms()
    follower, _ = await room.follower()
    await follower.socket.write_message(text.encode(errors="replace").decode())
    assert (await follower.hear("refused"))["why"]
    follower.say("hello")
    await follower.hear("state", slide=None)


@pytest.mark.gen_test
async def test_a_process_that_missed_the_news_reads_them_while_the_bus_is_away(rooms):
    """The store is the truth: a slide shown elsewhere is here within seconds."""

    class Away(MemoryBus):
        def publish(self, message):
            pass

        async def start(self, on_message, on_resync):
            pass

    one, two = await rooms(bus=Away()), await rooms(bus=Away())
    speaker, _ = await one.speaker()
    follower, _ = await two.follower()
    speaker.say("show", slide="later")
    await follower.hear("show", slide="later")


@pytest.mark.gen_test
async def test_a_room_that_is_started_again_is_where_it_was(rooms):
    """Slide, questions and all."""
    room = await rooms()
    speaker, _ = await room.speaker()
    asker, _ = await room.follower()
    speaker.say("show", slide="middle")
    await asker.hear("show", slide="middle")
    asker.say("question", key=(key := str(uuid.uuid4())), text="Still there?")
    await asker.hear("ok", key=key)
    _, state = await (await rooms()).follower()
    assert (state["slide"], state["questions"][0]["key"]) == ("middle", key)


@pytest.mark.gen_test
async def test_everybody_hears_a_sign_of_life_with_how_many_are_here(rooms):
    """Counted over all processes."""
    one, two = await rooms(), await rooms()
    person, _ = await one.follower()
    await two.follower()
    await person.hear("here", count=2)


@pytest.mark.gen_test
@pytest.mark.parametrize("cookie", [None, "wrong"])
async def test_without_the_token_nobody_speaks(rooms, cookie):
    """Neither the socket nor the file of questions."""
    room = await rooms()
    headers = {"Cookie": f"speaker-{room.port}={cookie}"} if cookie else {}
    with ExpectLog("tornado.access", "401"), pytest.raises(HTTPClientError, match="401"):
        url = f"ws://127.0.0.1:{room.port}/speaker/room"
        await websocket_connect(HTTPRequest(url, headers=headers))
    with ExpectLog("tornado.access", "401"):
        assert (await room.fetch("/speaker/questions.json", headers=headers)).code == 401


@pytest.mark.gen_test
async def test_the_address_that_was_printed_lets_the_speaker_in(rooms):
    """The token in it becomes a cookie."""
    room = await rooms()
    response = await room.fetch(f"/speaker/questions.csv?token={TOKEN}")
    assert response.code == 200
    assert f"speaker-{room.port}={TOKEN}" in response.headers["Set-Cookie"]
    assert "HttpOnly" in response.headers["Set-Cookie"]


@pytest.mark.gen_test
async def test_the_speakers_own_deck_finds_the_room_that_it_moves(rooms):
    """Beside its pages, as the audience's does; nobody else is told."""
    room = await rooms()
    headers = {"Cookie": f"speaker-{room.port}={TOKEN}"}
    response = await room.fetch("/speaker/room.json", headers=headers)
    assert json.loads(response.body) == {"room": "room", "speaker": True}
    with ExpectLog("tornado.access", "401"):
        assert (await room.fetch("/speaker/room.json")).code == 401


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
async def test_a_page_elsewhere_gets_nothing_even_with_the_token(rooms, headers):
    """Another origin, or another name for this machine."""
    room = await rooms()
    with ExpectLog("tornado.access", "403"):
        response = await room.fetch(f"/speaker/questions.json?token={TOKEN}", headers=headers)
    assert response.code == 403


@pytest.mark.gen_test
async def test_who_guesses_the_token_has_to_wait(rooms):
    """Even with the right one in the end."""
    room = await rooms()
    with ExpectLog("tornado.access", "4(01|29)"):
        for guess in range(10):
            assert (await room.fetch(f"/speaker/questions.json?token={guess}")).code == 401
        assert (await room.fetch(f"/speaker/questions.json?token={TOKEN}")).code == 429


@pytest.mark.gen_test
async def test_a_page_elsewhere_cannot_vote(rooms):
    """A socket from another origin is refused."""
    room = await rooms()
    url = f"ws://127.0.0.1:{room.port}/room"
    with ExpectLog("tornado.access", "403"), pytest.raises(HTTPClientError, match="403"):
        await websocket_connect(HTTPRequest(url, headers={"Origin": "http://evil.example"}))
