"""Pages of a room, as tests drive them: they follow through nginx, come back, and say again."""

import asyncio
import contextlib
import itertools
import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketError, websocket_connect

FIRST, LONGEST = 0.3, 5.0  # seconds before a new attempt, as a real page has them
AGAIN = 1.0  # seconds before something is said again that could not be kept just now
LATER = ("Not so fast", "in a moment")  # what such a refusal says
LOST = (OSError, HTTPClientError, WebSocketError)

Message = dict[str, Any]


class Page:
    """Somebody who is in the room: live, or on the way back to it."""

    def __init__(self, url: str, news: Callable[[], None], **headers: str) -> None:
        self.url = url
        self.headers = headers
        self.state: Message = {}
        self.slide: str | None = None
        self.losses = 0  # connections that ended
        self.repeated = 0  # what was said again on a new one
        self._news = news
        self._version = 0
        self._socket: WebSocketClientConnection | None = None
        self._said: dict[str, tuple[Message, asyncio.Future[None]]] = {}
        self._task = asyncio.create_task(self._live())

    @property
    def is_live(self) -> bool:
        """Whether it has a connection, and has heard all there is."""
        return self._socket is not None

    def send(self, **message: Any) -> None:
        """Say something once, if anybody can hear it."""
        if self._socket is not None:
            with contextlib.suppress(*LOST):
                sending = self._socket.write_message(json.dumps(message))
                sending.add_done_callback(lambda sent: sent.cancelled() or sent.exception())

    async def say(self, key: str, /, **message: Any) -> None:
        """Say something until it is acknowledged; AssertionError when it is refused for good."""
        answer = asyncio.get_running_loop().create_future()
        self._said[key] = message, answer
        self.send(**message)
        await answer

    def welcomed(self) -> None:
        """It has heard all there is: what got no answer is said again, with the same key."""
        self.repeated += len(self._said)
        for message, _ in self._said.values():
            self.send(**message)

    async def close(self) -> None:
        """Leave, for good."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self) -> None:
        """Connect, listen until the connection ends, wait a little longer each time, and again."""
        most = FIRST
        while True:
            with contextlib.suppress(*LOST):
                if await self._listen():
                    most = FIRST
            await asyncio.sleep(most * random.uniform(0.5, 1))
            most = min(2 * most, LONGEST)

    async def _listen(self) -> bool:
        """Listen until the end of one connection; whether anything was heard."""
        request = HTTPRequest(self.url, headers=self.headers, connect_timeout=LONGEST)
        socket = await websocket_connect(request)
        text: str | bytes | None = ""
        try:
            while (text := await socket.read_message()) is not None:
                self._hear(socket, json.loads(text))
        finally:
            was_live, self._socket = self.is_live, None
            self.losses += was_live
            socket.close()
            while text is not None:
                text = await socket.read_message()  # until it is over, which takes an answer
        return was_live

    def _hear(self, socket: WebSocketClientConnection, message: Message) -> None:
        version = message.get("version", 0)
        match message["type"]:
            case "state":
                self.state, self.slide, self._socket = message, message["slide"], socket
                self._version = version
                self.welcomed()
            case "here" if version > self._version:  # it was told less than others
                self.send(type="hello")
            case "show":
                self.slide = message["slide"]
            case "ok" | "refused":
                self._answered(message)
        self._version = max(self._version, version)
        self._news()

    def _answered(self, message: Message) -> None:
        said, answer = self._said.get(message.get("key", ""), ({}, None))
        why = message.get("why", "")
        if answer is None or answer.done():
            return
        if any(each in why for each in LATER):
            asyncio.get_running_loop().call_later(AGAIN, lambda: self.send(**said))
            return
        del self._said[message["key"]]
        if why:
            answer.set_exception(AssertionError(f"{said} was refused: {why}"))
        else:
            answer.set_result(None)


class SpeakersPage(Page):
    """The one who moves the talk: on a slide, which is shown again if it was not heard."""

    def __init__(self, url: str, news: Callable[[], None], **headers: str) -> None:
        self.wanted = ""
        super().__init__(url, news, **headers)

    def show(self, slide: str) -> None:
        """Move to a slide."""
        self.wanted = slide
        self.send(type="show", slide=slide)

    def welcomed(self) -> None:
        super().welcomed()
        if self.wanted and self.slide != self.wanted:
            self.show(self.wanted)


class News:
    """Wakes who waits for something to be so."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def __call__(self) -> None:
        self._event.set()

    async def until(self, claim: Callable[[], object]) -> None:
        """Wait for what a page hears to make it true."""
        while not claim():
            self._event.clear()
            await self._event.wait()


def bearer(run: Any) -> dict[str, str]:
    """The speaker's token, as a program has it."""
    [token] = parse_qs(urlsplit(run.speaker).query)["token"]
    return {"Authorization": f"Bearer {token}"}


NUMBERS = itertools.count()


def follower() -> str:
    """The cookie of somebody new in the audience."""
    return f"follower={next(NUMBERS):x>22}"
