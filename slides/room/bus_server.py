"""A bus through a server that may go away and come back: Redis or RabbitMQ.

What such servers offer is "at most once": they forget whom they cannot reach. So each message has
its origin and a number: who finds a number missing looks at the store again. A process hears its
own messages come back, which is how it knows that the whole way, there and back, still works; a
connection that is merely open tells nothing when a cable was pulled or the server hangs.
"""

import asyncio
import contextlib
import logging
import random
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from slides.room.bus import Bus, Heard, Resync, hand_over

BEAT = 1.0  # seconds between signs of life
SILENCE = 3  # signs of life without an echo that mean that the server is away
PATIENCE = 3.0  # seconds for a connection to be made
GOODBYE = 1.0  # seconds for what was published to be sent, and to take leave
SHORTEST, LONGEST = 0.1, 5.0  # seconds at most before the second try, and before any later one
OUTBOX = 1000  # messages kept while the server is away: the latest
BATCH = 100  # messages sent at once
FRAME = re.compile(rb"room ([0-9a-f]{16}) (\d{1,18})(?: (.*))?", re.DOTALL)

log = logging.getLogger(__name__)


class Link(ABC):
    """A connection to a server, which can be made again and again."""

    @abstractmethod
    async def open(self) -> None:
        """Subscribe: what others send from now on arrives. Raises whatever the trouble is."""

    @abstractmethod
    async def listen(self, heard: Heard) -> None:
        """Hand over what arrives, in its order; return or raise once the link is broken."""

    @abstractmethod
    async def send(self, frames: list[bytes]) -> None:
        """Send to all who listen, in this order."""

    @abstractmethod
    async def close(self) -> None:
        """Leave nothing behind, of a half-open link neither. May be cancelled."""


class Frame(NamedTuple):
    """What goes over the wire: `room ORIGIN NUMBER MESSAGE`, or a sign of life without message."""

    origin: bytes
    number: int  # of the message; in a sign of life, of the latest before it
    message: bytes | None = None

    def write(self) -> bytes:
        """As bytes."""
        head = b"room %s %d" % (self.origin, self.number)
        return head if self.message is None else head + b" " + self.message


def read_frame(data: bytes) -> Frame | None:
    """A frame from bytes; None for what is none."""
    found = FRAME.fullmatch(data)
    return Frame(found[1], int(found[2]), found[3]) if found else None


def waits() -> Iterator[float]:
    """Seconds before each next try: exponential back-off with full jitter.

    So that a thousand clients of a server that comes back do not knock at once (Marc Brooker,
    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
    """
    longest = SHORTEST
    while True:
        yield random.uniform(0, longest)
        longest = min(2 * longest, LONGEST)


class ServerBus(Bus):
    """Goes on trying to be connected, from `start` to `close`."""

    def __init__(self, link: Link, address: str) -> None:
        self._link = link
        self._address = address  # as it may be shown: without password
        self._origin = secrets.token_hex(8).encode()
        self._number = 0
        self._numbers: dict[bytes, int] = {}  # of the latest message of each origin
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue(OUTBOX)
        self._unanswered = 0
        self._is_missed = False
        self._task: asyncio.Task[None] | None = None

    async def start(self, on_message: Heard, on_resync: Resync) -> None:
        self._on_message = on_message
        self._on_resync = on_resync
        self._tried = asyncio.Event()
        self._task = asyncio.create_task(self._run())
        await self._tried.wait()

    def publish(self, message: bytes) -> None:
        self._number += 1
        self._put(Frame(self._origin, self._number, message))

    async def close(self) -> None:
        if self._task is None:
            return
        if self.connected:  # the last words of a process that stops in order are heard
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._outbox.join(), GOODBYE)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    def _put(self, frame: Frame) -> None:
        if self._outbox.full():  # the oldest makes room; its number will be missed
            self._outbox.get_nowait()
            self._outbox.task_done()
        self._outbox.put_nowait(frame.write())

    async def _run(self) -> None:
        """Connect, work until the link breaks, wait a little, and again."""
        loop = asyncio.get_running_loop()
        seconds = waits()
        while True:
            began = loop.time()
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._link.open()
                self._join()
                await self._work()
            except Exception as error:  # whatever a library raises, the talk goes on
                self._miss(error)
            finally:
                self.connected = False
                await self._leave()
            if loop.time() - began > PATIENCE + LONGEST:
                seconds = waits()  # it held for a while: this is another trouble
            await asyncio.sleep(next(seconds))

    def _join(self) -> None:
        if self._is_missed:
            log.info("the bus at %s is back", self._address)
        self._is_missed = False
        self._numbers.clear()  # what was missed meanwhile is in the store
        self.connected = True
        self._on_resync()
        self._tried.set()

    def _miss(self, error: BaseException) -> None:
        """Say that the server is away, once until it is back."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if not self._is_missed:
            why = str(error) or type(error).__name__
            log.warning("the bus at %s is away (%s); trying again", self._address, why)
        self._is_missed = True
        self._tried.set()

    async def _leave(self) -> None:
        """Close a link that may be broken in any way."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(GOODBYE):
                await self._link.close()

    async def _work(self) -> None:
        """Listen, send and watch, until one of them fails."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._send())
            group.create_task(self._watch())

    async def _listen(self) -> None:
        await self._link.listen(self._hear)
        raise ConnectionError("the server closed the connection")

    async def _send(self) -> None:
        while True:
            frames = [await self._outbox.get()]
            while len(frames) < BATCH and not self._outbox.empty():
                frames.append(self._outbox.get_nowait())
            try:
                await self._link.send(frames)
            finally:
                for _ in frames:
                    self._outbox.task_done()

    async def _watch(self) -> None:
        """Count signs of life, not seconds: a process that was itself stopped blames nobody."""
        self._unanswered = 0
        while self._unanswered < SILENCE:
            self._unanswered += 1
            self._put(Frame(self._origin, self._number))
            await asyncio.sleep(BEAT)
        raise ConnectionError(f"no echo for {SILENCE * BEAT:g} seconds")

    def _hear(self, data: bytes) -> None:
        """Something on the channel, which may be anything."""
        frame = read_frame(data)
        if frame is None:
            log.debug("not a message of a room: %.80r", data)
        elif frame.origin == self._origin:
            self._unanswered = 0
        else:
            self._follow(frame)

    def _follow(self, frame: Frame) -> None:
        """Another process's message; look at the store when there should be one before it."""
        before = frame.number if frame.message is None else frame.number - 1
        latest = self._numbers.get(frame.origin, before)
        if before >= latest:
            self._numbers[frame.origin] = frame.number
            if before > latest:
                self._on_resync()
            if frame.message is not None:
                hand_over(self._on_message, frame.message)
