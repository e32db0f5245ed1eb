"""A server in a process of its own, which ends when its parent does.

    python -m demos.requests_inside.child slow
    python -m demos.requests_inside.child bridge --service URL

listen on a free port, print it, and serve until their input ends: when
the parent closes it, or is gone, killed even.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tornado.web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from demos.requests_inside.ways import WAYS

ROOT = Path(__file__).parents[2]
GRACE = 5  # seconds to end in


class ChildFailed(Exception):
    """It ended before it listened; its own words are on stderr."""


@contextmanager
def child(*arguments: object) -> Iterator[str]:
    """Run one until the block ends; give its URL.

    Raises ChildFailed.
    """
    process = begin([sys.executable, "-m", __name__, *arguments])
    try:
        yield listening(process)
    finally:
        end(process)


def begin(command: list[object]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(each) for each in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,  # a Ctrl-C here is not for it
    )


def listening(process: subprocess.Popen[bytes]) -> str:
    """Wait until it listens; return where."""
    port = process.stdout.readline()  # type: ignore[union-attr]
    if not port:
        raise ChildFailed("a server did not start")
    return f"http://127.0.0.1:{int(port)}"


def end(process: subprocess.Popen[bytes]) -> None:
    process.stdin.close()  # type: ignore[union-attr]
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()  # type: ignore[union-attr]


def main() -> None:
    """Serve one until the input ends."""
    watch = threading.Thread(target=end_with_the_input, daemon=True)
    watch.start()
    asyncio.run(serve(command_line()))


def command_line() -> argparse.Namespace:
    line = argparse.ArgumentParser(prog="child")
    servers = ["slow", *[way.name for way in WAYS]]
    line.add_argument("server", choices=servers)
    line.add_argument("--service", help="the URL of what is slow")
    line.add_argument("--calls", type=int, default=50, help="at once")
    line.add_argument("--delay", type=float, default=0.2)
    return line.parse_args()


async def serve(args: argparse.Namespace) -> None:
    if args.server == "slow":
        from demos.requests_inside import slow

        await listen(slow.make_app(args.delay))
    else:
        from demos.requests_inside import measured

        with measured.serving(args) as app:
            await listen(app)


async def listen(app: tornado.web.Application) -> None:
    """Serve on a free port, and print which."""
    [socket] = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(app)
    server.add_socket(socket)
    print(socket.getsockname()[1], flush=True)
    await asyncio.Event().wait()


def end_with_the_input() -> None:
    """In a thread: a loop that is blocked would not hear of it."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
