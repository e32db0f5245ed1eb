"""The bus: processes hear each other, and know when they may have missed something."""

import asyncio
import itertools
import shutil
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import quote

import aio_pika
import psutil
import pytest
from redis.asyncio import Redis
from tornado.ioloop import IOLoop
from tornado.testing import ExpectLog

from slides.room import bus_server
from slides.room.bus import Bus, Heard, MemoryBus, Unusable, open_bus
from slides.room.bus_server import LONGEST, OUTBOX, SHORTEST, Frame, Link, ServerBus, waits

from .servers import RabbitServer, RedisServer, Server, free_port

LOG = "slides.room.bus_server"
SERVERS = {"redis": RedisServer, "rabbitmq": RabbitServer}
Listeners = Callable[[int], Awaitable[list["Listener"]]]
Wired = list[tuple["Listener", "Wire"]]


class Listener:
    """A bus, and what it heard."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.heard: list[bytes] = []
        self.resyncs = 0
        self._news = asyncio.Event()

    async def start(self) -> "Listener":
        """Listen from now on."""
        await self.bus.start(self._hear, self._resync)
        return self

    async def until(self, claim: Callable[[], object]) -> None:
        """Wait for something that is heard, or a resync, to make it true."""
        while not claim():
            self._news.clear()
            await self._news.wait()

    async def until_heard(self, *messages: bytes) -> None:
        """Wait for these messages, in this order, after whatever else."""
        await self.until(lambda: self.heard[-len(messages) :] == [*messages])

    def _hear(self, message: bytes) -> None:
        self.heard.append(message)
        self._news.set()

    def _resync(self) -> None:
        self.resyncs += 1
        self._news.set()


def says_away(why: str = "") -> ExpectLog:
    """Expects that a bus says that its server is away."""
    return ExpectLog(LOG, rf"the bus at \S+ is away \(.*{why}")


async def until(claim: Callable[[], object]) -> None:
    """Wait for what no event tells."""
    while not claim():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def broker(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    """A RabbitMQ that starts while the other tests run: it takes several seconds."""
    if shutil.which("rabbitmq-server", path="/usr/sbin:/usr/bin") is None:
        yield None
        return
    server = RabbitServer()
    server.launch()
    yield server
    server.close()


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, needs: Callable[[str], None]) -> Iterator[Server]:
    """Each of the real servers."""
    needs(f"{request.param}-server")
    if request.param == "rabbitmq":
        server = request.getfixturevalue("broker")
        server.ready()
        yield server
        return
    server = RedisServer()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module", autouse=True)
def start_early(request: pytest.FixtureRequest) -> None:
    """Let the broker start now, if one of the tests will want it."""
    if any("[rabbitmq" in item.name for item in request.session.items):
        request.getfixturevalue("broker")


@pytest.fixture
def url(server: Server) -> str:
    """The address of a bus of its own on a real server."""
    return f"{server.url}?channel=test-{uuid.uuid4().hex}"


@pytest.fixture
def listeners(io_loop: IOLoop, url: str) -> Iterator[Listeners]:
    """Makes so many listeners on the server."""
    made: list[Bus] = []

    async def make(count: int) -> list[Listener]:
        buses = [open_bus(url) for _ in range(count)]
        made.extend(buses)
        return [await Listener(bus).start() for bus in buses]

    yield make
    for bus in made:
        io_loop.run_sync(bus.close)


# What holds for any server, with one that can be put in any trouble: the broker starts meanwhile


class Wire(Link):
    """A server in this process. What is `lost` is not carried."""

    def __init__(self, members: list["Wire"]) -> None:
        self.members = members
        self.is_up = True
        self.lost: Callable[[bytes], bool] = lambda frame: False
        self.sent: list[bytes] = []

    async def open(self) -> None:
        if not self.is_up:
            raise ConnectionRefusedError("pulled")
        self.arrived: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.members.append(self)

    async def listen(self, heard: Heard) -> None:
        while (frame := await self.arrived.get()) is not None:
            heard(frame)

    async def send(self, frames: list[bytes]) -> None:
        self.sent += frames
        for frame, member in itertools.product(frames, self.members):
            if not self.lost(frame):
                member.arrived.put_nowait(frame)

    async def close(self) -> None:
        if self in self.members:
            self.members.remove(self)

    def pull(self) -> None:
        """Break the link, and every further one."""
        self.is_up = False
        self.arrived.put_nowait(None)


@pytest.fixture
def wired(io_loop: IOLoop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wired]:
    """Two that are joined by a wire, whose beat is fast."""
    monkeypatch.setattr(bus_server, "BEAT", 0.05)
    members: list[Wire] = []
    wires = [Wire(members), Wire(members)]
    pair = [Listener(ServerBus(wire, "wire://")) for wire in wires]
    for each in pair:
        io_loop.run_sync(each.start)
    yield list(zip(pair, wires, strict=True))
    for each in pair:
        io_loop.run_sync(each.bus.close)


@pytest.mark.gen_test
async def test_who_misses_a_message_looks_again(wired: Wired) -> None:
    """The next one tells that there was one before."""
    (mouth, wire), (ear, _) = wired
    mouth.bus.publish(b"heard")
    await ear.until_heard(b"heard")
    wire.lost = lambda frame: b"lost" in frame
    mouth.bus.publish(b"lost")
    mouth.bus.publish(b"heard too")
    await ear.until_heard(b"heard", b"heard too")
    assert ear.resyncs == 2


@pytest.mark.gen_test
async def test_who_misses_the_last_message_looks_again(
    wired: Wired,
) -> None:
    """A sign of life has its number."""
    (mouth, wire), (ear, _) = wired
    mouth.bus.publish(b"heard")
    await ear.until_heard(b"heard")
    wire.lost = lambda frame: b"lost" in frame
    mouth.bus.publish(b"lost")
    await ear.until(lambda: ear.resyncs == 2)
    assert ear.heard == [b"heard"]


@pytest.mark.gen_test
async def test_who_was_away_for_long_keeps_the_latest_messages(
    wired: Wired,
) -> None:
    """And those who hear them know that there were others."""
    (mouth, wire), (ear, _) = wired
    mouth.bus.publish(b"before")
    await ear.until_heard(b"before")
    with says_away("the server closed the connection"):
        wire.pull()
        await until(lambda: not mouth.bus.connected)
    said = [b"%d" % number for number in range(OUTBOX + 500)]
    for each in said:
        mouth.bus.publish(each)
    wire.is_up = True
    await ear.until_heard(*said[-OUTBOX + 1 :])
    assert len(ear.heard) <= 1 + OUTBOX
    assert (ear.resyncs, mouth.resyncs) == (2, 2)


@pytest.mark.gen_test
async def test_who_comes_back_looks_once(wired: Wired) -> None:
    """What was said meanwhile is in the store, and no reason to look again."""
    (mouth, others), (ear, wire) = wired
    mouth.bus.publish(b"before")
    await ear.until_heard(b"before")
    with says_away():
        wire.pull()
        await until(lambda: not ear.bus.connected)
    mouth.bus.publish(b"meanwhile")
    await until(lambda: any(frame.endswith(b"meanwhile") for frame in others.sent))
    wire.is_up = True
    await ear.until(lambda: ear.resyncs == 2)
    mouth.bus.publish(b"after")
    await ear.until_heard(b"before", b"after")
    assert ear.resyncs == 2


@pytest.mark.gen_test
async def test_a_link_without_echo_is_given_up(wired: Wired) -> None:
    """Though it is open, and others are heard on it."""
    (mute, wire), (other, _) = wired
    with says_away("no echo for"):
        wire.lost = lambda frame: True
        await until(lambda: not mute.bus.connected)
    assert other.bus.connected
    wire.lost = lambda frame: False
    await mute.until(lambda: mute.resyncs > 1)
    mute.bus.publish(b"again")
    await other.until_heard(b"again")


@pytest.mark.gen_test
async def test_a_process_that_was_stopped_itself_blames_nobody(
    wired: Wired,
) -> None:
    """A laptop that wakes up looks for echoes before it judges."""
    (first, _), (second, _) = wired
    time.sleep(5 * bus_server.SILENCE * bus_server.BEAT)  # noqa: ASYNC251 as SIGSTOP would do
    first.bus.publish(b"awake")
    await second.until_heard(b"awake")
    assert (first.resyncs, second.resyncs) == (1, 1)


@pytest.mark.gen_test
async def test_an_owner_that_fails_does_not_stop_its_bus() -> None:
    """Whatever becomes of one message, the next one arrives."""
    members: list[Wire] = []
    mouth, ear = (ServerBus(Wire(members), "wire://") for _ in range(2))
    heard = asyncio.Event()

    def fail(message: bytes) -> None:
        if message == b"bad":
            raise ValueError(message)
        heard.set()

    await mouth.start(lambda message: None, lambda: None)
    await ear.start(fail, lambda: None)
    with ExpectLog("slides.room.bus", "a message on the bus could not be handled"):
        mouth.publish(b"bad")
        mouth.publish(b"good")
        await heard.wait()
    await mouth.close()
    await ear.close()


def test_each_wait_is_drawn_from_twice_the_time_until_five_seconds() -> None:
    """From nothing up to the whole of it, so that not all clients come at once."""
    draws = [list(itertools.islice(waits(), 10)) for _ in range(2000)]
    longest = [max(column) for column in zip(*draws, strict=True)]
    bounds = [min(SHORTEST * 2**tries, LONGEST) for tries in range(10)]
    for most, least, bound in zip(longest, map(min, zip(*draws, strict=True)), bounds, strict=True):
        assert 0.9 * bound < most <= bound
        assert least < 0.1 * bound


def test_a_frame_is_read_as_it_was_written() -> None:
    """A sign of life is not an empty message."""
    for message in (None, b"", b"a b\nc"):
        frame = Frame(b"0123456789abcdef", 7, message)
        assert bus_server.read_frame(frame.write()) == frame


# Addresses


@pytest.mark.parametrize("url", ["", "memory://"])
def test_without_a_server_there_is_memory(url: str) -> None:
    """Which nobody has to install."""
    assert isinstance(open_bus(url), MemoryBus)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("kafka://user:secret@host", "no bus has an address like kafka://: try redis://"),
        ("localhost:6379", "no bus has an address like this: try redis://"),
        ("memory", "no bus has an address like this"),
        ("redis://:secret@host:port", "the address of the bus makes no sense"),
        ("redis://:secret@host/?speed=9", "the address of the bus makes no sense .*speed"),
        ("redis://:secret@host/?channel=", "a channel is called by"),
        ("unix://", "a socket has a path: unix:///"),
        ("unix://run/redis.sock", "a socket has a path: unix:///"),
        ("amqp://user:secret@host:99999", "the address of the bus makes no sense"),
        ("amqp://user:secret@host/?channel=amq.fanout", "a channel is called by"),
    ],
)
def test_an_address_that_is_none_is_refused_with_a_sentence(url: str, why: str) -> None:
    """Which is for a screen: a password is not in it."""
    with pytest.raises(Unusable, match=why) as refused:
        open_bus(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "package", "module"),
    [("redis://host", "redis", "bus_redis"), ("amqp://host", "aio-pika", "bus_amqp")],
)
def test_a_missing_package_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, url: str, package: str, module: str
) -> None:
    """Only who wants such a bus needs it."""
    imported = package.replace("-", "_")
    for name in [name for name in sys.modules if name.split(".")[0] == imported]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, f"slides.room.{module}", raising=False)
    monkeypatch.setitem(sys.modules, imported, None)
    with pytest.raises(Unusable, match=rf"needs the package {package}: pip install -e '.\[room\]'"):
        open_bus(url)


# What each server does


async def claim_they_hear_each_other(first: Listener, second: Listener, third: Listener) -> None:
    first.bus.publish(b"one")
    await second.until_heard(b"one")
    await third.until_heard(b"one")
    second.bus.publish(b"two")
    third.bus.publish(b"three")
    await first.until(lambda: len(first.heard) == 2)
    await second.until_heard(b"one", b"three")
    await third.until_heard(b"one", b"two")
    assert sorted(first.heard) == [b"three", b"two"]
    assert all(each.bus.connected for each in (first, second, third))


@pytest.mark.gen_test
async def test_three_processes_hear_each_other_and_not_themselves(listeners: Listeners) -> None:
    """On each of the servers."""
    await claim_they_hear_each_other(*await listeners(3))


@pytest.mark.gen_test
async def test_three_hubs_of_one_process_hear_each_other_and_not_themselves() -> None:
    """Through memory alone."""
    members: list[MemoryBus] = []
    three = [await Listener(MemoryBus(members)).start() for _ in range(3)]
    await claim_they_hear_each_other(*three)
    for each in three:
        await each.bus.close()
    assert members == []


@pytest.mark.gen_test
async def test_what_one_process_says_arrives_in_its_order(listeners: Listeners) -> None:
    """Even when two talk at once."""
    first, second, ear = await listeners(3)
    for number in range(500):
        first.bus.publish(b"first %d" % number)
        second.bus.publish(b"second %d" % number)
    await ear.until(lambda: len(ear.heard) == 1000)
    for name in (b"first", b"second"):
        said = [message for message in ear.heard if message.startswith(name)]
        assert said == [name + b" %d" % number for number in range(500)]
    assert ear.resyncs == 1, "nothing was missed"


@pytest.mark.gen_test
@pytest.mark.parametrize("message", [b"", b" ", b"\r\n\0\xff", b"x" * 1_000_000], ids=range(4))
async def test_any_bytes_arrive_as_they_were_published(
    listeners: Listeners, message: bytes
) -> None:
    """Nothing, a space, what text has not, and a megabyte."""
    mouth, ear = await listeners(2)
    mouth.bus.publish(message)
    await ear.until_heard(message)


@pytest.mark.gen_test
async def test_the_last_words_of_a_process_that_stops_are_heard(listeners: Listeners) -> None:
    """It has acknowledged something, and the others are to know."""
    mouth, ear = await listeners(2)
    for number in range(300):
        mouth.bus.publish(b"%d" % number)
    await mouth.bus.close()
    await ear.until_heard(b"298", b"299")


@pytest.mark.gen_test
async def test_garbage_on_the_channel_is_ignored(listeners: Listeners, url: str) -> None:
    """Whatever another program says there."""
    mouth, ear = await listeners(2)
    address, channel = url.split("?channel=")
    garbage = [b"", b"{}", b"\xff" * 1000, b"room", b"room x 1 y", b"room " + b"0" * 16 + b" -1 y"]
    if url.startswith("redis"):
        async with Redis.from_url(address) as redis:
            for each in garbage:
                assert await redis.publish(channel, each) == 2
    else:
        async with await aio_pika.connect(address) as connection:
            exchange = await (await connection.channel()).get_exchange(channel)
            for each in garbage:
                await exchange.publish(aio_pika.Message(each), routing_key="anything")
    mouth.bus.publish(b"sense")
    await ear.until_heard(b"sense")
    assert ear.heard == [b"sense"]
    assert ear.bus.connected


# Servers in trouble


@pytest.mark.gen_test(timeout=60)
async def test_a_killed_server_that_comes_back_is_found_again(
    listeners: Listeners, server: Server
) -> None:
    """Both look at the store once more, and then messages flow as before."""
    pair = first, second = await listeners(2)
    with says_away() as said:
        server.kill()
        for each in pair:
            await until(lambda each=each: not each.bus.connected)
            each.bus.publish(b"while it is away")
        await asyncio.get_running_loop().run_in_executor(None, server.start)
        for each in pair:
            await each.until(lambda each=each: each.resyncs > 1)
    assert said.matched == 2, "each says it once, however often it tries"
    first.bus.publish(b"again")
    await second.until_heard(b"again")
    second.bus.publish(b"and back")
    await first.until_heard(b"and back")
    assert [each.resyncs for each in pair] == [2, 2]


@pytest.mark.gen_test(timeout=60)
async def test_a_server_that_hangs_is_noticed_within_seconds(
    listeners: Listeners, server: Server
) -> None:
    """Its connections stay open, and nobody answers on them."""
    first, second = await listeners(2)
    try:
        with says_away("no echo for"):
            before = time.monotonic()
            server.pause()
            first.bus.publish(b"into the void")
            await until(lambda: not (first.bus.connected or second.bus.connected))
            waited = time.monotonic() - before
    finally:
        server.resume()
    assert waited < 3 * bus_server.SILENCE * bus_server.BEAT
    await first.until(lambda: first.resyncs > 1)
    await second.until(lambda: second.resyncs > 1)
    first.bus.publish(b"again")
    await second.until_heard(b"again")


@pytest.mark.gen_test
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
async def test_a_server_that_is_down_at_the_start_is_named_once(scheme: str) -> None:
    """The talk begins all the same."""
    bus = open_bus(f"{scheme}://somebody:secret@127.0.0.1:{free_port()}")
    listener = Listener(bus)
    with says_away("127.0.0.1") as said:
        await listener.start()
        bus.publish(b"nobody hears")
        await asyncio.sleep(5 * SHORTEST)  # for several tries
    assert said.matched == 1
    assert not bus.connected
    assert listener.resyncs == 0
    await bus.close()


@pytest.mark.gen_test
async def test_a_server_that_starts_late_is_found(needs: Callable[[str], None]) -> None:
    """Nobody has to start them in an order, and what was published is heard."""
    needs("redis-server")
    late = RedisServer()
    buses = [open_bus(late.url), open_bus(late.url)]
    try:
        with says_away():
            first, second = [await Listener(bus).start() for bus in buses]
        late.start()
        await first.until(lambda: first.resyncs)
        await second.until(lambda: second.resyncs)
        first.bus.publish(b"at last")
        await second.until_heard(b"at last")
    finally:
        for bus in buses:
            await bus.close()
        late.close()


class SocketRedis(RedisServer):
    """A Redis on a socket of this machine, whose name an address must write otherwise."""

    @property
    def socket(self) -> str:
        return f"{self.folder}/50% redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(self.socket)}"

    def command(self) -> list[str]:
        return [*super().command(), "--unixsocket", self.socket]


@pytest.mark.gen_test
async def test_redis_is_reached_over_a_socket_of_the_machine(
    needs: Callable[[str], None],
) -> None:
    """And on a channel of that name only."""
    needs("redis-server")
    server = SocketRedis()
    buses = [open_bus(f"{server.url}?channel={name}") for name in ("ours", "ours", "theirs")]
    try:
        server.start()
        mouth, ear, stranger = [await Listener(bus).start() for bus in buses]
        mouth.bus.publish(b"news")
        await ear.until_heard(b"news")
        assert stranger.heard == []
    finally:
        for bus in buses:
            await bus.close()
        server.close()


# Nothing is left behind


def sockets(server: Server) -> list[object]:
    """This process's connections to a server."""
    here = psutil.Process().net_connections("tcp")
    return [each for each in here if each.raddr and each.raddr.port == server.port]


@pytest.mark.gen_test
async def test_a_closed_bus_leaves_nothing_behind(
    listeners: Listeners, server: Server, url: str
) -> None:
    """No task, no socket, nothing on the server."""
    before = asyncio.all_tasks()
    pair = await listeners(2)
    assert sockets(server)
    for each in pair:
        await each.bus.close()
        await each.bus.close()  # twice is once
        assert not each.bus.connected
        each.bus.publish(b"not any more")
    await until(lambda: not sockets(server))
    assert asyncio.all_tasks() == before
    address, channel = url.split("?channel=")
    if url.startswith("redis"):
        async with Redis.from_url(address) as redis:
            assert await redis.pubsub_channels() == []
    else:
        async with await aio_pika.connect(address) as connection:
            with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
                await (await connection.channel()).get_exchange(channel)


@pytest.mark.gen_test
async def test_a_bus_is_closed_at_once_though_the_server_hangs(
    listeners: Listeners, server: Server
) -> None:
    """A server that stops does not wait for another one."""
    before = asyncio.all_tasks()
    (listener,) = await listeners(1)
    server.pause()
    try:
        listener.bus.publish(b"into the void")
        began = time.monotonic()
        await listener.bus.close()
        assert time.monotonic() - began < 3 * bus_server.GOODBYE
        await until(lambda: not sockets(server))
        assert asyncio.all_tasks() == before
    finally:
        server.resume()
