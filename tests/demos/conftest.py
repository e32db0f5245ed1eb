"""Second servers, for demos that ask another service."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application


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

    yield begin
    for server in servers:
        server.stop()
    closing = [server.close_all_connections() for server in servers]
    io_loop.run_sync(lambda: asyncio.gather(*closing))


@pytest.fixture
def client(io_loop: IOLoop) -> Iterator[AsyncHTTPClient]:
    """A client for several servers, for as many requests at a time as a test makes."""
    client = AsyncHTTPClient(force_instance=True, max_clients=1000)
    yield client
    client.close()
