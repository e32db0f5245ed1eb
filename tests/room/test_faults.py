"""Faults and abuse: whatever becomes of one connection, or of the machine, the room goes on."""

import itertools
import json
import selectors
import socket
import struct
import subprocess
import time
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slides.room import LARGEST
from slides.room.broadcast import BOUND

from . import sayings
from .deck_server import SECRET, DeckServer, Served
from .wire import (
    BINARY,
    CLOSE,
    FIN,
    PING,
    TEXT,
    Wire,
    frame,
    handshake,
)

SMALL = 4096  # bytes of a receive buffer
MB = 1024 * 1024
TOO_BIG, TOO_SLOW = 1009, 1013
FAR = "http://evil.example"
LONG = ("--ping", "3600")  # so that those who only wait need not answer

names = (f"somebody{number}" for number in itertools.count())
few = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def served():
    """A deck server, its speaker, and a witness."""
    served = Served(DeckServer(*LONG))
    yield served
    served.close()


@pytest.fixture
def room(served):
    """The same; when the test is over, it goes on as if nothing had happened."""
    yield served
    served.goes_on()


@pytest.fixture
def another():
    """Makes a server of one's own: `another("--ping", "1")`."""
    made = []

    def make(*options, **place):
        made.append(Served(DeckServer(*(options or LONG), **place)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def a_key():
    """For a new question."""
    return str(uuid.uuid4())


# Readers that are slow, or dead.


def test_dead_readers_cost_bounded_memory_and_nobody_else_a_message(another):
    """What they would have been sent is far more than what the server grows by."""
    room = another()
    dead = [room.server.follower(receive=SMALL) for _ in range(20)]
    before = room.server.memory()
    rounds = 40
    for number in range(rounds):
        page = f"{number} ".ljust(BOUND // 2, "x")
        room.speaker.say("ran", program="hello", region="", files={}, page=page, log="")
        assert room.witness.hear("ran")["page"] == room.speaker.hear("ran")["page"] == page
    unread = len(dead) * rounds * BOUND // 2
    assert room.server.memory() - before < unread / 3
    assert room.server.figure("room_dropped_total") == len(dead)
    assert room.server.figure("room_queued_bytes") == 0
    room.goes_on()
    for each in dead:
        each.close()


# Frames that are none.

BAD = {
    "a reserved bit": frame(TEXT, b"{}", first=FIN | 0x40),
    "all reserved bits": frame(TEXT, b"{}", first=FIN | 0x70),
    "an opcode that is none": frame(3, b"{}"),
    "a control opcode that is none": frame(11, b""),
    "a ping in fragments": frame(PING, b"x", first=0),
    "a ping that is too long": frame(PING, b"x" * 126),
    "a fragment of nothing": frame(0, b"x"),
    "a message within a message": frame(TEXT, b"x", first=0) + frame(TEXT, b"y"),
    "bytes that are no text": frame(TEXT, b"\xff\xfe"),
    "half a character at the end": frame(TEXT, b'{"type": "hello"\xe2\x82'),
    "a surrogate in UTF-8": frame(TEXT, b"\xed\xa0\x80"),
    "a size that no machine has": struct.pack("!BBQ", FIN | TEXT, 0xFF, (1 << 63) - 1),
    "a size with its sign set": struct.pack("!BBQ", FIN | TEXT, 0xFF, 1 << 63),
    "a message that is too large": frame(TEXT, b" " * (LARGEST + 1)),
    "a close frame of one byte": frame(CLOSE, b"\x03"),
    "a close code that is none": frame(CLOSE, struct.pack("!H", 0)),
    "a close code that is reserved": frame(CLOSE, struct.pack("!H", 1006)),
    "a close reason that is no text": frame(CLOSE, struct.pack("!H", 1000) + b"\xff\xfe"),
    "a close frame, and words after it": frame(CLOSE) + frame(TEXT, b'{"type": "hello"}'),
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "HTTP again": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3,
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_frame_ends_its_own_connection(room, what):
    """And nothing else; the log has no mistake."""
    with room.server.follower() as wire:
        wire.send(BAD[what])
        wire.is_over()


def test_an_unmasked_frame_harms_nobody(room):
    """The mask protects proxies, and not this server: it may answer, or close."""
    with room.server.follower() as wire:
        wire.send(frame(TEXT, b'{"type": "hello"}', masked=False))
        wire.send(frame(CLOSE))
        wire.is_over()


def test_a_message_in_many_fragments_is_one_message(room):
    """A byte at a time, with pings between them."""
    with room.server.follower() as wire:
        body = b'{"type": "hello"}'
        parts = [frame(TEXT, b"", first=0), *(frame(0, bytes([one]), first=0) for one in body)]
        wire.send(frame(PING, b"there?").join([*parts, frame(0, b"")]))
        assert wire.hear("state")


def test_fragments_without_end_end_the_connection(room):
    """As soon as they are more than the largest message."""
    before = room.server.memory()
    with room.server.follower() as wire:
        wire.send(frame(TEXT, b"x", first=0))
        for _ in range(500):
            if not wire.send(frame(0, b"x" * 60_000, first=0)):
                break
        assert wire.is_over() in (TOO_BIG, 0)  # the last word may be lost with what was unread
    assert room.server.memory() - before < 10 * MB


def test_empty_fragments_without_end_stop_nobody(room):
    """Though the server has something to read all the time."""
    with room.server.follower() as wire:
        wire.send(frame(TEXT, b'{"type": ', first=0))
        wire.send(frame(0, b"", first=0) * 20_000)
        slide = room.show()
        assert room.witness.hear("show", slide=slide)
        wire.send(frame(0, b'"hello"}'))
        assert wire.hear("state", slide=slide)


def test_pings_from_who_never_reads_cost_bounded_memory(room):
    """Only the newest has to be answered (RFC 6455, 5.5.3)."""
    with room.server.follower(receive=SMALL) as wire:
        before = room.server.memory()
        wire.socket.settimeout(5)  # for a server that would rather not read
        pings = frame(PING, b"x" * 125) * 1000
        sent = sum(len(pings) for _ in range(150) if wire.send(pings))
        assert sent > 15 * MB
        assert room.server.memory() - before < sent / 4


# Many at once, and one who is too many.


def test_who_floods_waits_in_their_own_line(room):
    """Somebody else is answered while most of the flood is still to be read."""
    total = 10_000
    message = frame(TEXT, json.dumps({"type": "pace", "kind": "faster"}).encode())
    before = room.server.figure("room_refused_total")
    with room.server.follower(next(names)) as loud, room.server.follower(next(names)) as quiet:
        loud.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MB)
        loud.send(message * total)
        quiet.say("question", key=(key := a_key()), text="And I?")
        assert quiet.hear("ok", key=key)
        slide = room.show()
        assert quiet.hear("show", slide=slide)
        assert room.server.figure("room_refused_total") - before < total / 2


def test_ten_thousand_connect_at_once_and_all_are_told(another, tell):
    """Everybody gets the state, and the server says all the while that it is well."""
    number = 10_000
    room = another()
    slide = room.show()
    assert room.witness.hear("show", slide=slide)
    began = time.monotonic()
    crowd, checked = connect(room.server, number, slide)
    took = time.monotonic() - began
    assert room.server.figure("room_followers") == number + 1
    slide = room.show()
    told_s = all_hear(crowd, slide)
    tell(f"{number} connected at once in {took:.1f} s, {checked} looks at the health meanwhile")
    tell(f"a slide change reached the last of {number} in {told_s:.2f} s")
    assert checked
    for each in crowd:
        each.close()
    assert room.witness.hear("here", count=1)
    room.goes_on()


def connect(server, number, slide):
    """So many connections, all under way at once; and how often the server said it was well."""
    request = handshake(server.port)
    ready = selectors.DefaultSelector()
    crowd, heard, checked = [], {}, 0
    for _ in range(number):
        each = socket.socket()
        each.setblocking(False)
        # None of thousands has to fade away after the end.
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        each.connect_ex(("127.0.0.1", server.port))
        ready.register(each, selectors.EVENT_WRITE)
        crowd.append(each)
    told = f'"slide":"{slide}"'.encode()
    deadline, look = time.monotonic() + 90, 0.0
    while ready.get_map():
        assert time.monotonic() < deadline, f"{len(ready.get_map())} were not told"
        if time.monotonic() > look:
            assert server.health()[0] == 200
            checked, look = checked + 1, time.monotonic() + 0.5
        for key, event in ready.select(1):
            if event & selectors.EVENT_WRITE:
                key.fileobj.send(request)
                ready.modify(key.fileobj, selectors.EVENT_READ)
                continue
            said = heard.get(key.fd, b"") + key.fileobj.recv(65536)
            heard[key.fd] = said
            assert said.startswith(b"HTTP/1.1 101"), said
            if told in said:
                ready.unregister(key.fileobj)
    ready.close()
    return crowd, checked


def all_hear(crowd, slide):
    """Wait until everybody has heard of a slide; seconds that this took."""
    began, told = time.monotonic(), f'"slide":"{slide}"'.encode()
    for each in crowd:
        each.settimeout(60)
        said = b""
        while told not in said:
            part = each.recv(65536)
            assert part
            said += part
    return time.monotonic() - began


def test_more_than_the_system_allows_are_turned_away_and_the_others_stay(another):
    """There is always a descriptor left for the store, and none is waited for in a busy loop."""
    room = another(wrapper="sh -c 'ulimit -n 128; exec \"$@\"' sh")
    stay = []
    with pytest.raises((OSError, IndexError)):
        for _ in range(200):
            stay.append(room.server.follower())
    assert len(stay) > 30
    slide = "to those who are here"
    room.speaker.say("show", slide=slide)
    assert all(each.hear("show", slide=slide) for each in stay)
    stay[0].say("question", key=(key := a_key()), text="Is there room for a question?")
    assert stay[0].hear("ok", key=key)
    for each in stay:
        each.close()
    assert room.witness.hear("here", count=1)
    room.goes_on()
    assert room.server.said().count("ulimit") == 1


# What is asked.

BIDI = "\u202eevil\u202c \u2066turned\u2069 \u200f"
HOSTILE = {
    "<script>alert(1)</script><img src=x onerror=alert(1)>": None,
    "'; DROP TABLE events; --": None,
    '=HYPERLINK("http://evil.example")': None,
    "{{ 7 * 7 }} ${7*7} <%= 7 %>": None,
    BIDI: "evil turned",
    "NUL\x00 and \x1b[31mescape\x07": "NUL and [31mescape",
    "e" + "\u0301" * 200: "\u00e9" + "\u0301" * 199,
    "👩\u200d🚀" * 90: None,
}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_question_is_only_words(room, text):
    """All hear it to the letter, but for what cannot be seen or turns a line around."""
    with room.server.follower(next(names)) as asker:
        asker.say("question", key=(key := a_key()), text=text)
        assert asker.hear("ok", key=key)
        told = asker.hear("questions")["questions"]
        [question] = [each for each in told if each["key"] == key]
        assert question["text"] == (HOSTILE[text] or text)
        assert room.speaker.say("mark", question=key, state="hidden")
    for form in ("csv", "json"):
        assert room.server.ask_speaker(f"/speaker/questions.{form}")[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"type": "question", "key": "KEY", "text": "\\ud800"}',
        b'{"type": "question", "key": "KEY", "text": "a\\udfff\\ud800b"}',
        b'{"type": "question", "key": "KEY", "text": "\\u0000\\u200b"}',
        b'{"type": "question", "key": "KEY", "text": ' + b'"' + b"x" * 7000 + b'"}',
        b'{"type": "question", "key": "KEY", "text": ' + b"[" * 4000 + b"]" * 4000 + b"}",
        b'{"type": "question", "key": "KEY", "text": 1e999999}',
        b'{"type": "question", "key": "KEY", "text": ' + b"9" * 7000 + b"}",
        b'{"type": "question", "key": "KEY", "text": "' + b"x" * 100_000 + b'"}',
    ],
    ids=range(8),
)
def test_what_is_no_question_is_refused_in_words(room, body):
    """Half a character, nothing, too much, too deep, too large a number."""
    with room.server.follower(next(names)) as asker:
        asker.send(frame(TEXT, body.replace(b"KEY", a_key().encode())))
        assert asker.hear("refused")["why"]
        asker.say("hello")
        assert asker.hear("state")


# Who should not be there.


@pytest.mark.parametrize("path", ["/room", "/live.figures"])
def test_a_page_elsewhere_has_no_socket(room, path):
    """On either face, the speaker's with the cookie of the speaker."""
    for origin in (FAR, "null", "http://127.0.0.1:1", f"https://127.0.0.1.evil.example:{1}"):
        with Wire(room.server.port, path, Origin=origin) as wire:
            assert wire.status == 403
        headers = {"Origin": origin, "Cookie": room.server.cookie}
        with Wire(room.server.port + 1, f"/speaker{path}", **headers) as wire:
            assert wire.status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_can_be_posted_from_elsewhere(room, method):
    """To any address of either face, even with the speaker's cookie."""
    for path in ("/", "/room", "/room.json", "/healthz", "/metrics", "/live/broadcaster/"):
        assert 400 <= room.server.fetch(path, method, body=b"x", Origin=FAR)[0] < 500
    for path in ("/speaker/", "/speaker/room", "/speaker/live.slow/broadcaster", "/speaker/run"):
        answer = room.server.ask_speaker(path, method, body=b"x", Origin=FAR)
        assert 400 <= answer[0] < 500, (path, answer)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "["])
def test_a_name_pointed_at_this_machine_is_not_answered(room, host):
    """The speaker's face knows itself by address, and by names it was told."""
    for path in ("/speaker/", "/speaker/room.json", "/speaker/questions.csv"):
        status, body = room.server.ask_speaker(path, Host=host)
        assert status in (400, 403)
        assert room.server.token not in body.decode()
    headers = {"Host": host, "Origin": f"http://{host}", "Cookie": room.server.cookie}
    with Wire(room.server.port + 1, "/speaker/room", **headers) as wire:
        assert wire.status in (400, 403)


def test_who_guesses_has_to_wait_and_the_speaker_has_not(another):
    """In an address or in a header, for any page or the socket; who has the cookie goes on."""
    server = another().server
    bearer = {"Cookie": "", "Authorization": "Bearer wrong"}
    for number in range(5):
        guess = f"?token={number}"
        assert server.ask_speaker(f"/speaker/{guess}", Cookie="")[0] == 401
        assert server.ask_speaker("/speaker/questions.csv", **bearer)[0] == 401
    with Wire(server.port + 1, f"/speaker/room?token={server.token}") as wire:
        assert wire.status == 429
    assert server.ask_speaker(f"/speaker/?token={server.token}", Cookie="")[0] == 429
    assert server.ask_speaker("/speaker/questions.csv")[0] == 200
    with Wire(server.port + 1, "/speaker/room", Cookie=server.cookie) as wire:
        assert wire.status == 101
    assert server.token not in server.said().split("The speaker's view")[1].partition("\n")[2]


OUTSIDE = [
    "/../secret.html",
    "/../../secret.html",
    "//secret.html",
    "/%2e%2e/secret.html",
    "/..%2fsecret.html",
    "/%2e%2e%2fsecret.html",
    "/..%5csecret.html",
    "/assets/../../secret.html",
    "/.%2e/secret.html",
    "/%252e%252e/secret.html",
    "/..%00/secret.html",
    "/%00.html",
    "/%c0%ae%c0%ae/secret.html",
    "/%ed%a0%80.html",
    "/\\..\\secret.html",
    "/" + "x" * 5000 + ".html",
    "/" + "x/" * 3000 + "x.html",
    "/.%2f%2e%2e%2fsecret.html",
]


@pytest.mark.parametrize("path", OUTSIDE, ids=range(len(OUTSIDE)))
def test_no_path_leads_out_of_the_deck(room, path):
    """On either face, under any prefix; and none is a mistake."""
    absolute = str(room.server.folder / "secret.html")
    for each in (path, absolute, f"/{absolute}"):
        for answer in (
            room.server.fetch(each),
            room.server.fetch(f"/live/broadcaster{each}"),
            room.server.ask_speaker(f"/speaker{each}"),
            room.server.ask_speaker(each),
        ):
            assert 300 <= answer[0] < 500, (each, answer)
            assert SECRET not in answer[1].decode(errors="replace")


def test_a_large_body_is_not_even_read(room):
    """Nothing here takes one: memory stays as it was."""
    before = room.server.memory()
    with socket.create_connection(("127.0.0.1", room.server.port)) as far:
        far.settimeout(30)
        far.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n\r\n")
        try:
            for _ in range(900):
                far.sendall(b"x" * 100_000)
        except OSError:
            pass
    assert room.server.memory() - before < 20 * MB


# The machine.


@pytest.fixture
def small_disk(tmp_path):
    """A disk of half a megabyte, where this account may mount one."""
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "room-test", str(tmp_path)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_on_a_full_disk_the_asker_is_told_and_the_slides_go_on(small_disk, another):
    """And once there is space again, all is as before, by itself."""
    room = another(store=small_disk / "room.sqlite")
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(b"x" * 1024)
    try:
        asked = ask_until_refused(room)
        assert room.server.health()[0] == 503
        for _ in range(3):
            room.goes_on()
    finally:
        ballast.unlink()
    end = time.monotonic() + 30
    while room.server.health()[0] != 200:
        assert time.monotonic() < end
        room.witness.hear("here")  # every two seconds
    with room.server.follower(next(names)) as asker:
        asker.say("question", key=asked, text="And now?")
        assert asker.hear("ok", "refused", key=asked)["type"] == "ok"
    room.goes_on()
    room.witness.close()
    kept = json.loads(room.server.ask_speaker("/speaker/questions.json")[1])
    assert asked in json.dumps(kept)


def ask_until_refused(room):
    """The key of a question that could not be kept, and whose asker was told."""
    for _ in range(200):
        with room.server.follower(next(names)) as asker:
            asker.say("question", key=(key := a_key()), text="Is there any space? ".ljust(270, "x"))
            answer = asker.hear("ok", "refused", key=key)
            if answer["type"] == "refused":
                assert "disk" in answer["why"]
                return key
    raise AssertionError("everything found room")


# Anything at all, over the wire.


def still_answered(wire):
    """A message that makes sense is answered, unless the connection was ended."""
    wire.say("hello")
    wire.send(frame(CLOSE))
    heard = wire.hear("state")
    return heard is not None or wire.is_over() in range(5000)


@few
@given(said=st.lists(sayings.anything(sayings.from_followers), min_size=1, max_size=6))
def test_whatever_a_follower_says_nobody_is_stuck(room, said):
    """Each gets an answer, or is closed; then a slide change reaches everybody."""
    with room.server.follower(next(names)) as wire:
        for each in said:
            is_text = isinstance(each, str)
            data = each.encode("utf-8", "surrogatepass") if is_text else each
            wire.send(frame(TEXT if is_text else BINARY, data))
        assert still_answered(wire)
    slide = room.show()
    assert room.witness.hear("show", slide=slide)


@few
@given(said=st.lists(sayings.anything(sayings.from_speaker), min_size=1, max_size=6))
def test_whatever_the_speaker_says_nobody_is_stuck(room, said):
    """The speaker's page may be wrong, too."""
    with room.server.speaker() as wire:
        for each in said:
            is_text = isinstance(each, str)
            data = each.encode("utf-8", "surrogatepass") if is_text else each
            wire.send(frame(TEXT if is_text else BINARY, data))
        assert still_answered(wire)
    slide = room.show()
    assert room.witness.hear("show", slide=slide)


frames = st.builds(
    lambda opcode, first, masked, payload: frame(opcode, payload, first=first, masked=masked),
    st.integers(0, 15),
    st.sampled_from([0, FIN, FIN, FIN, FIN | 0x40, 0x10]),
    st.booleans(),
    st.binary(max_size=200) | st.just(b'{"type": "hello"}'),
)


@few
@given(data=st.lists(frames | st.binary(max_size=30), max_size=6).map(b"".join))
def test_whatever_bytes_arrive_nobody_is_stuck(room, data):
    """Frames of all kinds, and none."""
    with room.server.follower() as wire:
        wire.send(data)
        wire.socket.shutdown(socket.SHUT_WR)
        wire.is_over()
    slide = room.show()
    assert room.witness.hear("show", slide=slide)


paths = st.lists(
    st.sampled_from(["speaker", "room", "live", "broadcaster", "..", ".", "", "index.html"])
    | st.text(st.characters(max_codepoint=0x2FF), max_size=8).map(
        lambda text: "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))
    )
    | st.binary(max_size=4).map(lambda data: "".join(f"%{byte:02x}" for byte in data)),
    max_size=5,
).map(lambda parts: "/" + "/".join(parts))
headers = st.dictionaries(
    st.sampled_from(["Origin", "Cookie", "Range", "If-None-Match", "Accept-Encoding", "Upgrade"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=0xFF, exclude_characters="\x7f")),
    max_size=3,
)


@few
@given(
    path=paths,
    query=st.text(st.sampled_from("token=&%;+/?a0\u00e9"), max_size=12),
    given_headers=headers,
    method=st.sampled_from(["GET", "GET", "HEAD", "POST"]),
)
def test_no_request_is_a_mistake_of_the_server(room, path, query, given_headers, method):
    """On either face: never a status of 500 or above."""
    url = f"{path}?{query}".encode("latin-1").decode("latin-1")
    for ask in (room.server.fetch, room.server.ask_speaker):
        status, _ = ask(url.encode().decode("ascii", "ignore"), method, **given_headers)
        assert status < 500, (url, status)
