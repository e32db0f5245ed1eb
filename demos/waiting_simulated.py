"""Five requests at once, and seven places to wait: simulated.

Shows: five requests that sleep in Python, then five that sleep in
    PostgreSQL; the servers and the database are simulated, the waits
    are real; open the page, predict the total, and run
Try:
    curl http://localhost:8888/
    curl "http://localhost:8888/run?mode=sync&requests=2&sleep=0.1"
    curl -i "http://localhost:8888/run?mode=magic"
Needs: nothing beyond Tornado
Where: tab, process
"""

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import tornado.web

PAGES = Path(__file__).parent / "pages"
LIMITS = {"requests": (1, 10, 5), "sleep": (0.1, 5.0, 0.5)}


class Mode:
    """The places to wait in, of which each mode chooses two."""

    title = where = why = ""

    def __init__(self, requests: int, seconds: float) -> None:
        self.seconds = seconds
        self.worker = asyncio.Lock()  # one request has it at a time
        self.pool = ThreadPoolExecutor(requests)  # no thread as yet

    async def awaited(self, served: Callable) -> None:
        served()
        await asyncio.sleep(self.seconds)

    async def on_loop(self, served: Callable) -> None:
        self.block(served)

    async def in_worker(self, served: Callable) -> None:
        async with self.worker:
            await self.awaited(served)

    async def in_pool(self, served: Callable) -> None:
        loop = asyncio.get_running_loop()
        tell = partial(loop.call_soon_threadsafe, served)
        await loop.run_in_executor(self.pool, self.block, tell)

    def block(self, served: Callable) -> None:
        served()
        time.sleep(self.seconds)  # and this thread does nothing else


class Sync(Mode):
    title = "gunicorn: one worker"
    where = "Both sleeps take place in the only worker there is."
    why = "The only worker serves one request, and all others queue."
    python = postgres = Mode.in_worker


class Gevent(Mode):
    title = "gevent: psycopg2 in C"
    where = "Python sleeps in a greenlet; psycopg2 sleeps in C code."
    why = "A greenlet gives way to the others; C code blocks them all."
    python = Mode.awaited
    postgres = Mode.on_loop  # gevent's, which is an event loop, too


class Psycogreen(Mode):
    title = "gevent: psycogreen"
    where = "Python sleeps in a greenlet; psycopg2 lets gevent wait."
    why = "Both waits are gevent's now, and the requests wait together."
    python = postgres = Mode.awaited


class Blocking(Mode):
    title = "Tornado: on the loop"
    where = "time.sleep and a blocking driver, in an async handler."
    why = "A blocked loop serves nobody: the word async does not help."
    python = postgres = Mode.on_loop


class Threads(Mode):
    title = "Tornado: thread pool"
    where = "The same sleeps in a pool, a thread for each request."
    why = "Each sleep blocks a thread of its own, and the loop goes on."
    python = postgres = Mode.in_pool


class Processes(Mode):
    title = "Tornado: process pool"
    where = "The same sleeps in a pool, a process for each request."
    why = "Each sleep blocks its own process; threads play them here."
    python = postgres = Mode.in_pool  # a tab has no processes


class Await(Mode):
    title = "Tornado: await"
    where = "asyncio.sleep and an asynchronous driver, both awaited."
    why = "Nothing is blocked: the loop serves others in every wait."
    python = postgres = Mode.awaited


WAYS = (Sync, Gevent, Psycogreen, Blocking, Threads, Processes, Await)
MODES: dict[str, type[Mode]] = {m.__name__.lower(): m for m in WAYS}


class PageHandler(tornado.web.RequestHandler):
    def get(self) -> None:
        page = "waiting_simulated.html"
        self.render(page, modes=MODES, limits=LIMITS)


class RunHandler(tornado.web.RequestHandler):
    """One route after the other; a line of JSON for each event."""

    async def get(self) -> None:
        mode = self.mode()
        requests, sleep = self.number("requests"), self.number("sleep")
        self.set_header("Content-Type", "application/x-ndjson")
        numbers = range(1, requests + 1)
        sending = self.send_all(mode(requests, sleep), numbers)
        self.running = asyncio.create_task(sending)
        with suppress(asyncio.CancelledError):  # the reader left
            await self.running

    def on_connection_close(self) -> None:
        self.running.cancel()

    def mode(self) -> type[Mode]:
        name = self.get_query_argument("mode", "sync")
        if name in MODES:
            return MODES[name]
        why = f"mode: one of {', '.join(MODES)}"
        raise tornado.web.HTTPError(400, reason=why)

    def number(self, name: str) -> Any:
        least, most, usual = LIMITS[name]
        given = self.get_query_argument(name, str(usual))
        with suppress(ValueError):
            if least <= (number := type(usual)(given)) <= most:
                return number
        why = f"{name}: a number from {least:g} to {most:g}"
        raise tornado.web.HTTPError(400, reason=why)

    async def send_all(self, mode: Mode, numbers: range) -> None:
        self.began = time.monotonic()
        try:
            for route in ("python", "postgres"):
                self.say("sent", route=route)
                wait = partial(self.send, getattr(mode, route), route)
                await asyncio.gather(*map(wait, numbers))
            self.say("over", why=mode.why)
        finally:
            mode.pool.shutdown(wait=False)

    async def send(self, wait: Callable, route: str, n: int) -> None:
        await wait(partial(self.say, "served", route=route, number=n))
        self.say("done", route=route, number=n)

    def say(self, state: str, **more: Any) -> None:
        if self.running.done():
            return  # the reader left while a thread was still asleep
        now = round(time.monotonic() - self.began, 3)
        line = json.dumps({"state": state, "time": now, **more})
        self.write(line + "\n")
        self.flush()


def make_app() -> tornado.web.Application:
    return tornado.web.Application(
        [(r"/", PageHandler), (r"/run", RunHandler)],
        template_path=str(PAGES),
    )


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled."""
    make_app().listen(port, address)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
