"""The application with one handler more: what serving it has cost."""

import argparse
import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from tornado.web import Application, RequestHandler

from demos.requests_inside.adapter import setup
from demos.requests_inside.app import make_app, prepare
from demos.requests_inside.ways import find


class Lag:
    """How late the loop ever was, when it was asked to be on time."""

    def __init__(self) -> None:
        self.most = 0.0  # seconds

    async def watch(self, every: float = 0.005) -> None:
        """Ask again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + every
            await asyncio.sleep(every)
            self.most = max(self.most, loop.time() - due)

    def read(self) -> float:
        """The most so far; it starts anew from here."""
        most, self.most = self.most, 0.0
        return most


class MeasuredHandler(RequestHandler):
    def initialize(self, lag: Lag) -> None:
        self.lag = lag

    def get(self) -> None:
        used = psutil.Process().memory_full_info().uss
        self.write(
            {
                "lag": round(self.lag.read() * 1000, 1),  # to ms
                "memory": round(used / 1e6, 1),  # to megabytes
                "threads": threads(),
            }
        )


def threads() -> int:
    """How many there are, the one that watches the input apart."""
    return sum(not each.daemon for each in threading.enumerate())


@contextmanager
def serving(
    args: argparse.Namespace,
) -> Iterator[Application]:
    """Make the application for one way, and measure meanwhile."""
    prepare(**find(args.server).limits(args.calls))
    app = make_app(f"{args.service}/slow")
    lag = Lag()
    measured = ("/measured", MeasuredHandler, {"lag": lag})
    app.add_handlers(".*", [measured])
    watching = asyncio.create_task(lag.watch())
    with setup():
        yield app
    watching.cancel()
