"""A room behind the pair of nginx and supervisord, of which any part is killed in mid-talk."""

import asyncio
import collections
import json
import random
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psutil
import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from .pages import News, Page, SpeakersPage, bearer, follower

SECONDS = 100
FOLLOWERS = 24
SOON = 30.0  # seconds: what "within seconds" is on a machine that is busy with others
LOOKS = 0.05  # seconds between looks at what no event tells


class Room:
    """A run, with a speaker and followers who come through nginx, and what they were promised."""

    def __init__(self, run: Any) -> None:
        self.run = run
        self.news = News()
        self.poll = uuid.uuid4().hex
        self.asked: list[str] = []  # the keys of the questions that were acknowledged
        self.upvotes: collections.Counter[str] = collections.Counter()
        self.votes: dict[Page, int] = {}
        self._supported: set[tuple[Page, str]] = set()
        host = f"127.0.0.1:{run.speaker_port}"
        self.speaker = SpeakersPage(
            f"ws://{host}/speaker/room", self.news, Origin=f"http://{host}", **bearer(run)
        )
        self.followers = [self.follower() for _ in range(FOLLOWERS)]

    def follower(self) -> Page:
        """Somebody new in the audience."""
        origin = self.run.url.rstrip("/")
        url = f"ws://{origin.removeprefix('http://')}/room"
        return Page(url, self.news, Origin=origin, Cookie=follower())

    @property
    def pages(self) -> list[Page]:
        """All who are here."""
        return [self.speaker, *self.followers]

    async def show(self) -> float:
        """Move to a new slide; seconds until everybody is live and there."""
        began, slide = time.monotonic(), uuid.uuid4().hex
        self.speaker.show(slide)
        await self.news.until(lambda: all(p.is_live and p.slide == slide for p in self.pages))
        return time.monotonic() - began

    async def everybody_speaks(self) -> None:
        """Each asks, supports somebody's question and votes, until all of it is acknowledged."""
        await asyncio.gather(*(self._speak(page) for page in self.followers))

    async def _speak(self, page: Page) -> None:
        key = str(uuid.uuid4())
        await page.say(key, type="question", key=key, text=f"{self.poll} {key}?")
        self.asked.append(key)
        self.news()
        other = random.choice([each for each in self.asked if each != key] or [key])
        choice = random.randrange(2)
        await asyncio.gather(
            page.say(other, type="upvote", question=other),
            page.say(self.poll, type="vote", poll=self.poll, choice=choice),
        )
        if (page, other) not in self._supported:
            self._supported.add((page, other))
            self.upvotes[other] += 1
        self.votes[page] = choice

    async def open(self) -> "Room":
        """Let all come in, and open a poll."""
        await self.show()
        poll = {"poll": self.poll, "question": "Which?", "choices": ["a", "b"], "state": "open"}
        await self.speaker.say(self.poll, type="poll", **poll)
        return self

    async def promises_are_kept(self) -> None:
        """Every acknowledged question and vote is in the export, and once."""
        export = await self.export()
        mine = [each for each in export["questions"] if each["text"].startswith(self.poll)]
        kept = [each["key"] for each in mine]
        assert sorted(kept) == sorted(self.asked)
        assert {each["key"]: each["votes"] for each in mine if each["votes"]} == self.upvotes
        [poll] = [each for each in export["polls"] if each["poll"] == self.poll]
        chosen = collections.Counter(self.votes.values())
        assert poll["counts"] == [chosen[0], chosen[1]]

    async def export(self) -> dict[str, Any]:
        """What the speaker takes home."""
        url = f"http://127.0.0.1:{self.run.speaker_port}/speaker/questions.json"
        answer = await AsyncHTTPClient().fetch(url, headers=bearer(self.run))
        return json.loads(answer.body)

    async def close(self) -> None:
        """Let all go."""
        await asyncio.gather(*(page.close() for page in self.pages))


async def figure(port: int, name: str) -> float:
    """One of the figures of a deck's process."""
    answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/metrics")
    found = re.search(rf"^{name} (\S+)", answer.body.decode(), re.MULTILINE)
    assert found is not None
    return float(found[1])


async def all_is_well(run: Any) -> None:
    """Wait until every process of the deck hears the others, and nginx answers."""
    for url in (run.url, *(f"http://127.0.0.1:{port}/" for port in run.deck_ports)):
        while not await is_well(f"{url}healthz"):  # noqa: ASYNC110
            await asyncio.sleep(LOOKS)


async def is_well(url: str) -> bool:
    """Whether somebody is there, and has a bus."""
    try:
        return json.loads((await AsyncHTTPClient().fetch(url)).body)["status"] == "ok"
    except (OSError, HTTPClientError):
        return False


@asynccontextmanager
async def meeting(run: Any) -> AsyncIterator[Room]:
    """A room in which all are, for the length of a block."""
    await all_is_well(run)
    room = Room(run)
    try:
        yield await room.open()
    finally:
        await room.close()


async def port_of_the_speaker(run: Any) -> int:
    """Where the process is that the speaker's page is connected to."""
    [port] = [each for each in run.deck_ports if await figure(each, "room_speakers")]
    return port


async def of_the_followers(run: Any) -> list[psutil.Process]:
    """The process that has followers only."""
    [port] = set(run.deck_ports) - {await port_of_the_speaker(run)}
    assert await figure(port, "room_followers") > 0
    return [run.deck(port)]


async def of_the_speaker(run: Any) -> list[psutil.Process]:
    """The process that has the speaker."""
    return [run.deck(await port_of_the_speaker(run))]


async def every_deck(run: Any) -> list[psutil.Process]:
    """All that know the talk: what is left is the store."""
    return [run.deck(port) for port in run.deck_ports]


async def nginx(run: Any) -> list[psutil.Process]:
    """The master and its workers."""
    master = run.child("nginx: master")
    return [master, *master.children()]


async def redis(run: Any) -> list[psutil.Process]:
    """The bus."""
    return [run.child("redis-server")]


VICTIMS = [of_the_followers, of_the_speaker, every_deck, nginx, redis]


@pytest.mark.parametrize("victims", VICTIMS, ids=lambda each: each.__name__)
def test_a_talk_outlives_whatever_is_killed(
    run: Any, victims: Any, tell: Callable[[str], None]
) -> None:
    """All are back on the right slide, and what was acknowledged is there once."""

    async def talk() -> None:
        async with meeting(run) as room:
            await room.everybody_speaks()
            doomed = await victims(run)
            speaking = asyncio.create_task(room.everybody_speaks())
            # In the middle of it: some have an answer, some have none.
            before = len(room.asked)
            await room.news.until(lambda: len(room.asked) > before)
            for each in doomed:
                each.kill()
            seconds = await room.show()
            await speaking
            lost = sum(page.losses for page in room.pages)
            again = sum(page.repeated for page in room.pages)
            tell(f"killed: {victims.__name__}; {lost} came back, all in {seconds:.2f} s,")
            tell(f"    and said {again} things again that had no answer")
            assert seconds < SOON
            assert (lost == 0) == (victims is redis)
            await room.everybody_speaks()
            await room.show()
            await room.promises_are_kept()

    asyncio.run(asyncio.wait_for(talk(), SECONDS))


def test_nobody_stays_behind_when_the_decks_are_restarted_in_turn(
    run: Any, tell: Callable[[str], None]
) -> None:
    """As for a new version: each process takes leave of its followers, who go to the other."""

    async def talk() -> None:
        async with meeting(run) as room:
            speaking = asyncio.create_task(room.everybody_speaks())
            for port in run.deck_ports:
                said = await asyncio.to_thread(run.control, "restart", f"deck:deck_{port}")
                assert f"deck_{port}: started" in said
            seconds = await room.show()
            await speaking
            tell(f"restarted in turn: all on the next slide in {seconds:.2f} s")
            assert seconds < SOON
            await room.promises_are_kept()

    asyncio.run(asyncio.wait_for(talk(), SECONDS))


def test_a_process_that_comes_up_late_agrees(run: Any) -> None:
    """It knows the slide and the questions of the time before it."""

    async def talk() -> None:
        late, other = run.deck_ports
        async with meeting(run) as room:
            await asyncio.to_thread(run.control, "stop", f"deck:deck_{late}")
            await room.show()
            await room.everybody_speaks()
            await asyncio.to_thread(run.control, "start", f"deck:deck_{late}")
            await all_is_well(run)
            pages = [Page(f"ws://127.0.0.1:{port}/room", room.news) for port in (late, other)]
            await room.news.until(lambda: all(page.is_live for page in pages))
            for name in ("version", "slide", "questions", "polls"):
                assert pages[0].state[name] == pages[1].state[name]
            assert pages[0].slide == room.speaker.wanted
            for page in pages:
                await page.close()

    asyncio.run(asyncio.wait_for(talk(), SECONDS))


def test_of_two_speakers_on_two_processes_the_last_one_wins(run: Any) -> None:
    """One after the other, and at once: in the end all see the same slide."""

    async def talk() -> None:
        async with meeting(run) as room:
            await room.speaker.close()
            both = [
                Page(f"ws://127.0.0.1:{port}/speaker/room", room.news, **bearer(run))
                for port in run.speaker_ports
            ]
            pages = [*both, *room.followers]
            await room.news.until(lambda: all(page.is_live for page in pages))
            for speaker, slide in zip(both * 2, ("one", "two", "three", "four"), strict=True):
                speaker.send(type="show", slide=slide)
                await room.news.until(lambda s=slide: all(page.slide == s for page in pages))
            for turn in range(20):
                for name, speaker in zip("ab", both, strict=True):
                    speaker.send(type="show", slide=f"{name}{turn}")
            await room.news.until(lambda: {page.slide for page in pages} in ({"a19"}, {"b19"}))
            for page in both:
                await page.close()

    asyncio.run(asyncio.wait_for(talk(), SECONDS))
