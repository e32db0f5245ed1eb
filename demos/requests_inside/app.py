"""Four handlers that ask a slow service, two of them rightly.

`/blocking`, `/threads` and `/bridge` use the same library, which calls
`requests.post`. `/await` is what we would write ourselves.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import tornado.web
from tornado.escape import json_decode, json_encode
from tornado.httpclient import AsyncHTTPClient

from demos.requests_inside.adapter import setup
from demos.requests_inside.big_data import BigData
from demos.requests_inside.bridge import greened
from demos.requests_inside.child import child

AT_ONCE = 50
DATA = {"foo": "bar"}


class Handler(tornado.web.RequestHandler):
    """What they share: the address of the service."""

    def initialize(self, service: str) -> None:
        self.service = service


class BlockingHandler(Handler):
    def get(self) -> None:
        # While this one waits, the whole server does.
        self.write(BigData(self.service).post(DATA))


class ThreadsHandler(Handler):
    async def get(self) -> None:
        post = BigData(self.service).post
        self.write(await asyncio.to_thread(post, DATA))


class BridgeHandler(Handler):
    async def get(self) -> None:
        post = BigData(self.service).post
        self.write(await greened(post, DATA))


class AwaitHandler(Handler):
    async def get(self) -> None:
        response = await AsyncHTTPClient().fetch(
            self.service,
            method="POST",
            headers={"Content-Type": "application/json"},
            body=json_encode(DATA),
            request_timeout=30,
        )
        self.write(json_decode(response.body))


def make_app(service: str) -> tornado.web.Application:
    """An application whose handlers ask the service at a URL."""
    ask = {"service": service}
    return tornado.web.Application(
        [
            (r"/blocking", BlockingHandler, ask),
            (r"/threads", ThreadsHandler, ask),
            (r"/bridge", BridgeHandler, ask),
            (r"/await", AwaitHandler, ask),
        ]
    )


def prepare(threads: int = 0, max_clients: int = 0) -> None:
    """Say how many may wait at once; 0 keeps the default.

    The defaults are small: cores + 4 threads, at most 32, for all that
    uses `to_thread`; and ten requests that the HTTP client has under
    way. What is beyond that waits in a queue, and nothing says so.
    """
    if threads:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(threads))
    if max_clients:
        AsyncHTTPClient.configure(None, max_clients=max_clients)


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled, the slow service in another process."""
    with setup(), child("slow") as service:
        prepare(threads=AT_ONCE, max_clients=AT_ONCE)
        make_app(f"{service}/slow").listen(port, address)
        await asyncio.Event().wait()
