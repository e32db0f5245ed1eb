"""How long it takes from the click until a program answers: run it here, beside `python -m`.

A click is a message on the room's socket, and the program's page is asked for once the socket says
that it listens, as a browser does. Beside it, in the same rounds: `python -m demos hello` as a
process, asked every millisecond until it answers, which no browser could.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import tornado
import tornado.web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

from slides.room import speaker
from slides.room.access import Access
from slides.room.bus import MemoryBus
from slides.room.hub import Hub
from slides.room.runs import Runs
from slides.room.store import Store

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-of-this-run"
PLAIN_PORT = 9753
PAUSE = 1.0  # seconds between a stop and the next click
EDITED = {"demos/hello.py": (ROOT / "demos" / "hello.py").read_text().replace("world", "there")}


async def main(rounds: int) -> dict[str, Any]:
    """Measure; figures in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        hub, runs = Hub(Store(Path(folder) / "room.sqlite"), MemoryBus()), Runs()
        await hub.start()
        runs.start()
        socket, server = await listen(hub, runs, Path(folder))
        await run(socket, {})  # the fork server has imported what it needs
        took: dict[str, list[float]] = {"run here": [], "run here, edited": [], "python -m": []}
        for _ in range(rounds):
            took["run here"].append(await run(socket, {}))
            took["run here, edited"].append(await run(socket, EDITED))
            took["python -m"].append(await plain())
        socket.close()
        await runs.close()
        server.stop()
        await hub.close()
    return {
        "rounds": rounds,
        "ms": {name: figures(each) for name, each in took.items()},
    } | machine()


async def listen(
    hub: Hub, runs: Runs, folder: Path
) -> tuple[WebSocketClientConnection, HTTPServer]:
    """The room's server, and a page's socket to it."""
    routes = speaker(hub, Access(TOKEN), folder, "http://127.0.0.1/", runs=runs)
    server = HTTPServer(tornado.web.Application(routes))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    headers = {"Cookie": f"speaker-{port}={TOKEN}"}
    url = f"ws://127.0.0.1:{port}/speaker/run"
    return await websocket_connect(HTTPRequest(url, headers=headers)), server


async def run(socket: WebSocketClientConnection, files: dict[str, str]) -> float:
    """From the click to the answer; then stop it, and leave the time that a person would."""
    began = time.perf_counter()
    socket.write_message(json.dumps({"type": "run", "program": "hello", "files": files}))
    port = (await heard(socket, "listening"))["port"]
    await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/")
    took = time.perf_counter() - began
    socket.write_message('{"type": "stop"}')
    await heard(socket, "ended")
    await asyncio.sleep(PAUSE)
    return took


async def heard(socket: WebSocketClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    while True:
        said = json.loads(await socket.read_message() or '{"type": "refused", "why": "closed"}')
        if said["type"] == kind:
            return said
        if said["type"] in ("refused", "ended"):
            raise SystemExit(said.get("why") or f"it ended with {said['status']}")


async def plain() -> float:
    """The same program as a process of its own."""
    command = [sys.executable, "-m", "demos", "hello", "--port", str(PLAIN_PORT)]
    client = SimpleAsyncHTTPClient(force_instance=True)
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: ASYNC220
    while True:
        try:
            await client.fetch(f"http://127.0.0.1:{PLAIN_PORT}/")
            break
        except (OSError, HTTPClientError):  # it tries the port before it serves there
            await asyncio.sleep(0.001)
    took = time.perf_counter() - began
    client.close()
    process.send_signal(signal.SIGINT)
    process.wait()
    return took


def figures(seconds: list[float]) -> dict[str, float]:
    """Milliseconds: the median, and of twenty the slowest."""
    ranked = sorted(seconds)
    worst = ranked[min(len(ranked) - 1, len(ranked) * 95 // 100)]
    return {
        "median": round(statistics.median(seconds) * 1000, 1),
        "p95": round(worst * 1000, 1),
        "least": round(ranked[0] * 1000, 1),
    }


def machine() -> dict[str, Any]:
    """What the figures are of."""
    return {
        "python": platform.python_version(),
        "tornado": tornado.version,
        "system": platform.system(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    line = argparse.ArgumentParser(description="from the click until a program answers")
    line.add_argument("--rounds", type=int, default=20)
    print(json.dumps(asyncio.run(main(line.parse_args().rounds)), indent=2))
