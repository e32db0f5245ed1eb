"""Twenty waits in threads, of which a small machine has few.

Shows: asyncio.to_thread has min(32, processors + 4) threads unless told
    otherwise, so that on two processors twenty waits come in four
    waves; an executor with a thread for each lets all wait at once
Try:
    curl http://localhost:8888/default
    curl http://localhost:8888/sized
Needs: nothing beyond Tornado
Where: tab, process
"""

import asyncio
import os
import threading
import time
from collections import Counter
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import tornado.web


def nap(seconds: float) -> tuple[int, float]:
    """Wait as old code does; tell in which thread, and since when."""
    began = time.monotonic()
    time.sleep(seconds)
    return threading.get_ident(), began


def size_default(threads: int) -> None:
    """Give the running loop's asyncio.to_thread so many threads."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(threads))


class DefaultHandler(tornado.web.RequestHandler):
    def initialize(
        self, sized: Executor, waits: int, seconds: float
    ) -> None:
        self.sized = sized
        self.waits = waits
        self.seconds = seconds

    async def get(self) -> None:
        began = time.monotonic()
        naps = [self.nap() for _ in range(self.waits)]
        threads, starts = zip(*await asyncio.gather(*naps), strict=True)
        waves = [round((at - began) / self.seconds) for at in starts]
        told: dict[str, Any] = {"processors": os.cpu_count()}
        told["threads"] = len(set(threads))
        told["waves"] = list(Counter(sorted(waves)).values())
        told["seconds"] = round(time.monotonic() - began, 3)
        self.write(told)

    async def nap(self) -> tuple[int, float]:
        return await asyncio.to_thread(nap, self.seconds)


class SizedHandler(DefaultHandler):
    async def nap(self) -> tuple[int, float]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.sized, nap, self.seconds)


def make_app(
    sized: Executor, waits: int = 20, seconds: float = 0.5
) -> tornado.web.Application:
    facts: dict[str, Any] = {
        "sized": sized,
        "waits": waits,
        "seconds": seconds,
    }
    return tornado.web.Application(
        [
            (r"/default", DefaultHandler, facts),
            (r"/sized", SizedHandler, facts),
        ]
    )


async def main(
    port: int = 8888,
    address: str = "127.0.0.1",
    threads: int | None = None,
) -> None:
    """Serve until cancelled; `threads` sizes the default, too."""
    if threads:
        size_default(threads)
    with ThreadPoolExecutor(20) as sized:
        make_app(sized).listen(port, address)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
