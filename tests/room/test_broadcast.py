"""The crowd: everybody hears everything in its order, over real sockets, and nobody waits."""

import asyncio
import random
import select
import socket
import ssl
import struct
import subprocess

import pytest
from tornado.httpserver import HTTPServer
from tornado.iostream import SSLIOStream, StreamClosedError
from tornado.tcpclient import TCPClient
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from slides.room.broadcast import BOUND, TOO_SLOW, Crowd, frame

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
SMALL = 16 * 1024  # bytes in the buffer of the server's socket
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Member(WebSocketHandler):
    """A connection of the crowd, as the server has it."""

    def initialize(self, crowd, joined):
        self.crowd = crowd
        self.joined = joined

    def open(self):
        self.set_nodelay(True)
        self.crowd.join(self)
        self.joined.put_nowait(self)

    def on_message(self, text):
        self.crowd.send_all(text)

    def on_close(self):
        self.crowd.leave(self)
        self.joined.put_nowait(None)


class Client:
    """The other end, which reads frames to the letter."""

    def __init__(self, stream):
        self.stream = stream

    async def read_frame(self):
        """The opcode and the payload of the next frame, which is whole and bare."""
        first, size = await self.stream.read_bytes(2)
        if size >= 126:
            form = "!H" if size == 126 else "!Q"
            least = 126 if size == 126 else 1 << 16
            [size] = struct.unpack(form, await self.stream.read_bytes(struct.calcsize(form)))
            assert size >= least
        assert first & 0xF0 == 0x80
        return first & 0x0F, (await self.stream.read_bytes(size) if size else b"")

    async def read(self):
        """The next message."""
        opcode, payload = await self.read_frame()
        assert opcode == TEXT
        return payload.decode()

    async def write(self, opcode, payload=b""):
        """Send a frame, masked with zeros as a client's has to be."""
        head = struct.pack("!BBI", 0x80 | opcode, 0x80 | len(payload), 0)
        await self.stream.write(head + payload)


class Room:
    """A crowd behind a server, with its clients."""

    def __init__(self, **server):
        self.crowd = Crowd()
        self.joined = asyncio.Queue()
        given = {"crowd": self.crowd, "joined": self.joined}
        self.server = HTTPServer(Application([("/", Member, given)]), **server)
        listening, self.port = bind_unused_port()
        self.server.add_socket(listening)

    async def connect(self, small=False, **options):
        """A client, and its connection in the crowd."""
        stream = await TCPClient().connect("127.0.0.1", self.port, **options)
        await stream.write(HANDSHAKE)
        await stream.read_until(b"\r\n\r\n")
        member = await self.joined.get()
        if small:
            inner = member.ws_connection.stream.socket
            inner.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        return Client(stream), member

    async def turn(self):
        """Let what was said be sent."""
        self.crowd.flush()
        await asyncio.sleep(0)


@pytest.fixture
def room(io_loop):
    """A room that is closed when the test is over."""
    room = Room()
    yield room
    room.server.stop()


class Counted:
    """A socket that notes what it is given to send."""

    def __init__(self, inner):
        self.inner = inner
        self.calls = []

    def send(self, data):
        self.calls.append(bytes(data))
        return self.inner.send(data)

    def __getattr__(self, name):
        return getattr(self.inner, name)


def sends(room, member):
    """The calls that hand bytes to a connection's socket from now on, with the bytes they had."""
    stream = member.ws_connection.stream
    stream.socket = counted = Counted(stream.socket)
    line = room.crowd._lines[member]
    if line.push == line.straight:
        line.push = counted.send
    line.straight = counted.send
    return counted.calls


async def fill(room, member, size=50_000):
    """Tell the crowd until a member's socket takes no more, and what was told."""
    told = []
    line = room.crowd._lines[member]
    while line.push == line.straight:
        told.append(f"{len(told)} ".ljust(size, "x"))
        room.crowd.send_all(told[-1])
        await room.turn()
    return told


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70000])
@pytest.mark.gen_test
async def test_a_message_of_any_size_arrives_as_one_frame(room, size):
    """On both sides of the lengths at which RFC 6455 changes the header."""
    client, _ = await room.connect()
    room.crowd.send_all("ä" * (size // 2) + "a" * (size % 2))
    assert await client.read() == "ä" * (size // 2) + "a" * (size % 2)


def test_a_frame_is_that_of_the_standard():
    """The example of RFC 6455, section 5.7; bytes are UTF-8 already."""
    assert frame("Hello") == frame(b"Hello") == bytes.fromhex("81 05 48 65 6c 6c 6f")


@pytest.mark.gen_test
async def test_everybody_hears_everything_in_the_order_it_was_said(room):
    """Whatever is said to all, and whatever is said to one between."""
    (one, first), (two, _) = await room.connect(), await room.connect()
    for number in range(100):
        room.crowd.send_all(f"all {number}")
        if number % 3 == 0:
            room.crowd.send_one(first, f"one {number}")
        if number % 7 == 0:
            await asyncio.sleep(0)
    for number in range(100):
        assert await one.read() == await two.read() == f"all {number}"
        if number % 3 == 0:
            assert await one.read() == f"one {number}"


@pytest.mark.gen_test
async def test_the_messages_of_a_turn_are_one_send_for_each_connection(room):
    """Also for who is told something else between."""
    (one, first), (two, second) = await room.connect(), await room.connect()
    counted = sends(room, first), sends(room, second)
    for text in "abc":
        room.crowd.send_all(text)
    room.crowd.send_one(second, "own")
    room.crowd.send_all("d")
    assert [await one.read() for _ in range(4)] == ["a", "b", "c", "d"]
    assert [await two.read() for _ in range(5)] == ["a", "b", "c", "own", "d"]
    assert [len(calls) for calls in counted] == [1, 1]
    assert room.crowd.deliveries == 9


@pytest.mark.gen_test
async def test_what_is_said_to_one_costs_the_others_nothing(room):
    """No send, not even an empty one."""
    (one, first), (_, second) = await room.connect(), await room.connect()
    counted = sends(room, second)
    room.crowd.send_one(first, "own")
    assert await one.read() == "own"
    assert counted == []


@pytest.mark.gen_test
async def test_who_joins_late_hears_what_is_said_from_then_on(room):
    """Not what was said in the same turn before: the state they are given has that."""
    _, early = await room.connect()
    late, member = await room.connect()
    room.crowd.leave(member)
    room.crowd.send_all("before")
    counted = sends(room, early)
    room.crowd.join(member)
    room.crowd.send_one(member, "state")
    room.crowd.send_all("after")
    assert [await late.read(), await late.read()] == ["state", "after"]
    assert counted == [frame("before") + frame("after")]


@pytest.mark.gen_test
async def test_who_joins_and_is_told_nothing_costs_no_send(room):
    """Until there is something to say."""
    _, member = await room.connect()
    room.crowd.leave(member)
    room.crowd.send_all("before")
    room.crowd.join(member)
    counted = sends(room, member)
    await room.turn()
    assert counted == []


@pytest.mark.gen_test
async def test_a_large_message_arrives_whole_when_the_socket_takes_it_in_parts(room):
    """And what is said meanwhile comes after it."""
    (client, member), (other, _) = await room.connect(small=True), await room.connect()
    calls = sends(room, member)
    large = random.Random(5).randbytes(500_000).hex()
    room.crowd.send_all(large)
    await room.turn()
    assert room.crowd.queued > 0
    for number in range(50):
        room.crowd.send_all(f"after {number}")
        await room.turn()
    for each in client, other:
        assert await each.read() == large
        assert [await each.read() for _ in range(50)] == [f"after {n}" for n in range(50)]
    await asyncio.sleep(0)
    assert len(calls) > 3
    assert room.crowd.queued == 0
    assert room.crowd.dropped == 0


@pytest.mark.gen_test
async def test_what_waited_is_joined_when_its_turn_comes(room):
    """Many small messages behind a large one are one write more."""
    client, member = await room.connect(small=True)
    told = await fill(room, member)
    for number in range(100):
        room.crowd.send_all(f"small {number}")
        await room.turn()
    calls = sends(room, member)
    for text in told + [f"small {number}" for number in range(100)]:
        assert await client.read() == text
    behind = b"".join(frame(f"small {number}") for number in range(100))
    assert behind in calls


@pytest.mark.gen_test
async def test_the_frames_of_tornado_stand_between_ours(room):
    """Pings and pongs, while a message is on its way in parts."""
    client, member = await room.connect(small=True)
    told = await fill(room, member)
    for number in range(20):
        member.ping(b"%d" % number)
        room.crowd.send_all(f"after {number}")
        await client.write(PING, b"you")
        await room.turn()
    wanted = told + [f"after {number}" for number in range(20)]
    heard, control = [], []
    while len(heard) < len(wanted) or len(control) < 21:
        opcode, payload = await client.read_frame()
        (heard if opcode == TEXT else control).append((opcode, payload.decode()))
    assert [text for _, text in heard] == wanted
    assert [text for opcode, text in control if opcode == PING] == [str(n) for n in range(20)]
    assert (PONG, "you") in control


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.gen_test
async def test_a_message_waits_for_what_tornado_is_writing(room, full):
    """Bytes of the stream's own are never overtaken, whatever was written before them."""
    client, member = await room.connect(small=True)
    told = await fill(room, member) if full else []
    own = "x" * 500_000
    written = member.write_message(own)
    for text in told:
        assert await client.read() == text
    assert member.ws_connection.stream.writing()
    heard = drain(client.stream.socket, member.ws_connection.stream.socket)
    room.crowd.send_all("after")
    room.crowd.flush()
    wanted = frame(own) + frame("after")
    heard += await client.stream.read_bytes(len(wanted) - len(heard))
    assert heard == wanted
    await written


def drain(end, other):
    """Read from one end of a connection until the other could send, and what was read."""
    heard = b""
    while not select.select([], [other], [], 0)[1]:
        select.select([end], [], [])
        heard += end.recv(1 << 16)
    return heard


@pytest.mark.gen_test
async def test_who_never_reads_is_dropped_and_the_others_hear_everything(room):
    """With no more than the bound waiting for it, in frames that all share."""
    deaf, slow = await room.connect(small=True)
    others = [await room.connect() for _ in range(3)]
    told, most = [], 0
    while room.crowd.dropped == 0:
        told.append(f"{len(told)} ".ljust(10_000, "x"))
        room.crowd.send_all(told[-1])
        await room.turn()
        most = max(most, room.crowd.queued)
        for client, _ in others:
            assert await client.read() == told[-1]
    assert BOUND / 2 < most <= BOUND + 20_100
    assert len(room.crowd) == 3
    assert room.crowd.queued == 0
    room.crowd.send_one(slow, "not any more")
    heard = []
    while (read := await deaf.read_frame())[0] == TEXT:
        heard.append(read[1].decode())
    assert heard == told[: len(heard)]
    assert read[0] == CLOSE
    assert struct.unpack("!H", read[1][:2]) == (TOO_SLOW,)
    await deaf.write(CLOSE, read[1][:2])
    assert await room.joined.get() is None


@pytest.mark.gen_test
async def test_what_waits_for_many_is_kept_once(room):
    """A deaf crowd costs hardly more than a deaf member."""
    members = [(await room.connect(small=True))[1] for _ in range(10)]
    for member in members:
        await fill(room, member)
    room.crowd.send_all("x" * 100_000)
    await room.turn()
    lines = [room.crowd._lines[member] for member in members]
    assert len({id(line.waiting[-1]) for line in lines}) == 1


@pytest.mark.gen_test
async def test_one_large_message_drops_nobody(room):
    """Though it is beyond the bound; what comes behind it counts."""
    client, _ = await room.connect(small=True)
    large = "x" * (4 * BOUND)
    room.crowd.send_all(large)
    await room.turn()
    room.crowd.send_all("after")
    await room.turn()
    assert room.crowd.queued > BOUND
    assert [await client.read(), await client.read()] == [large, "after"]
    assert room.crowd.dropped == 0


@pytest.mark.gen_test
async def test_who_is_gone_is_told_nothing(room):
    """A connection that breaks, one that says goodbye, and one that the server closes."""
    stays, _ = await room.connect()
    broken, goodbye, closed = [await room.connect() for _ in range(3)]
    linger = struct.pack("ii", 1, 0)
    broken[0].stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    broken[0].stream.close()
    await goodbye[0].write(CLOSE)
    calls = sends(room, closed[1])
    closed[1].close(1000)
    for number in range(10):
        room.crowd.send_all(str(number))
        await asyncio.sleep(0)
    assert calls == [bytes.fromhex("88 02 03 e8")]
    assert [await stays.read() for _ in range(10)] == [str(number) for number in range(10)]
    assert (await closed[0].read_frame())[0] == CLOSE
    await closed[0].write(CLOSE)
    assert [await room.joined.get() for _ in range(3)] == [None, None, None]
    assert len(room.crowd) == 1
    with pytest.raises(StreamClosedError):
        await closed[0].read_frame()


@pytest.mark.gen_test
async def test_a_broken_connection_ends_no_broadcast(room):
    """A send that fails closes its own connection only."""
    members = [await room.connect() for _ in range(3)]
    stream = members[1][1].ws_connection.stream

    def fail(data):
        raise BrokenPipeError

    room.crowd._lines[members[1][1]].push = fail
    room.crowd.send_all("on")
    assert await members[0][0].read() == await members[2][0].read() == "on"
    assert stream.closed()
    assert await room.joined.get() is None
    assert len(room.crowd) == 2


@pytest.mark.gen_test
async def test_who_is_closed_while_messages_wait_holds_none_of_them(room):
    """The rest of a message, and what is behind it, go with the connection."""
    _, member = await room.connect(small=True)
    await fill(room, member)
    room.crowd.send_all("behind")
    await room.turn()
    line = room.crowd._lines[member]
    line.stream.close()
    assert await room.joined.get() is None
    assert not line.waiting
    assert room.crowd.queued == 0
    assert len(room.crowd) == 0


@pytest.mark.gen_test
async def test_nothing_follows_a_close_frame(room):
    """Neither what is said after it, nor what waited before, nor anything of another connection."""
    (client, member), (stays, _) = await room.connect(small=True), await room.connect()
    told = await fill(room, member)
    room.crowd.send_all("waits")
    await room.turn()
    member.close(1000)
    late = "late".ljust(BOUND + 1)
    room.crowd.send_all(late)
    assert [await client.read() for _ in told] == told
    assert (await client.read_frame())[0] == CLOSE
    room.crowd.send_all("later")
    assert [await stays.read() for _ in told] == told
    assert [await stays.read() for _ in range(3)] == ["waits", late, "later"]
    assert room.crowd.dropped == 0
    await client.write(CLOSE)
    with pytest.raises(StreamClosedError):
        await client.read_frame()


@pytest.mark.gen_test
async def test_who_has_left_is_told_by_others_only(room):
    """What waits is forgotten, whole frames are ended, and the connection works on."""
    client, member = await room.connect(small=True)
    told = await fill(room, member)
    room.crowd.send_all("waits")
    await room.turn()
    room.crowd.leave(member)
    written = member.write_message("own")
    assert [await client.read() for _ in told] == told
    assert await client.read() == "own"
    await written
    await member.write_message("end")
    assert await client.read() == "end"
    assert "write" not in vars(member.ws_connection.stream)


@pytest.mark.gen_test
async def test_who_joins_while_tornado_writes_hears_that_first(room):
    """Bytes that were in the stream before it was watched."""
    client, member = await room.connect(small=True)
    room.crowd.leave(member)
    own = "x" * 500_000
    written = member.write_message(own)
    assert member.ws_connection.stream.writing()
    room.crowd.join(member)
    heard = drain(client.stream.socket, member.ws_connection.stream.socket)
    room.crowd.send_all("after")
    room.crowd.flush()
    wanted = frame(own) + frame("after")
    heard += await client.stream.read_bytes(len(wanted) - len(heard))
    assert heard == wanted
    await written


@pytest.mark.gen_test
async def test_what_is_flushed_is_heard_before_the_close(room):
    """So that a crowd can be told that the server stops."""
    client, member = await room.connect()
    room.crowd.send_all("The server stops.")
    room.crowd.flush()
    assert room.crowd.connections() == [member]
    member.close(1001)
    assert await client.read() == "The server stops."
    assert (await client.read_frame())[0] == CLOSE


@pytest.mark.gen_test
async def test_leaving_twice_or_without_having_joined_is_no_mistake(room):
    """And neither is joining after the end."""
    _, member = await room.connect()
    room.crowd.send_one(member, "never heard")
    room.crowd.leave(member)
    room.crowd.leave(member)
    member.close()
    room.crowd.join(member)
    room.crowd.send_one(member, "never heard")
    room.crowd.send_all("never heard")
    await room.turn()
    assert len(room.crowd) == 0
    assert room.crowd.deliveries == 0


@pytest.fixture(scope="module")
def contexts(tmp_path_factory, needs):
    """TLS for a server, and for a client that trusts it."""
    needs("openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=certificate)


@pytest.mark.gen_test
async def test_it_speaks_over_tls_too(io_loop, contexts):
    """Where a send that would block is taken up again by the stream."""
    room = Room(ssl_options=contexts[0])
    client, member = await room.connect(small=True, ssl_options=contexts[1])
    assert isinstance(member.ws_connection.stream, SSLIOStream)
    large = random.Random(6).randbytes(500_000).hex()
    for text in ["first", large, "after"]:
        room.crowd.send_all(text)
        await room.turn()
    assert [await client.read() for _ in range(3)] == ["first", large, "after"]
    room.server.stop()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.gen_test
async def test_nothing_of_a_random_talk_is_lost(room, seed):
    """Sizes, pauses, private words and slow sockets as they come: every order is kept."""
    dice = random.Random(seed)
    pairs = [await room.connect(small=bool(number % 2)) for number in range(6)]
    wanted = {member: [] for _, member in pairs}
    hearing = {member: asyncio.create_task(hear(client)) for client, member in pairs}
    for number in range(60):
        text = f"{number} ".ljust(dice.choice([3, 200, 3000, 10_000]), "x")
        if dice.random() < 0.3:
            told = [dice.choice(pairs)[1]]
            room.crowd.send_one(told[0], text)
        else:
            told = list(wanted)
            room.crowd.send_all(text)
        for member in told:
            wanted[member].append(text)
        for _ in range(dice.randrange(3)):
            await asyncio.sleep(0)
    room.crowd.send_all("end")
    for member, heard in hearing.items():
        assert await heard == wanted[member]
    assert room.crowd.dropped == 0


async def hear(client):
    """All that is said until the end."""
    heard = []
    while (text := await client.read()) != "end":
        heard.append(text)
    return heard
