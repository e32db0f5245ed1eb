"""A server that says what it was asked, and has what a curl line is tried on."""

import asyncio
import logging
import re

import tornado.web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.websocket import WebSocketHandler


class Echo(tornado.web.RequestHandler):
    """Answers with the request."""

    def answer(self) -> None:
        self.set_header("Content-Type", "text/plain")
        self.write(f"{self.request.method} {self.request.uri}\n")
        for name, value in self.request.headers.get_all():
            same = re.sub(r"curl/[\d.]+", "curl", value)  # for a body of the same length
            self.write(f"{name}: {same}\n".encode("latin-1"))
        self.write(b"\n" + self.request.body)

    get = post = put = delete = patch = options = answer  # type: ignore[assignment]

    def head(self) -> None:
        self.set_header("X-Asked", self.request.uri or "")


class Redirect(tornado.web.RequestHandler):
    """`/redirect/302?to=/echo`"""

    def answer(self, status: str) -> None:
        self.set_status(int(status))
        self.set_header("Location", self.get_query_argument("to"))
        self.write("over there\n")

    get = post = put = head = answer  # type: ignore[assignment]


class Status(tornado.web.RequestHandler):
    """`/status/404`"""

    def get(self, status: str) -> None:
        self.set_status(int(status))
        if status not in ("204", "304"):
            self.write(f"this is {status}\n")


class Cookies(tornado.web.RequestHandler):
    """Sets and drops some, and says which came: `/cookies/some`"""

    def get(self) -> None:
        came = self.request.headers.get("Cookie", "none").split("; ")
        self.write("; ".join(sorted(came)) + "\n")  # curl's own order is nobody else's
        self.set_cookie("a", "1", httponly=True)
        self.set_cookie("b", "2", path="/cookies", max_age=1000)
        self.set_cookie("c", "3", expires_days=3650)
        self.set_cookie("d", "4", secure=True)
        self.set_cookie("e", "5", path="/elsewhere")
        self.set_cookie("f", "6", domain="example.com")
        self.add_header("Set-Cookie", "g=7; Max-Age=0; Path=/")


class Stream(tornado.web.RequestHandler):
    """Chunks, and what is wrong with some."""

    async def get(self, how: str) -> None:
        for word in ("one\n", "two\n"):
            self.write(word)
            await self.flush()
        if how == "forever":
            await asyncio.Event().wait()
        if how == "cut":
            self.detach().close()


class Raw(tornado.web.RequestHandler):
    """Answers with just these bytes: `/raw?bytes=HTTP/1.1…`"""

    async def get(self) -> None:
        stream = self.detach()
        await stream.write(self.get_query_argument("bytes", strip=False).encode("latin-1"))
        stream.close()


class Hang(tornado.web.RequestHandler):
    """Never answers."""

    async def get(self) -> None:
        await asyncio.Event().wait()


class Talk(WebSocketHandler):
    """A websocket that says everything twice, until it is told to leave."""

    async def on_message(self, message: str | bytes) -> None:
        await self.write_message(message, binary=isinstance(message, bytes))
        await self.write_message(message, binary=isinstance(message, bytes))
        if message in ("1000", "4001"):
            self.close(int(message), "as you wish")


def make_app() -> tornado.web.Application:
    """All of it."""
    return tornado.web.Application(
        [
            (r"/echo.*", Echo),
            (r"/redirect/(\d+)", Redirect),
            (r"/status/(\d+)", Status),
            (r"/cookies.*", Cookies),
            (r"/stream/(\w+)", Stream),
            (r"/raw", Raw),
            (r"/hang", Hang),
            (r"/talk", Talk),
        ]
    )


async def main() -> None:
    """Serve until terminated; print the port."""
    logging.disable()  # what is asked of it in vain is asked on purpose
    [listening] = bind_sockets(0, "127.0.0.1")
    HTTPServer(make_app()).add_socket(listening)
    print(listening.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
