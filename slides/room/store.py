"""What was said, kept in an SQLite file that several processes of one machine share.

The file is the truth: what is acknowledged is in it, on the disk. Messages that wait while one is
written are written together, so that a thousand votes cost a few syncs of the disk and not a
thousand. One thread of its own reads and writes; the event loop never waits for the disk.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from slides.room.ledger import Acknowledged, Ledger, Said, StoreFull
from slides.room.messages import Message
from slides.room.talk import Event, Moment, Talk

__all__ = ["Acknowledged", "Store", "StoreFull"]

PATIENCE = 1.0  # seconds to wait for a file that another process writes
BATCH = 200  # messages written at once: the speaker waits for no more
WAITING = 20_000  # messages that may wait for the disk: a large room voting in one second
T = TypeVar("T")


class Waiter(NamedTuple):
    """Somebody who wants to know what becomes of what they said."""

    said: Said
    outcome: asyncio.Future[Acknowledged]


class Store:
    """Keeps messages, and tells what was kept by whichever process. `StoreFull` when it cannot."""

    def __init__(
        self, path: Path, now: Callable[[], Moment] = Moment.now, patience: float = PATIENCE
    ) -> None:
        self.path = path
        self.is_failing = False  # what was said last could not be kept
        self._now = now
        self._followers: deque[Waiter] = deque()
        self._speaker: deque[Waiter] = deque()  # who does not wait for a thousand votes
        self._writer: asyncio.Task[None] | None = None
        self._is_closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        try:
            self._ledger = self._thread.submit(Ledger, path, patience).result()
        except BaseException:
            self._thread.shutdown()
            raise

    async def keep(self, follower: str, message: Message) -> Acknowledged:
        """Keep what a follower says, or the speaker, whose `follower` is empty.

        `Refused`: it is not kept. Saying it again is acknowledged again, and kept once.
        """
        if self._is_closed:
            raise StoreFull("The server is stopping; say it again in a moment.", message.key)
        waiting = self._followers if follower else self._speaker
        if len(waiting) >= WAITING:
            raise StoreFull("Too many speak at once; say it again in a moment.", message.key)
        loop = asyncio.get_running_loop()
        waiter = Waiter(Said(follower, message, self._now()), loop.create_future())
        waiting.append(waiter)
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write())
        return await waiter.outcome

    async def load(self) -> Talk:
        """The talk as the file has it."""
        talk = Talk()
        for event in await self.changes_since(0):
            talk.apply(event)
        return talk

    async def changes_since(self, version: int) -> list[Event]:
        """What a talk of this version lacks; `Talk.apply` them in this order."""
        return await self._in_thread(self._ledger.since, version)

    async def version(self) -> int:
        """The version of the newest event."""
        return await self._in_thread(self._ledger.version)

    @property
    def waiting(self) -> int:
        """Messages that wait to be kept."""
        return len(self._speaker) + len(self._followers)

    async def try_again(self) -> None:
        """Find out whether the file can be written again, before somebody says something."""
        await self._in_thread(self._ledger.probe)
        self.is_failing = False

    async def export(self, form: str) -> str:
        """All questions and polls, as `csv` (questions only) or `json`."""
        return await self._in_thread(self._ledger.export, form)

    async def close(self) -> None:
        """Keep what waits, then close the file."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._writer is not None and not self._writer.done():
            await asyncio.gather(self._writer, return_exceptions=True)
        await self._in_thread(self._ledger.close)
        self._thread.shutdown()

    async def _write(self) -> None:
        while waiting := self._speaker or self._followers:
            batch = [waiter.said for waiter in islice(waiting, BATCH)]
            outcomes: Sequence[Acknowledged | Exception]
            try:
                outcomes = await self._in_thread(self._ledger.keep, batch)
                self.is_failing = False
            except StoreFull as full:
                self.is_failing = True
                outcomes = [StoreFull(full.why, said.message.key) for said in batch]
            except Exception as error:  # nobody waits for ever, even for a mistake of ours
                outcomes = [error] * len(batch)
            for outcome in outcomes:
                tell(waiting.popleft().outcome, outcome)

    async def _in_thread(self, call: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *args)


def tell(waiter: asyncio.Future[Acknowledged], outcome: Acknowledged | Exception) -> None:
    """Tell who waits what became of it, unless they have gone."""
    if waiter.done():
        return
    if isinstance(outcome, Exception):
        waiter.set_exception(outcome)
    else:
        waiter.set_result(outcome)
