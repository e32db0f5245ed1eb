"""Where everything meets: what is said goes to the store, and what is new to everybody.

The store decides, and numbers what it keeps. A hub applies its events in their order, whichever
process they came through, and tells its own followers; the bus only says that there is news. Now
and then the hub looks at the store by itself: the bus may be gone, or a process before it could say
anything, and nobody is left behind.
"""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from slides.room import views
from slides.room.broadcast import Crowd
from slides.room.bus import Bus
from slides.room.metrics import Durations
from slides.room.protocol import Black, Message, Point, Ran, Show, encode, read, write
from slides.room.store import Acknowledged, Store, StoreFull
from slides.room.talk import Change, Event, Moment, Talk
from slides.room.waiting import for_ever, until

BEAT = 2.0  # seconds between signs of life; a page takes twice that, and more, for silence
GATHERED = 0.3  # seconds in which votes, questions and paces are told together
LOOK = 1.0  # seconds between looks at the store when nobody tells of news
FRESH = 0.1  # seconds in which who joins is told the same: the clock and the pace go on
FORGET = 3 * BEAT  # a process that was silent for so long is not counted any more
RESTARTING = 1012  # "service restart", in IANA's registry of close codes
GOODBYE = "The server is stopping; come back in a moment."
AT_ONCE = {"show", "black", "ran"}

log = logging.getLogger(__name__)


class Hub:
    """One process's part of the room: its followers, its speakers, its copy of the talk."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self.store = store
        self.bus = bus
        self.talk = Talk()
        self.followers = Crowd()
        self.speakers = Crowd()
        self.kept = Durations()
        self.refused = 0  # messages, with a reason
        self.unkept = 0  # messages that the store could not keep
        self.answering = 0  # messages just now
        self.is_stopping = False
        self._name = secrets.token_hex(4)
        # Followers of other processes, and when that was told.
        self._elsewhere: dict[str, tuple[int, float]] = {}
        self._states: dict[Crowd, tuple[bytes, float]] = {}  # told to who joins, and until when
        self._told = 0  # the version of what followers were told last
        self._gathered: set[Change] = set()
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Read the talk, and begin to listen."""
        self.talk = await self.store.load()
        self._told = self.talk.version
        await self.bus.start(self._heard, self._news.set)
        run = (self._catch_up, self._beat, self._tell_gathered)
        self._tasks = [asyncio.create_task(for_ever(each)) for each in run]

    async def say_goodbye(self, seconds: float) -> None:
        """Answer what was said, then close every connection; wait so long for either at most.

        Each page comes back to the process that takes over, and says again what was not answered.
        """
        self.is_stopping = True
        await until(lambda: self.answering == 0, seconds)
        self._tell_all()
        for crowd in (self.followers, self.speakers):
            crowd.flush()
            for connection in crowd.connections():
                connection.close(RESTARTING, GOODBYE)
        await until(lambda: not (len(self.followers) or len(self.speakers)), seconds)

    async def close(self) -> None:
        """Tell nobody any more; what was acknowledged is in the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.bus.publish(encode({"here": 0, "from": self._name}).encode())
        await self.bus.close()
        await self.store.close()

    def join(self, connection: Any, crowd: Crowd) -> None:
        """Take somebody in: all there is first, then every change."""
        crowd.join(connection)
        self.welcome(connection, crowd)

    def welcome(self, connection: Any, crowd: Crowd) -> None:
        """Tell somebody all there is."""
        crowd.send_one(connection, self._state(crowd))

    def leave(self, connection: Any, crowd: Crowd) -> None:
        """Somebody is gone."""
        crowd.leave(connection)

    async def say(self, follower: str, message: Message) -> Acknowledged:
        """Keep what somebody says, and tell everybody. Raises Refused, StoreFull."""
        if isinstance(message, Point):
            self._point(message)
            self.bus.publish(encode({"point": message.body()}).encode())
            return Acknowledged(None, None)
        began = time.perf_counter()
        try:
            kept = await self.store.keep(follower, message)
            self.kept.add(time.perf_counter() - began)
        except StoreFull:
            self.unkept += 1
            if not isinstance(message, Show | Black | Ran):
                raise
            # The talk goes on: a slide that cannot be kept is shown all the same.
            self._apply([Event(0, Moment.now(), "", message)])
            self.bus.publish(encode({"unkept": write(message)}).encode())
            return Acknowledged(message.key, None)
        if kept.event is not None:
            self._take(kept.event)
        return kept

    def _take(self, event: Event) -> None:
        """An event of this process: it is news here, and to the others."""
        if event.version == self.talk.version + 1:
            self._apply([event])
        else:  # another process was first, or this one's own events come out of their order
            self._news.set()
        self.bus.publish(encode({"version": event.version}).encode())

    def _heard(self, message: bytes) -> None:
        """Another process tells; whatever it is, this one goes on."""
        try:
            said = json.loads(message)
            if said.get("version", 0) > self.talk.version:
                self._news.set()
            if "here" in said:
                self._elsewhere[said["from"]] = int(said["here"]), asyncio.get_running_loop().time()
            if "point" in said:
                said["point"].pop("type")
                self._point(Point(**said["point"]))
            if "unkept" in said:
                self._apply([Event(0, Moment.now(), "", read(said["unkept"]))])
        except Exception:
            log.warning("a message on the bus makes no sense: %.80r", message)

    async def _catch_up(self) -> None:
        """Apply what the store has and this copy lacks: when there is news, and now and then.

        Another process may keep something, and be killed before it can tell.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), LOOK)
        self._news.clear()
        try:
            self._apply(await self.store.changes_since(self.talk.version))
            if self.store.is_failing:
                await self.store.try_again()
        except StoreFull:  # told to the log by the store
            await asyncio.sleep(LOOK)

    def _apply(self, events: Iterable[Event]) -> None:
        changes = {change for event in events if (change := self.talk.apply(event))}
        if changes:
            self._states.clear()
        for change in changes:
            if change.type in AT_ONCE:
                self._tell(change)
            else:
                self._gathered.add(change)

    def _tell(self, change: Change) -> None:
        now = Moment.now()
        self._told = self.talk.version
        self.followers.send_all(encode(views.told(self.talk, change, now)))
        if len(self.speakers):
            self.speakers.send_all(encode(views.told(self.talk, change, now, private=True)))

    async def _tell_gathered(self) -> None:
        """A thousand votes in a moment are told once."""
        await asyncio.sleep(GATHERED)
        self._tell_all()

    def _tell_all(self) -> None:
        for change in sorted(self._gathered):
            self._gathered.discard(change)
            self._tell(change)

    def _point(self, point: Point) -> None:
        text = encode(point.body())
        self.followers.send_all(text)
        self.speakers.send_all(text)

    @property
    def here(self) -> int:
        """Followers of all processes."""
        now = asyncio.get_running_loop().time()
        heard = (count for count, when in self._elsewhere.values() if now - when < FORGET)
        return len(self.followers) + sum(heard)

    async def _beat(self) -> None:
        """Tell everybody, again and again, that this is live, and how many are here."""
        told = {"here": len(self.followers), "from": self._name, "version": self.talk.version}
        self.bus.publish(encode(told).encode())
        beat = {"type": "here", "count": self.here, "version": self._told}
        self.followers.send_all(encode(beat))
        self.speakers.send_all(encode(beat | {"pace": self.talk.pace(Moment.now())}))
        await asyncio.sleep(BEAT)

    def _state(self, crowd: Crowd) -> bytes:
        """All there is, encoded once for all who join in one moment: a room comes at once."""
        now = asyncio.get_running_loop().time()
        text, good_until = self._states.get(crowd, (b"", now))
        if now >= good_until:
            private = crowd is self.speakers
            body = views.state(self.talk, Moment.now(), self.here, private)
            text = encode(body).encode()
            self._states[crowd] = text, now + FRESH
        return text
