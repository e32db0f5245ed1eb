"""A JSON API: write a dict, read a dict, say what was wrong with it.

Shows: a dict out, a JSON body in, and errors that are JSON too
Try:
    curl -i http://localhost:8888/
    curl -i http://localhost:8888/greetings -d '{"name": "Ada"}'
    curl -i http://localhost:8888/greetings -d '{"nam": "Ada"}'
    curl -i http://localhost:8888/greetings -d 'Ada'
Needs: nothing beyond Tornado
Where: tab, process
"""

import asyncio
from http import HTTPStatus
from typing import Any

import tornado.web
from tornado.escape import json_decode


class MainHandler(tornado.web.RequestHandler):
    def get(self) -> None:
        self.write({"msg": "hello!"})


class JSONHandler(tornado.web.RequestHandler):
    def write_error(self, status_code: int, **kwargs: Any) -> None:
        _, error, _ = kwargs.get("exc_info", (None, None, None))
        known = isinstance(error, tornado.web.HTTPError)
        why = error.get_message() if known else None
        self.finish({"error": why or HTTPStatus(status_code).phrase})


class GreetingsHandler(JSONHandler):
    def initialize(self, limit: int) -> None:
        self.limit = limit

    def post(self) -> None:
        name = read_name(read_object(self.request.body, self.limit))
        self.write({"greeting": f"Hello, {name}!"})


def read_object(body: bytes, limit: int) -> dict[str, Any]:
    if len(body) > limit:
        raise bad(f"the body has over {limit} bytes", status=413)
    try:
        value = json_decode(body)
    except (ValueError, RecursionError) as error:
        raise bad(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise bad('the body is not an object such as {"name": "Ada"}')
    return value


def read_name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if name is None:
        raise bad('the field "name" is missing')
    if not isinstance(name, str) or not name.strip():
        raise bad('the field "name" is not a text, or is empty')
    return name


def bad(why: str, status: int = 400) -> tornado.web.HTTPError:
    return tornado.web.HTTPError(status, why)


def make_app(limit: int = 10_000) -> tornado.web.Application:
    return tornado.web.Application(
        [
            (r"/", MainHandler),
            (r"/greetings", GreetingsHandler, {"limit": limit}),
        ]
    )


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled."""
    make_app().listen(port, address)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
