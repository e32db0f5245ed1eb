"""An answer that is coming in: its head, then its body as a file.

Tornado's client calls back with what it receives. `requests` wants to
call, and to wait for what it gets. Between them: a future for the head,
and a queue of one chunk for the body, so that a service that is faster
than its reader has to wait, too.
"""

import asyncio
import contextlib
import io
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httputil import (
    HTTPHeaders,
    HTTPInputError,
    ResponseStartLine,
    parse_response_start_line,
)
from tornado.simple_httpclient import HTTPTimeoutError

from demos.requests_inside.bridge import await_

Head = tuple[ResponseStartLine, HTTPHeaders]


class Incoming(io.RawIOBase):
    """A file that is read inside `greened()`."""

    def __init__(self, patience: float | None) -> None:
        self.patience = patience  # seconds for each wait
        self.head: asyncio.Future[Head] = asyncio.Future()
        self.lines: list[str] = []
        self.chunks: asyncio.Queue[Any] = asyncio.Queue(1)
        self.rest = memoryview(b"")
        self.ended = False

    def open(self, request: HTTPRequest) -> Head:
        """Send the request, and wait for the head of the answer."""
        request.header_callback = self.on_header
        request.streaming_callback = self.on_chunk
        self.fetching = asyncio.create_task(self.fetch(request))
        try:
            return await_(asyncio.wait_for(self.head, self.patience))
        except BaseException:
            self.close()
            raise

    async def fetch(self, request: HTTPRequest) -> None:
        end: bytes | Exception = b""
        try:
            await AsyncHTTPClient().fetch(request, raise_error=False)
        except Exception as error:
            end = error
            if not self.head.done():
                self.head.set_exception(error)
        if not self.closed:
            await self.chunks.put(end)

    def on_header(self, line: str) -> None:
        self.refuse_if_closed()
        self.lines.append(line)
        if line != "\r\n":
            return
        first, *others = self.lines
        self.lines = []
        start = parse_response_start_line(first.rstrip("\r\n"))
        if start.code >= 200:  # before, it is only encouragement
            headers = HTTPHeaders.parse("".join(others))
            self.head.set_result((start, headers))

    async def on_chunk(self, chunk: bytes) -> None:
        self.refuse_if_closed()
        await self.chunks.put(chunk)

    def refuse_if_closed(self) -> None:
        """Hang up if nobody reads any more.

        The client has no way to end a request: but this exception is
        one that it takes for the service's fault, and closes for.
        """
        if self.closed:
            raise HTTPInputError("nobody reads on")

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        """Fill what there is to fill; 0 is the end."""
        if not self.rest and not self.ended:
            self.rest = memoryview(self.next_chunk())
            self.ended = not self.rest
        count = min(len(room), len(self.rest))
        room[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count

    def next_chunk(self) -> bytes:
        """Wait for a chunk; raises what urllib3 knows: OSError."""
        wait = asyncio.wait_for(self.chunks.get(), self.patience)
        chunk = await_(wait)
        if isinstance(chunk, HTTPTimeoutError):
            raise TimeoutError(str(chunk))
        if isinstance(chunk, Exception):
            raise OSError(str(chunk))
        return chunk

    def close(self) -> None:
        """Read no more: the next chunk ends the connection."""
        super().close()
        with contextlib.suppress(asyncio.QueueEmpty):
            self.chunks.get_nowait()  # so that the next can come
