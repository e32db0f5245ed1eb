"""Pushing: search every three seconds, tell every open page.

Shows: a websocket, a set of clients, a periodic callback and a
    broadcast that no slow client can hold up
Try:
    curl http://localhost:8888/
    curl -i http://localhost:8888/updates
Needs: nothing beyond Tornado
Where: tab, process, room
Beside: search 8889
"""

import asyncio
from pathlib import Path
from typing import Any

import tornado.web
from tornado.escape import json_decode
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.httputil import url_concat
from tornado.ioloop import PeriodicCallback
from tornado.iostream import StreamBufferFullError
from tornado.log import app_log
from tornado.websocket import WebSocketClosedError, WebSocketHandler

PAGES = Path(__file__).parent / "pages"
SEARCH = "http://localhost:8889/search"
SHOWN = ("title", "author", "time")
# What a service can do to us: be away, fail, talk nonsense.
TROUBLE = (OSError, HTTPClientError, ValueError, LookupError, TypeError)


class Broadcaster:
    def __init__(self, search: str, interval_ms: int) -> None:
        self.search = search
        self.clients: set[UpdatesHandler] = set()
        self.number = 5  # of the newest post to ask for
        self.last: dict[str, Any] = {"posts": [], "trouble": ""}
        self.asking: asyncio.Task | None = None
        self.ticking = PeriodicCallback(self.tick, interval_ms)

    def join(self, client: "UpdatesHandler") -> None:
        self.clients.add(client)
        client.send(self.last)
        if not self.ticking.is_running():
            self.ticking.start()
            self.tick()

    def leave(self, client: "UpdatesHandler") -> None:
        self.clients.discard(client)
        if not self.clients:  # nobody listens: ask nobody
            self.ticking.stop()

    def tick(self) -> None:
        if self.asking is None or self.asking.done():
            self.asking = asyncio.create_task(self.ask())

    async def ask(self) -> None:
        news: dict[str, Any]
        try:
            news = {"posts": await self.fetch_posts(), "trouble": ""}
            self.number += 1
        except TROUBLE as error:
            app_log.warning("the search service: %r", error)
            news = {"trouble": "The search service does not answer."}
        self.broadcast({**self.last, **news})

    async def fetch_posts(self) -> list[dict[str, str]]:
        query = {"q": "tornado", "newest": str(self.number)}
        url = url_concat(self.search, query)
        response = await AsyncHTTPClient().fetch(url, request_timeout=5)
        posts = json_decode(response.body)["posts"]
        return [
            {key: str(post[key]) for key in SHOWN} for post in posts
        ]

    def broadcast(self, state: dict[str, Any]) -> None:
        self.last = state
        for client in list(self.clients):  # sending may drop one
            client.send(state)


class UpdatesHandler(WebSocketHandler):
    def initialize(
        self, broadcaster: Broadcaster, backlog: int
    ) -> None:
        self.broadcaster = broadcaster
        self.backlog = backlog

    def open(self) -> None:
        assert self.ws_connection and self.ws_connection.stream
        self.connection = self.ws_connection.stream
        self.connection.max_write_buffer_size = self.backlog  # bytes
        self.broadcaster.join(self)

    def on_message(self, message: str | bytes) -> None:
        pass  # pages only listen; whatever they say is let go

    def on_close(self) -> None:
        self.broadcaster.leave(self)

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


class PageHandler(tornado.web.RequestHandler):
    def get(self) -> None:
        self.render("broadcaster.html")


def make_app(
    search: str = SEARCH, interval_ms: int = 3000, backlog: int = 65536
) -> tornado.web.Application:
    crowd = Broadcaster(search, interval_ms)
    updates = {"broadcaster": crowd, "backlog": backlog}
    return tornado.web.Application(
        [
            (r"/", PageHandler),
            (r"/updates", UpdatesHandler, updates),
        ],
        template_path=str(PAGES),
        websocket_max_message_size=1024,
    )


async def main(
    port: int = 8888, address: str = "127.0.0.1", search: str = SEARCH
) -> None:
    """Serve until cancelled, asking the service at `search`."""
    make_app(search).listen(port, address)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
