"""The real server of the deck and its room, on a thread of its own, driven from a test."""

import asyncio
import threading
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer

from slides import room
from slides.room.bus import MemoryBus
from slides.room.hub import Hub
from slides.room.limits import Limits, Rate
from slides.room.messages import Message
from slides.room.store import Store
from slides.serve import make_app

WAIT = 30  # seconds for the thread, on a machine that is busy with others
UNHURRIED = Limits(Rate(1000, 1000), Rate(1000, 1000))


class Server:
    """One address; the store stays when the server is ended and started again."""

    def __init__(self, deck: Path, store: Path, port: int) -> None:
        self.deck, self.store, self.port = deck, store, port
        self.url = f"http://127.0.0.1:{port}/"

    def start(self) -> None:
        """Serve on a thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.do(self._start())

    async def _start(self) -> None:
        self.hub = Hub(Store(self.store), MemoryBus())
        await self.hub.start()
        self._server = HTTPServer(make_app(self.deck, room.audience(self.hub, UNHURRIED)))
        self._server.listen(self.port, "127.0.0.1")

    def stop(self) -> None:
        """End it as a server ends; again is nothing."""
        if self._loop.is_closed():
            return
        self.do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.stop()
        await self.hub.say_goodbye(1)
        await self._server.close_all_connections()
        await self.hub.close()
        rest = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def say(self, *messages: Message, follower: str = "") -> None:
        """The speaker says something, or a follower."""
        for message in messages:
            self.do(self.hub.say(follower, message))

    def fall_silent(self) -> None:
        """Nothing is told any more, and no connection is closed: a network that was cut."""
        self.do(self._fall_silent())

    async def _fall_silent(self) -> None:
        self.hub.followers.send_all = lambda text: None  # type: ignore[method-assign]

    def do(self, work: Awaitable[Any]) -> Any:
        """Let the server's loop do something."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT)  # type: ignore
