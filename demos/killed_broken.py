"""A worker is killed, and the pool never works again.

Shows: a ProcessPoolExecutor that lost one worker refuses all work from
    then on: every request is a 500 with BrokenProcessPool, for ever;
    killed_fixed.py is the same with the cure
Try:
    curl http://localhost:8888/work
    curl -X POST http://localhost:8888/kill
    curl -i http://localhost:8888/work
Needs: nothing beyond Tornado
Where: process
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import tornado.web


def work(number: int) -> dict[str, int]:
    """Something to compute, in a worker."""
    answer = sum(each * each for each in range(number))
    return {"answer": answer, "worker": os.getpid()}


def die() -> None:
    """What the system does to a worker that takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def begin() -> None:
    """Run in each new worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # our parent ends us
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """A parent that is killed ends nobody: see to it ourselves."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


class Workers:
    def __init__(self, count: int) -> None:
        self.pool = ProcessPoolExecutor(
            count,
            # A fork would copy the loop and its sockets as they are.
            mp_context=multiprocessing.get_context("spawn"),
            initializer=begin,
        )
        # All start now: none at a request, none while another dies.
        for _ in range(count):
            self.pool.submit(os.getpid)

    async def run(self, job: Callable, *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, job, *arguments)

    def close(self) -> None:
        self.pool.shutdown(cancel_futures=True)


class WorkHandler(tornado.web.RequestHandler):
    def initialize(self, workers: Workers) -> None:
        self.workers = workers

    async def get(self) -> None:
        self.write(await self.workers.run(work, 10_000))


class KillHandler(tornado.web.RequestHandler):
    def initialize(self, workers: Workers) -> None:
        self.workers = workers

    async def post(self) -> None:
        try:
            await self.workers.run(die)
        except BrokenProcessPool:
            self.write("A worker was killed\n")


def make_app(workers: Workers) -> tornado.web.Application:
    return tornado.web.Application(
        [
            (r"/work", WorkHandler, {"workers": workers}),
            (r"/kill", KillHandler, {"workers": workers}),
        ]
    )


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled."""
    workers = Workers(2)
    try:
        make_app(workers).listen(port, address)
        await asyncio.Event().wait()
    finally:
        workers.close()


if __name__ == "__main__":
    asyncio.run(main())
