"""Predict, then run: all vote, and see each other's votes after it.

Shows: a websocket that is heard and told: one vote a client, secret
    until the run is over, then a bar chart; many votes make one message
Try:
    curl http://localhost:8888/
    curl -X POST http://localhost:8888/run
Needs: nothing beyond Tornado
Where: tab, process, room
"""

import asyncio
import time
from pathlib import Path
from typing import Any

import tornado.web
from tornado.iostream import StreamBufferFullError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

PAGES = Path(__file__).parent / "pages"
QUESTION = "Five waits of {:g} s, gathered: how long do all five take?"
WAITS = 5
CHOICES = (1, 2, 5, 10)  # times as long as one wait


class Poll:
    def __init__(self, seconds: float, interval_ms: int) -> None:
        self.seconds = seconds  # of one wait
        self.interval = interval_ms / 1000
        self.votes: dict[VotesHandler, int | None] = {}
        self.round = 1
        self.result: dict[str, Any] = {}  # once it is known
        self.running: asyncio.Task | None = None
        self.telling: asyncio.TimerHandle | None = None

    def join(self, client: "VotesHandler") -> None:
        self.votes[client] = None
        client.send(self.state())

    def leave(self, client: "VotesHandler") -> None:
        if self.votes.pop(client, None) is not None:
            self.tell_soon()

    def vote(self, client: "VotesHandler", choice: int) -> None:
        if self.running is None and client in self.votes:
            self.votes[client] = choice
            self.tell_soon()

    def counts(self) -> list[int]:
        votes = list(self.votes.values())
        return [votes.count(place) for place in range(len(CHOICES))]

    def state(self) -> dict[str, Any]:
        words = [f"{each * self.seconds:g} s" for each in CHOICES]
        return {
            "question": QUESTION.format(self.seconds),
            "choices": words,
            "round": self.round,
            "running": self.running is not None,
            "votes": sum(self.counts()),  # how many, not for what
            **self.result,
        }

    def tell_soon(self) -> None:
        if self.telling is None:  # else it is told with the others
            loop = asyncio.get_running_loop()
            self.telling = loop.call_later(self.interval, self.tell)

    def tell(self) -> None:
        if self.telling is not None:
            self.telling.cancel()
            self.telling = None
        state = self.state()
        for client in list(self.votes):  # sending may drop one
            client.send(state)

    async def run(self) -> None:
        if self.running is None:
            self.running = asyncio.create_task(self.measure())
            self.tell()
        await asyncio.shield(self.running)  # others await it, too

    async def measure(self) -> None:
        counts = self.counts()  # who leaves now has voted
        began = time.monotonic()
        waits = [asyncio.sleep(self.seconds) for _ in range(WAITS)]
        await asyncio.gather(*waits)
        took = time.monotonic() - began
        near = [abs(each * self.seconds - took) for each in CHOICES]
        self.result = {
            "time": round(took, 3),
            "answer": near.index(min(near)),
            "counts": counts,
            "votes": sum(counts),
        }
        self.tell()

    def ask_again(self) -> None:
        if self.result:
            self.votes = dict.fromkeys(self.votes)
            self.round += 1
            self.result, self.running = {}, None
            self.tell()


class VotesHandler(WebSocketHandler):
    def initialize(self, poll: Poll, backlog: int) -> None:
        self.poll = poll
        self.backlog = backlog

    def open(self) -> None:
        assert self.ws_connection and self.ws_connection.stream
        self.connection = self.ws_connection.stream
        self.connection.max_write_buffer_size = self.backlog  # bytes
        self.poll.join(self)

    def on_message(self, message: str | bytes) -> None:
        places = {str(place): place for place in range(len(CHOICES))}
        if isinstance(message, str) and message in places:
            self.poll.vote(self, places[message])

    def on_close(self) -> None:
        self.poll.leave(self)

    def send(self, state: dict[str, Any]) -> None:
        try:
            self.write_message(state).add_done_callback(forget)
        except StreamBufferFullError:
            self.connection.close()  # it stopped reading: drop it
        except WebSocketClosedError:
            pass  # on_close is on its way


def forget(sending: asyncio.Future) -> None:
    if not sending.cancelled():
        sending.exception()  # it left meanwhile; on_close knows


class PollHandler(tornado.web.RequestHandler):
    def initialize(self, poll: Poll) -> None:
        self.poll = poll


class PageHandler(tornado.web.RequestHandler):
    def get(self) -> None:
        self.render("poll.html")


class RunHandler(PollHandler):
    async def post(self) -> None:
        await self.poll.run()
        self.write(self.poll.state())


class AgainHandler(PollHandler):
    def post(self) -> None:
        self.poll.ask_again()
        self.write(self.poll.state())


def make_app(
    seconds: float = 1, interval_ms: int = 250, backlog: int = 65536
) -> tornado.web.Application:
    poll = {"poll": Poll(seconds, interval_ms)}
    return tornado.web.Application(
        [
            (r"/", PageHandler),
            (r"/votes", VotesHandler, {**poll, "backlog": backlog}),
            (r"/run", RunHandler, poll),
            (r"/again", AgainHandler, poll),
        ],
        template_path=str(PAGES),
        websocket_max_message_size=1024,
    )


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled."""
    make_app().listen(port, address)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
