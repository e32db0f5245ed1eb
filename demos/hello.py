"""The smallest Tornado server: one handler, one route, one loop.

Shows: a request handler, an application, and the loop under both
Try:
    curl -i http://localhost:8888/
    curl -i http://localhost:8888/nowhere
Needs: nothing beyond Tornado
Where: tab, process
"""

import asyncio

import tornado.web


class MainHandler(tornado.web.RequestHandler):
    def get(self) -> None:
        self.write("Hello, world\n")


def make_app() -> tornado.web.Application:
    return tornado.web.Application(
        [
            (r"/", MainHandler),
        ]
    )


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled."""
    make_app().listen(port, address)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
