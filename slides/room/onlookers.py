"""What one sees of the mounted demos: their clients, what waits for the slowest, the loop's lag.

One message a second, however many look; and the speaker's button for a client that never reads.
"""

import asyncio
from typing import Any

import tornado.web
from tornado.websocket import WebSocketHandler

from slides.live.lag import LagMeter
from slides.room.access import Access
from slides.room.broadcast import Crowd
from slides.room.handlers import SpeakerHandler, admit
from slides.room.limits import Limit
from slides.room.mounted import Live, prefixes, speakers_prefixes
from slides.room.protocol import encode

PERIOD = 1.0  # seconds from message to message
MOST = 2000  # who look on at once

Routes = list[tuple[Any, ...]]


class Onlookers:
    """Tells whoever looks on; measures only while somebody does."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.crowd = Crowd()
        self._lags: list[float] = []  # milliseconds, of the ticks since the last message
        self._telling: asyncio.Task[None] | None = None

    def join(self, onlooker: WebSocketHandler) -> None:
        """Somebody begins to look on, and is told at once."""
        self.crowd.join(onlooker)
        self.crowd.send_one(onlooker, encode(self._body([])))
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    def leave(self, onlooker: WebSocketHandler) -> None:
        """Somebody has seen enough; with the last one it all stops."""
        self.crowd.leave(onlooker)
        if not self.crowd and self._telling is not None:
            self._telling.cancel()
            self._telling = None

    async def _tell(self) -> None:
        meter = LagMeter(asyncio.get_running_loop())
        meter.listen(self._note)
        try:
            while True:
                await asyncio.sleep(PERIOD)
                lags, self._lags = self._lags, []
                self.crowd.send_all(encode(self._body(lags)))
        finally:
            meter.ignore(self._note)

    def _note(self, now: float, lag: float) -> None:
        self._lags.append(round(lag * 1000, 2))

    def _body(self, lags: list[float]) -> dict[str, Any]:
        return {"type": "figures", "lags": lags, "demos": self.live.figures()}


class FiguresSocket(WebSocketHandler):
    """`/live.figures`: looks on."""

    def initialize(self, onlookers: Onlookers) -> None:
        self.onlookers = onlookers

    def prepare(self) -> None:
        if len(self.onlookers.crowd) >= MOST:
            raise tornado.web.HTTPError(503, reason="Too many look on already.")

    def get_compression_options(self) -> None:
        return None  # a frame is made once for all

    def open(self, *args: str, **kwargs: str) -> None:
        self.onlookers.join(self)

    def on_message(self, message: str | bytes) -> None:
        pass  # pages only listen

    def on_close(self) -> None:
        self.onlookers.leave(self)


class SpeakersFiguresSocket(FiguresSocket):
    """The same for the speaker's own pages."""

    def initialize(  # type: ignore[override]
        self, onlookers: Onlookers, access: Access, guesses: Limit
    ) -> None:
        super().initialize(onlookers)
        self.access = access
        self.guesses = guesses

    def prepare(self) -> None:
        admit(self, self.access, self.guesses)


class ListHandler(tornado.web.RequestHandler):
    """`/live.json`: which demos there are."""

    def initialize(self, live: Live) -> None:
        self.live = live

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.write({"demos": sorted(self.live.programs)})


class SpeakersListHandler(SpeakerHandler):
    """`/speaker/live.json`: the same, and that a slow client may be added."""

    def initialize(self, live: Live, access: Access, guesses: Limit) -> None:  # type: ignore[override]
        self.live = live
        self.access = access
        self.guesses = guesses

    def get(self) -> None:
        self.write({"demos": sorted(self.live.programs), "speaker": True})


class SlowHandler(SpeakersListHandler):
    """`POST /speaker/live.slow/NAME`: adds a client that never reads."""

    def post(self, name: str) -> None:
        if name not in self.live.programs:
            raise tornado.web.HTTPError(404)
        if not self.live.add_slow(name):
            raise tornado.web.HTTPError(409, reason="There are enough slow clients already.")
        self.set_status(204)


def live_routes(onlookers: Onlookers) -> Routes:
    """What everybody may have of the mounted demos."""
    return [
        (r"/live\.json", ListHandler, {"live": onlookers.live}),
        (r"/live\.figures", FiguresSocket, {"onlookers": onlookers}),
        *prefixes(onlookers.live),
    ]


def speakers_live_routes(onlookers: Onlookers, access: Access, guesses: Limit) -> Routes:
    """What the speaker may have of them."""
    guards: dict[str, Any] = {"access": access, "guesses": guesses}
    return [
        (r"/speaker/live\.json", SpeakersListHandler, {"live": onlookers.live, **guards}),
        (r"/speaker/live\.figures", SpeakersFiguresSocket, {"onlookers": onlookers, **guards}),
        (r"/speaker/live\.slow/(\w+)", SlowHandler, {"live": onlookers.live, **guards}),
        *speakers_prefixes(onlookers.live, access, guesses),
    ]
