"""Each way in turn, in a process of its own, asked all at once."""

import asyncio
import datetime
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version

from tornado.escape import json_decode
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from demos.requests_inside.child import child
from demos.requests_inside.recorded import Result, Run
from demos.requests_inside.ways import WAYS, Way

PACKAGES = ("greenlet", "requests", "tornado", "urllib3")


def compare(
    calls: int,
    delay: float,
    tell: Callable[[Result], None] = lambda result: None,
) -> Run:
    """Measure every way; `tell` hears of each when it is done."""
    run = Run(calls, delay, today(), machine(), versions())
    with child("slow", "--delay", delay) as slow:
        for way in WAYS:
            result = measure(way, slow, calls, delay)
            run.results.append(result)
            tell(result)
    return run


def measure(way: Way, slow: str, calls: int, delay: float) -> Result:
    """Serve it one way, and ask it."""
    options = ("--service", slow, "--calls", calls)
    with child(way.name, *options) as server:
        patience = calls * delay + 30
        asking = ask(server, way.path, calls, patience)
        figures = asyncio.run(asking)
        figures |= asyncio.run(read(f"{slow}/overlapped"))
    return Result(way=way.name, title=way.title(calls), **figures)


async def ask(
    server: str, path: str, calls: int, patience: float
) -> dict:
    """Ask once, then all at once: what that took."""
    url = server + path
    asked = HTTPRequest(
        url, connect_timeout=patience, request_timeout=patience
    )
    await burst(asked, 1)  # what is made once, is made now
    await read(f"{server}/measured")
    seconds = await burst(asked, calls)
    return {"seconds": seconds} | await read(f"{server}/measured")


async def burst(asked: HTTPRequest, calls: int) -> float:
    """Ask many times at once: the seconds to the last answer."""
    client = AsyncHTTPClient(force_instance=True, max_clients=calls)
    started = time.perf_counter()
    await asyncio.gather(*[client.fetch(asked) for _ in range(calls)])
    client.close()
    return round(time.perf_counter() - started, 3)


async def read(url: str) -> dict:
    """What a server has counted since it was read last."""
    return json_decode((await AsyncHTTPClient().fetch(url)).body)


def today() -> str:
    return datetime.date.today().isoformat()


def machine() -> str:
    """The kind of machine this is."""
    cores = os.cpu_count()
    return f"{platform.system()} {platform.machine()}, {cores} cores"


def versions() -> dict[str, str]:
    """Python's version, and those of the packages that matter."""
    found = {"python": platform.python_version()}
    return found | {name: version(name) for name in PACKAGES}
