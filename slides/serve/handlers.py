"""What every answer of the deck server has in common, and its health check."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import tornado.web

if TYPE_CHECKING:
    from slides.room.hub import Hub

REVALIDATE = "no-cache"


class UnderWay:
    """The requests being answered, so that a stop can wait for them."""

    def __init__(self) -> None:
        self._requests: set[tornado.web.RequestHandler] = set()
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return len(self._requests)

    def begin(self, request: tornado.web.RequestHandler) -> None:
        """Count a request."""
        self._requests.add(request)
        self._none.clear()

    def end(self, request: tornado.web.RequestHandler) -> None:
        """Forget a request that was answered, or was never counted."""
        self._requests.discard(request)
        if not self._requests:
            self._none.set()

    async def over(self) -> None:
        """Wait until no request is under way."""
        await self._none.wait()


class Handler(tornado.web.RequestHandler):
    """What every answer has in common: the headers, the error page, and being counted."""

    def prepare(self) -> None:
        self.application.settings["under_way"].begin(self)

    def on_finish(self) -> None:
        self.application.settings["under_way"].end(self)

    def set_default_headers(self) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        # A demo's panel frames pages of the deck; nobody else has a reason to.
        self.set_header("Content-Security-Policy", "frame-ancestors 'self'")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", REVALIDATE)

    def write_error(self, status_code: int, **kwargs: object) -> None:
        self.finish(
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{status_code}</title>"
            "<meta name=viewport content='width=device-width'>"
            "<style>body{font:1.25rem/1.5 system-ui;margin:12vh 8vw;color:#14213d;"
            "background:#fbfaf7}a{color:#0b6b82}</style>"
            f"<h1>{status_code} {self._reason}</h1>"
            "<p><a href='/'>To the first page of the talk</a></p></html>"
        )


class HealthHandler(Handler):
    """Tells a proxy or a supervisor whether there is a deck to serve, and a room around it.

    503 asks for somebody to act: there is no deck, or what is asked cannot be kept. Without its bus
    a room is slower by a second, and nothing is lost: that is "degraded", and still 200.
    """

    def initialize(self, deck: Path, hub: "Hub | None" = None) -> None:
        self.deck = deck
        self.hub = hub

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        health = {"deck": "ready" if is_built(self.deck) else "not built"}
        if self.hub is not None:
            health["store"] = "failing" if self.hub.store.is_failing else "ready"
            health["bus"] = "connected" if self.hub.bus.connected else "away"
        is_ill = not {"not built", "failing"}.isdisjoint(health.values())
        self.set_status(503 if is_ill else 200)
        status = "ill" if is_ill else "degraded" if "away" in health.values() else "ok"
        self.write({"status": status, **health})


def is_built(deck: Path) -> bool:
    """Tell whether there is a deck that this account can read."""
    return os.access(deck / "index.html", os.R_OK)
