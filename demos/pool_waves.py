"""Forty requests and one connection pool: they come in waves.

Shows: SQLAlchemy's usual pool, of 5 connections and 10 more at need:
    15 requests hold one, the others queue, and whoever has queued for
    30 s is refused; open the page, predict, and run
Try:
    curl http://localhost:8888/
    curl "http://localhost:8888/burst?requests=3&size=1&overflow=0"
Needs: nothing beyond Tornado; for a real pool, a DATABASE_URL and
    pip install "sqlalchemy[asyncio]" "psycopg[binary]"
Where: tab, process
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tornado.web

PAGES = Path(__file__).parent / "pages"
LIMITS = {  # of what a burst can be asked for: least, most, usual
    "requests": (1, 200, 40),
    "size": (1, 150, 5),
    "overflow": (0, 150, 10),
    "wait": (0.1, 10.0, 1.0),
    "timeout": (0.1, 60.0, 30.0),
}


class Refused(Exception):
    """There was no connection; the text says why."""


class PretendPool:
    """Connections to nothing, lent as SQLAlchemy's pool lends its."""

    kind = "simulated: pretend connections"

    def __init__(self, size: int, overflow: int, timeout: float):
        self.free = asyncio.Semaphore(size + overflow)
        self.timeout = timeout

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Callable]:
        try:
            await asyncio.wait_for(self.free.acquire(), self.timeout)
        except TimeoutError:
            raise Refused(none_free(self.timeout)) from None
        try:
            yield asyncio.sleep
        finally:
            self.free.release()

    async def dispose(self) -> None:
        pass


class RealPool:
    """SQLAlchemy's own, of connections to a PostgreSQL."""

    kind = "real: PostgreSQL through SQLAlchemy"

    def __init__(
        self, url: str, size: int, overflow: int, timeout: float
    ):
        from sqlalchemy import make_url
        from sqlalchemy.ext.asyncio import create_async_engine

        self.timeout = timeout
        self.engine = create_async_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=size,
            max_overflow=overflow,
            pool_timeout=timeout,
        )

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Callable]:
        from sqlalchemy import exc

        try:
            async with self.engine.connect() as connection:
                yield partial(sleep_in, connection)
        except exc.TimeoutError:
            raise Refused(none_free(self.timeout)) from None
        except exc.DBAPIError as error:  # away, or full itself
            raise Refused(f"PostgreSQL: {error.orig}") from None

    async def dispose(self) -> None:
        await self.engine.dispose()


async def sleep_in(connection: Any, seconds: float) -> None:
    from sqlalchemy import text

    pause = text("SELECT pg_sleep(:seconds)")
    await connection.execute(pause, {"seconds": seconds})


def none_free(timeout: float) -> str:
    return f"no connection was free within {timeout:g} s"


class PageHandler(tornado.web.RequestHandler):
    def initialize(self, kind: str) -> None:
        self.kind = kind

    def get(self) -> None:
        self.render("pool_waves.html", kind=self.kind, limits=LIMITS)


class BurstHandler(tornado.web.RequestHandler):
    """All the requests at once; a line of JSON when one goes on."""

    def initialize(self, make_pool: Callable) -> None:
        self.make_pool = make_pool

    async def get(self) -> None:
        asked = {name: self.number(name) for name in LIMITS}
        self.set_header("Content-Type", "application/x-ndjson")
        self.running = asyncio.create_task(self.burst(**asked))
        with suppress(asyncio.CancelledError):  # the reader left
            await self.running

    def on_connection_close(self) -> None:
        self.running.cancel()

    def number(self, name: str) -> Any:
        least, most, usual = LIMITS[name]
        try:
            given = self.get_query_argument(name, str(usual))
            number = type(usual)(given)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            why = f"{name}: a number from {least} to {most}"
            raise tornado.web.HTTPError(400, reason=why)
        return number

    async def burst(
        self, requests: int, wait: float, **pool_facts: Any
    ) -> None:
        pool = self.make_pool(**pool_facts)
        self.began = asyncio.get_running_loop().time()
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(1, requests + 1):
                    group.create_task(self.borrow(pool, number, wait))
        finally:
            await pool.dispose()

    async def borrow(self, pool: Any, number: int, wait: float) -> None:
        try:
            async with pool.connect() as sleep:
                self.say(number, "holding")
                await sleep(wait)
                self.say(number, "done")
        except Refused as error:
            # What one request alone would be answered.
            self.say(number, "refused", status=503, why=str(error))

    def say(self, number: int, state: str, **more: Any) -> None:
        now = asyncio.get_running_loop().time()
        facts = {"number": number, "state": state, **more}
        facts["time"] = round(now - self.began, 3)
        self.write(json.dumps(facts) + "\n")
        self.flush()


def make_app(url: str = "") -> tornado.web.Application:
    """With the URL of a PostgreSQL, the pool is a real one."""
    make_pool: Callable = PretendPool
    kind = PretendPool.kind
    if url and find_spec("sqlalchemy") and find_spec("psycopg"):
        make_pool, kind = partial(RealPool, url), RealPool.kind
    return tornado.web.Application(
        [
            (r"/", PageHandler, {"kind": kind}),
            (r"/burst", BurstHandler, {"make_pool": make_pool}),
        ],
        template_path=str(PAGES),
    )


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled."""
    make_app(os.environ.get("DATABASE_URL", "")).listen(port, address)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
