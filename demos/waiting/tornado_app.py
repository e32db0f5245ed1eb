"""The same two routes in Tornado, and four places to wait in.

    python -m demos.waiting.tornado_app threads --port 8000

with a PostgreSQL at DATABASE_URL. The places: `blocking` (on the loop,
which is the mistake), `threads`, `processes`, `await`.
"""

import argparse
import asyncio
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import (
    Executor,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from multiprocessing.synchronize import Barrier
from typing import Protocol

import tornado.web
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from demos.waiting.database import Unavailable, address

PAUSE = text("SELECT pg_sleep(:seconds)")


class Waiter(Protocol):
    """Waits in Python and in PostgreSQL, in its own place."""

    async def python(self, seconds: float) -> None: ...

    async def postgres(self, seconds: float) -> None: ...

    async def close(self) -> None: ...


class Blocking:
    """On the event loop: everybody waits."""

    def __init__(self, url: str, workers: int) -> None:
        self.engine = create_engine(url)

    async def python(self, seconds: float) -> None:
        time.sleep(seconds)  # the mistake to see

    async def postgres(self, seconds: float) -> None:
        sleep_in(self.engine, seconds)

    async def close(self) -> None:
        self.engine.dispose()


class Threads:
    """In a thread of a pool: as many wait as there are threads."""

    def __init__(self, url: str, workers: int) -> None:
        self.engine = create_engine(
            url, pool_size=workers, max_overflow=0
        )
        self.executor = ThreadPoolExecutor(workers)

    async def python(self, seconds: float) -> None:
        await run(self.executor, time.sleep, seconds)

    async def postgres(self, seconds: float) -> None:
        await run(self.executor, sleep_in, self.engine, seconds)

    async def close(self) -> None:
        self.executor.shutdown()
        self.engine.dispose()


class Processes:
    """In a process of a pool, each with an engine of its own."""

    def __init__(self, url: str, workers: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        ready = spawn.Barrier(workers + 1)
        self.executor = ProcessPoolExecutor(
            workers, spawn, begin_worker, (url, ready)
        )
        for _ in range(workers):  # each starts one: none is idle
            self.executor.submit(int)
        ready.wait()  # all are there before the first request

    async def python(self, seconds: float) -> None:
        await run(self.executor, time.sleep, seconds)

    async def postgres(self, seconds: float) -> None:
        await run(self.executor, sleep_in_worker, seconds)

    async def close(self) -> None:
        self.executor.shutdown()


class Await:
    """Nowhere: the loop goes on until the wait is over."""

    def __init__(self, url: str, workers: int) -> None:
        self.engine = create_async_engine(
            url, pool_size=workers, max_overflow=0
        )

    async def python(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def postgres(self, seconds: float) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(PAUSE, {"seconds": seconds})

    async def close(self) -> None:
        await self.engine.dispose()


async def run(executor: Executor, function, *arguments) -> None:
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(executor, function, *arguments)


def sleep_in(engine: Engine, seconds: float) -> None:
    with engine.connect() as connection:
        connection.execute(PAUSE, {"seconds": seconds})


class Worker:
    """What a worker process keeps: an engine that nobody else has."""

    engine: Engine


def begin_worker(url: str, ready: Barrier) -> None:
    """Run in each new worker: connections are not to be inherited."""
    threading.Thread(target=die_with_parent, daemon=True).start()
    Worker.engine = create_engine(url, pool_size=1, max_overflow=0)
    ready.wait()


def die_with_parent() -> None:
    """End this worker when its parent is gone, killed or not."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def sleep_in_worker(seconds: float) -> None:
    sleep_in(Worker.engine, seconds)


class SleepHandler(tornado.web.RequestHandler):
    def initialize(self, waiter: Waiter) -> None:
        self.waiter = waiter

    def seconds(self) -> float:
        try:
            wanted = float(self.get_query_argument("seconds", "5"))
        except ValueError:
            wanted = -1
        if not 0 <= wanted <= 60:
            why = "seconds: a number from 0 to 60"
            raise tornado.web.HTTPError(400, reason=why)
        return wanted


class PythonHandler(SleepHandler):
    async def get(self) -> None:
        began = time.time()
        await self.waiter.python(self.seconds())
        self.write({"began": began, "ended": time.time()})


class PostgresHandler(SleepHandler):
    async def get(self) -> None:
        began = time.time()
        await self.waiter.postgres(self.seconds())
        self.write({"began": began, "ended": time.time()})


WAITERS: dict[str, Callable[[str, int], Waiter]] = {
    "blocking": Blocking,
    "threads": Threads,
    "processes": Processes,
    "await": Await,
}


def make_app(waiter: Waiter) -> tornado.web.Application:
    facts = {"waiter": waiter}
    return tornado.web.Application(
        [
            (r"/sleep/python/", PythonHandler, facts),
            (r"/sleep/postgres/", PostgresHandler, facts),
        ]
    )


async def main(
    place: str,
    url: str,
    port: int = 8000,
    address: str = "127.0.0.1",
    workers: int = 10,
) -> None:
    """Serve until cancelled."""
    waiter = WAITERS[place](url, workers)
    make_app(waiter).listen(port, address)
    try:
        await asyncio.Event().wait()
    finally:
        await waiter.close()


def command_line() -> argparse.ArgumentParser:
    line = argparse.ArgumentParser(
        prog="python -m demos.waiting.tornado_app",
        description="Serve the two routes, waiting in one place.",
    )
    line.add_argument("place", choices=WAITERS)
    line.add_argument("--port", type=int, default=8000)
    line.add_argument("--workers", type=int, default=10)
    return line


if __name__ == "__main__":
    line = command_line()
    args = line.parse_args()
    try:
        driver = "psycopg" if args.place == "await" else "psycopg2"
        serving = main(
            args.place, address(driver), args.port, workers=args.workers
        )
        asyncio.run(serving)
    except (Unavailable, OSError) as error:
        line.error(str(error))
    except KeyboardInterrupt:
        pass
