"""A service that takes its time, and counts who waits at once."""

import asyncio
from types import TracebackType

import tornado.web
from tornado.escape import json_decode


class Gauge:
    """Counts those inside it, and how many that ever were."""

    def __init__(self) -> None:
        self.now = self.most = 0

    def __enter__(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.now -= 1

    def read(self) -> int:
        """The most so far; it counts anew from here."""
        most, self.most = self.most, self.now
        return most


class SlowHandler(tornado.web.RequestHandler):
    def initialize(self, gauge: Gauge, delay: float) -> None:
        self.gauge = gauge
        self.delay = delay

    async def post(self) -> None:
        with self.gauge:
            await asyncio.sleep(self.delay)
        self.write({"got": json_decode(self.request.body)})


class OverlappedHandler(tornado.web.RequestHandler):
    def initialize(self, gauge: Gauge) -> None:
        self.gauge = gauge

    def get(self) -> None:
        self.write({"overlapped": self.gauge.read()})


def make_app(delay: float = 0.2) -> tornado.web.Application:
    gauge = Gauge()
    slow = {"gauge": gauge, "delay": delay}
    return tornado.web.Application(
        [
            (r"/slow", SlowHandler, slow),
            (r"/overlapped", OverlappedHandler, {"gauge": gauge}),
        ]
    )
