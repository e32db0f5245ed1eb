"""Second servers, for demos that ask another service; and demos run as programs."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application

ROOT = Path(__file__).parents[2]
PATIENCE = 30  # seconds for a program to begin or to end


class Program:
    """`python -m MODULE ARGUMENTS` in a process."""

    def __init__(self, module: str, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.said = ""

    def until_it_listens(self, port: int) -> "Program":
        """Return once the program has said so and accepts connections on a port."""
        assert self.process.stdout is not None
        while "Ctrl-C ends it." not in self.said:
            line = self.process.stdout.readline()
            assert line, self.result()
            self.said += line
        deadline = time.monotonic() + PATIENCE
        while not listens(port):
            assert self.process.poll() is None, self.result()
            assert time.monotonic() < deadline, f"nothing listens on port {port}"
            time.sleep(0.01)  # a port that opens in another process tells nobody
        return self

    def end(self, signal: int) -> tuple[int, str, str]:
        """Send a signal, and return the result."""
        self.process.send_signal(signal)
        return self.result()

    def result(self) -> tuple[int, str, str]:
        """The exit status, output and errors, once it has ended."""
        output, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, self.said + output, errors

    def close(self) -> None:
        """End it whatever happened."""
        with self.process, contextlib.suppress(ProcessLookupError):
            self.process.kill()


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def run() -> Iterator[Callable[..., Program]]:
    """Starts a program that is over when the test is: `run("demos", "hello", "--port", 9000)`."""
    with contextlib.ExitStack() as programs:

        def start(module: str, *arguments: object) -> Program:
            return programs.enter_context(contextlib.closing(Program(module, *arguments)))

        yield start


@pytest.fixture
def serve(io_loop: IOLoop) -> Iterator[Callable[[Application], str]]:
    """Serves an application on a free port until the test is over: `serve(app)` is its URL."""
    servers = []

    def begin(app: Application) -> str:
        sock, port = bind_unused_port()
        server = HTTPServer(app)
        server.add_socket(sock)
        servers.append(server)
        return f"http://localhost:{port}"

    async def end() -> None:
        for server in servers:
            server.stop()
        await asyncio.gather(*[server.close_all_connections() for server in servers])

    yield begin
    io_loop.run_sync(end)


@pytest.fixture
def client(io_loop: IOLoop) -> Iterator[AsyncHTTPClient]:
    """A client for several servers, for as many requests at a time as a test makes."""
    client = AsyncHTTPClient(force_instance=True, max_clients=1000)
    yield client
    client.close()
