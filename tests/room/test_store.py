"""The store: what is acknowledged is in the file, once, whatever happens."""

import asyncio
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tornado.ioloop import IOLoop
from tornado.testing import ExpectLog

from slides.room import views
from slides.room.ledger import FORMAT, Ledger, Said
from slides.room.protocol import Pace, Poll, Question, Ran, Refused, Show, Upvote, Vote
from slides.room.store import Acknowledged, Store, StoreFull
from slides.room.talk import PACE_SECONDS, Moment, Talk

from .sayings import FOLLOWERS, KEYS, kept
from .voices import EVERYBODY, PACK

ROOT = Path(__file__).parents[2]
NOW = Moment(1_000_000.0, 1000.0)
ADA, BOB, CYD = FOLLOWERS
often = settings(max_examples=60, deadline=None, database=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there yet, in a folder that is not there yet."""
    return tmp_path / "kept" / "room.sqlite"


@pytest.fixture
def store(path: Path, io_loop: IOLoop) -> Iterator[Store]:
    """A store, closed at the end."""
    made = Store(path, now=lambda: NOW)
    yield made
    io_loop.run_sync(made.close)


async def outcome(store, follower, message):
    """What became of a message: acknowledged, or why not."""
    try:
        return await store.keep(follower, message)
    except Refused as refused:
        return refused.why


def expects_trouble():
    """The operator is told, once."""
    return ExpectLog("slides.room.ledger", ".*cannot be written or read")


async def follow(store, talk):
    """Bring a talk up to date."""
    events = await store.changes_since(talk.version)
    for event in events:
        talk.apply(event)
    return events


@often
@given(st.lists(kept, max_size=25))
def test_the_file_has_the_talk_after_any_conversation(conversation):
    """Loaded at once, followed from the side, and started again."""

    async def check(path):
        store, beside = Store(path), Store(path)
        here, there = Talk(), Talk()
        for follower, message in conversation:
            said = await outcome(store, follower, message)
            if isinstance(said, Acknowledged) and said.event:
                assert here.apply(said.event)
            await follow(beside, there)
        assert vars(here) == vars(there) == vars(await store.load())
        assert here.version == await store.version()
        await store.close()
        await beside.close()
        again = Store(path)
        assert vars(await again.load()) == vars(here)
        await again.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder) / "room.sqlite"))


@often
@given(st.lists(st.tuples(kept, st.booleans()), max_size=25))
def test_two_stores_give_one_talk(conversation):
    """Whoever says what, all at once: each version is there, and each acknowledged word holds."""

    async def check(path):
        stores = [Store(path, patience=30), Store(path, patience=30)]
        said = await asyncio.gather(
            *(outcome(stores[second], *each) for each, second in conversation)
        )
        events = [each.event for each in said if isinstance(each, Acknowledged) and each.event]
        assert sorted(each.version for each in events) == list(range(1, len(events) + 1))
        talk = Talk()
        for event in sorted(events):
            talk.apply(event)
        assert vars(talk) == vars(await stores[0].load()) == vars(await stores[1].load())
        for each in stores:
            await each.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder) / "room.sqlite"))


@pytest.mark.gen_test
async def test_saying_it_again_is_acknowledged_again_and_kept_once(store):
    """As a page does that did not hear the answer; even when both are under way."""
    question = Question(KEYS[0], "Why?")
    first, second = await asyncio.gather(store.keep(ADA, question), store.keep(ADA, question))
    third = await store.keep(ADA, question)
    assert first.key == second.key == third.key == KEYS[0]
    assert [first.event.version, second.event, third.event] == [1, None, None]


@pytest.mark.gen_test
async def test_what_is_said_at_once_is_judged_in_its_order(store):
    """A vote on a question, and one in a poll, right behind them; and the limit of questions."""
    poll = Poll("p", "Which?", ("a", "b"), "open")
    await asyncio.gather(
        store.keep(ADA, Question(KEYS[0], "Why?")), store.keep(BOB, Upvote(KEYS[0]))
    )
    await asyncio.gather(store.keep("", poll), store.keep(BOB, Vote("p", 1)))
    many = (Question(f"{number:08}{KEYS[0][8:]}", "Why?") for number in range(1, 30))
    said = await asyncio.gather(*(outcome(store, ADA, each) for each in many))
    assert [isinstance(each, Acknowledged) for each in said] == [True] * 19 + [False] * 10


@pytest.mark.gen_test
async def test_the_speaker_does_not_wait_for_a_thousand_votes(store):
    """A slide is kept before most of what was said before it."""
    await store.keep("", Poll("p", "Which?", ("a", "b"), "open"))
    votes = [store.keep(f"{number:016}", Vote("p", 0)) for number in range(1000)]
    crowd = asyncio.gather(*votes)
    await asyncio.sleep(0)
    shown = await store.keep("", Show("next"))
    assert shown.event.version < 500
    assert {each.key for each in await crowd} == {"p"}
    assert (await store.load()).counts(Poll("p", "", ("a", "b"), "open")) == [1000, 0]


@pytest.mark.gen_test
async def test_who_goes_away_leaves_what_they_said(store):
    """And the others get their answers."""
    going = asyncio.ensure_future(store.keep(ADA, Question(KEYS[0], "Why?")))
    staying = asyncio.ensure_future(store.keep(BOB, Question(KEYS[1], "Why?")))
    await asyncio.sleep(0)
    going.cancel()
    assert (await staying).key == KEYS[1]
    assert set((await store.load()).asked) == set(KEYS[:2])


@pytest.mark.gen_test
async def test_a_mistake_of_ours_leaves_nobody_waiting(store, monkeypatch):
    """Nothing of that transaction is kept, and the next is."""
    real = Talk.admit

    def admit(talk, message, follower):
        if follower == BOB:
            raise RuntimeError("a mistake")
        return real(talk, message, follower)

    monkeypatch.setattr(Talk, "admit", admit)
    said = (store.keep(follower, Question(KEYS[0], "Why?")) for follower in (BOB, ADA))
    wrong = await asyncio.gather(*said, return_exceptions=True)
    assert [type(each) for each in wrong] == [RuntimeError, RuntimeError]
    assert (await store.keep(ADA, Question(KEYS[1], "Why?"))).event.version == 1
    assert set((await store.load()).asked) == {KEYS[1]}


@pytest.mark.gen_test
async def test_what_waits_is_kept_before_the_file_is_closed(path):
    """A stop loses nothing; what is said after it is refused."""
    store = Store(path)
    waiting = asyncio.ensure_future(store.keep(ADA, Question(KEYS[0], "Why?")))
    await asyncio.sleep(0)
    await store.close()
    await store.close()
    assert (await waiting).key == KEYS[0]
    with pytest.raises(StoreFull, match="stopping"):
        await store.keep(ADA, Question(KEYS[1], "Why?"))


@pytest.mark.gen_test
async def test_the_pace_outlives_the_process(path):
    """It decays on while nobody looks, by the clock that is never put right."""
    store = Store(path, now=lambda: NOW)
    await store.keep(ADA, Pace("faster"))
    await store.close()
    store = Store(path)
    talk = await store.load()
    half = PACE_SECONDS / 2
    assert talk.pace(Moment(0, NOW.tick + half))["faster"] == 0.5
    assert talk.pace(Moment(NOW.at + half, half))["faster"] == 0.5
    assert talk.pace(Moment(0, 5))["faster"] > 0.9
    await store.close()


@pytest.mark.gen_test
async def test_the_export_has_what_other_processes_kept(store, path):
    """And tells nothing of who they were."""
    beside = Store(path)
    await beside.keep(ADA, Question(KEYS[0], "=1+1"))
    await beside.keep(BOB, Upvote(KEYS[0]))
    assert ",open,1,,'=1+1\r\n" in await store.export("csv")
    exported = await store.export("json")
    assert json.loads(exported)["questions"][0]["text"] == "=1+1"
    assert ADA not in exported
    await beside.close()


@pytest.mark.parametrize(
    ("message", "synchronous"),
    [
        (Question(KEYS[0], "Why?"), "FULL"),
        (Poll("p", "Which?", ("a", "b"), "open"), "FULL"),
        (Show("next"), "NORMAL"),
        (Pace("slower"), "NORMAL"),
    ],
)
def test_what_is_acknowledged_is_on_the_disk_and_a_slide_does_not_wait(path, message, synchronous):
    """SQLite is told to wait for the disk before a transaction that is acknowledged."""
    ledger, statements = Ledger(path, patience=1), []
    ledger._db.set_trace_callback(statements.append)
    ledger.keep([Said(ADA, message, NOW)])
    assert statements[0] == f"PRAGMA synchronous={synchronous}"
    assert statements[1].startswith("BEGIN")
    assert statements[-1] == "COMMIT"
    ledger.close()


# A process that is killed, and two at once.


@contextmanager
def voices(path: Path, name: str, rounds: int) -> Iterator[subprocess.Popen[str]]:
    """A process that speaks; killed at the end."""
    command = [sys.executable, "-m", "tests.room.voices", str(path), name, str(rounds)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def acknowledged(lines) -> list[tuple[str, str, str]]:
    """What a process printed: the kind, the key and the follower of each message."""
    return [tuple(json.loads(line)) for line in lines if line.startswith("[")]


def holds(talk: Talk, said: list[tuple[str, str, str]]) -> None:
    """All that was acknowledged is in the talk."""
    for kind, key, follower in said:
        match kind:
            case "question":
                assert key in talk.asked
            case "upvote":
                assert follower in talk.upvotes[key]
            case "vote":
                assert follower in talk.votes[key]


def load(path: Path) -> Talk:
    """The talk in a file."""

    async def opened():
        store = Store(path)
        talk = await store.load()
        await store.close()
        return talk

    return asyncio.run(opened())


def test_what_was_acknowledged_survives_a_kill(path):
    """Killed after its first answer, or after some, again and again with the same file."""
    everything = []
    for number, answers in enumerate([1, 2, 7, 30, 61]):
        with voices(path, f"life-{number}", 1000) as process:
            lines = [process.stdout.readline() for _ in range(answers + 1)]
            os.kill(process.pid, signal.SIGKILL)
            # What had been printed before it died was acknowledged, too; a last half line was not.
            lines += process.stdout.read().rpartition("\n")[0].splitlines()
            assert process.wait() == -signal.SIGKILL
        everything += acknowledged(lines)
        holds(load(path), everything)
    assert len(everything) > 100
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_two_processes_lose_and_double_nothing(path):
    """They start at once on a file that is not there, and say much of the same at once."""
    rounds = 6
    with voices(path, "one", rounds) as one, voices(path, "two", rounds) as two:
        said = []
        for process in (one, two):
            for line in iter(process.stdout.readline, "done\n"):
                assert line, "a process ended early"
                said += acknowledged([line])
        states = []
        for process in (one, two):
            process.stdin.write("\n")
            process.stdin.flush()
            states.append(json.loads(process.stdout.readline()))
    assert states[0] == states[1]
    talk = load(path)
    holds(talk, said)
    own, common = rounds * PACK // 2, rounds * PACK // 2
    assert len(said) == 2 * (1 + PACK * 3) * rounds
    assert len(talk.asked) == 2 * own + common
    assert sum(len(each) for each in talk.upvotes.values()) == 2 * own + common
    assert talk.counts(talk.polls["p"]) == [2 * own, common]
    assert sum(name.startswith(EVERYBODY) for name in talk.votes["p"]) == common


def test_many_processes_open_a_new_file_at_once(path):
    """None is told that it is busy."""
    path.parent.mkdir()
    open_it = "import sys; from pathlib import Path; from slides.room.ledger import Ledger; "
    command = [sys.executable, "-c", open_it + "Ledger(Path(sys.argv[1]), 30).close()", str(path)]
    crowd = [subprocess.Popen(command, cwd=ROOT) for _ in range(6)]
    assert [process.wait() for process in crowd] == [0] * 6


# A disk that is full, a file that another has, a file that is something else.


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Let this process write no file beyond a size in bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def fills_up_and_recovers(
    store: Store, fill: Callable[[], None], free: Callable[[], None]
) -> None:
    """While the disk is full, nothing is acknowledged in vain; afterwards all is as before."""
    talk = await store.load()
    await store.keep(ADA, Question(KEYS[0], "Why?"))
    await store.keep("", Show("before"))
    fill()
    large = Ran("hello", "", {}, "x" * 200_000, "")
    with expects_trouble():
        for number in range(20):
            assert "disk" in str(await outcome(store, "", large)), number
    assert (await store.load()).ran is None
    # What is small may find room yet. If not, it is told so.
    shown = await outcome(store, "", Show("during"))
    asked = await outcome(store, BOB, Question(KEYS[1], "And now?"))
    assert KEYS[0] in (await store.load()).asked
    free()
    again = await store.keep(BOB, Question(KEYS[1], "And now?"))
    assert again.key == KEYS[1]
    assert (again.event is None) == isinstance(asked, Acknowledged)
    await store.keep("", large)
    await follow(store, talk)
    assert talk.ran == large
    assert talk.show.slide == ("during" if isinstance(shown, Acknowledged) else "before")
    assert vars(talk) == vars(await store.load())


@pytest.mark.gen_test
async def test_a_full_disk_refuses_and_recovers(store, path):
    """As a limit on the size of files makes one."""
    limits = files_no_larger_than(128 * 1024)
    await fills_up_and_recovers(store, limits.__enter__, lambda: limits.__exit__(None, None, None))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte, where this account may mount one."""
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "room-test", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.gen_test
async def test_a_disk_that_others_fill_refuses_and_recovers(small_disk):
    """To the last byte."""
    store, ballast = Store(small_disk / "room.sqlite"), small_disk / "ballast"

    def fill():
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
            while True:
                file.write(b"x" * 4096)

    await fills_up_and_recovers(store, fill, ballast.unlink)
    await store.close()


@pytest.mark.gen_test
async def test_a_file_that_another_has_is_told_and_others_go_on(path):
    """For as long as it is locked; reading goes on all the while."""
    store = Store(path, patience=0.05)
    await store.keep(ADA, Question(KEYS[0], "Why?"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with expects_trouble(), pytest.raises(StoreFull, match="busy") as refused:
        await store.keep(BOB, Question(KEYS[1], "Why?"))
    assert refused.value.body()["key"] == KEYS[1]
    assert set((await store.load()).asked) == {KEYS[0]}
    other.execute("ROLLBACK")
    assert (await store.keep(BOB, Question(KEYS[1], "Why?"))).event.version == 2
    other.close()
    await store.close()


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.gen_test
async def test_nothing_is_acknowledged_that_a_removed_file_has(store, path, replaced):
    """As when the folder is cleaned in mid-talk, and perhaps another file put there."""
    await store.keep(ADA, Question(KEYS[0], "Why?"))
    path.rename(path.with_name("old"))
    if replaced:
        path.touch()
    with expects_trouble(), pytest.raises(StoreFull, match="disk"):
        await store.keep(BOB, Question(KEYS[1], "Why?"))
    assert set((await store.load()).asked) == {KEYS[0]}


def test_a_file_that_is_something_else_is_left_alone(path):
    """It is told at the start, and not written to."""
    path.parent.mkdir()
    path.write_text("The minutes of the meeting\n" * 50)
    with expects_trouble(), pytest.raises(StoreFull):
        Store(path)
    assert path.read_text().startswith("The minutes")


def test_a_file_of_another_version_is_left_alone(path):
    """Of a later one, say."""
    asyncio.run(Store(path).close())
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version={FORMAT + 1}")
    db.close()
    with pytest.raises(StoreFull, match="another version"):
        Store(path)


def test_a_folder_is_no_file(tmp_path):
    """It is told at the start."""
    with expects_trouble(), pytest.raises(StoreFull):
        Store(tmp_path)


@pytest.mark.gen_test
async def test_more_than_can_wait_is_refused_at_once(store, monkeypatch):
    """However many speak, memory is bounded; the speaker is not among them."""
    monkeypatch.setattr("slides.room.store.WAITING", 3)
    crowd = [asyncio.ensure_future(outcome(store, ADA, Question(key, "Why?"))) for key in KEYS]
    shown = asyncio.ensure_future(store.keep("", Show("next")))
    said = await asyncio.gather(*crowd)
    assert [isinstance(each, Acknowledged) for each in said] == [True, True, True, False]
    assert "at once" in said[-1]
    assert (await shown).event


def test_a_view_of_an_empty_file_can_be_told(path):
    """Before anything was said."""
    state = views.state(load(path), NOW)
    assert (state["version"], state["slide"], state["questions"]) == (0, None, [])
