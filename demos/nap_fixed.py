"""A nap that bothers nobody: `await asyncio.sleep` in a handler.

Shows: a handler that awaits leaves the loop to every other request;
    open the page, press Nap, and watch the clock
Try:
    curl http://localhost:8888/clock
    curl http://localhost:8888/nap
Needs: nothing beyond Tornado
Where: tab, process
"""

import asyncio
import time
from pathlib import Path

import tornado.web

PAGES = Path(__file__).parent / "pages"


class PageHandler(tornado.web.RequestHandler):
    def get(self) -> None:
        self.render("nap.html", code="await asyncio.sleep(2)")


class ClockHandler(tornado.web.RequestHandler):
    def get(self) -> None:
        self.write({"time": time.time()})


class NapHandler(tornado.web.RequestHandler):
    def initialize(self, seconds: float) -> None:
        self.seconds = seconds

    async def get(self) -> None:
        await asyncio.sleep(self.seconds)  # the others go on
        self.write("Good morning\n")


def make_app(seconds: float = 2) -> tornado.web.Application:
    return tornado.web.Application(
        [
            (r"/", PageHandler),
            (r"/clock", ClockHandler),
            (r"/nap", NapHandler, {"seconds": seconds}),
        ],
        template_path=str(PAGES),
    )


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled."""
    make_app().listen(port, address)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
