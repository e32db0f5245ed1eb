"""An exception that comes home as itself, and breaks nothing.

Shows: an error in a worker is pickled and made anew in the parent, from
    its `args`: those that its __init__ wants, it arrives as itself, and
    the pool goes on; pickling_broken.py has the mistake
Try:
    curl http://localhost:8888/work
    curl -i http://localhost:8888/fail
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
from typing import Any

import tornado.web


class OutOfStock(Exception):
    def __init__(self, item: str, left: int) -> None:
        # These become `args`, of which the parent makes OutOfStock:
        # what came in, so that it can be made once more.
        super().__init__(item, left)
        self.item = item
        self.left = left

    def __str__(self) -> str:
        return f"only {self.left} of {self.item} left"


def order(item: str, count: int) -> str:
    """Take some of an item, in a worker."""
    left = 3
    if count > left:
        raise OutOfStock(item, left)
    return f"{count} of {item}: on their way\n"


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


class OrderHandler(tornado.web.RequestHandler):
    def initialize(self, workers: Workers, count: int) -> None:
        self.workers = workers
        self.count = count

    async def get(self) -> None:
        try:
            job = self.workers.run(order, "coffee", self.count)
            self.write(await job)
        except OutOfStock as error:
            self.set_status(409)
            self.write({"error": str(error), "left": error.left})


def make_app(workers: Workers) -> tornado.web.Application:
    few, many = [
        {"workers": workers, "count": count} for count in (2, 20)
    ]
    return tornado.web.Application(
        [(r"/work", OrderHandler, few), (r"/fail", OrderHandler, many)]
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
