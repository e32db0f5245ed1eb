"""Waiting on another service, without making anybody else wait.

Shows: the same work with a callback, a generator and async/await;
    then five sources in the time of the slowest; and a sentence, not
    a traceback, when the other service is down, slow or confused
Try:
    curl -i "http://localhost:8888/api?q=tornado"
    curl "http://localhost:8888/callback?q=tornado"
    curl "http://localhost:8888/generator?q=tornado"
    curl "http://localhost:8888/fan?q=tornado"
    curl -i http://localhost:8888/api
Needs: nothing beyond Tornado
Where: tab, process
Beside: search 8889
"""

import asyncio
from asyncio import Future
from collections.abc import Generator
from typing import Any

import tornado.gen
import tornado.web
from tornado.escape import json_decode
from tornado.httpclient import (
    AsyncHTTPClient,
    HTTPClientError,
    HTTPRequest,
    HTTPResponse,
)
from tornado.httputil import url_concat
from tornado.log import app_log
from tornado.simple_httpclient import (
    HTTPStreamClosedError,
    HTTPTimeoutError,
)

SEARCH = "http://localhost:8889/search"
SOURCES = ("news", "forum", "mail", "blog", "chat")


class Nonsense(Exception):
    """The other service answered with something else than posts."""


class SearchHandler(tornado.web.RequestHandler):
    """What the handlers share: the question, and the bad news."""

    def initialize(self, search: str, timeout: float) -> None:
        self.search = search
        self.timeout = timeout

    def question(self, **more: str) -> HTTPRequest:
        query = {"q": self.get_query_argument("q"), **more}
        return HTTPRequest(
            url_concat(self.search, query),
            connect_timeout=self.timeout,
            request_timeout=self.timeout,
        )

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        status, why = trouble(error)
        if status == 500:  # a mistake of ours: log where it is
            super().log_exception(kind, error, trace)
        else:
            app_log.warning("%d %s: %s", status, self.request.uri, why)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        _, error, _ = kwargs["exc_info"]
        status, why = trouble(error)
        self.set_status(status)
        self.finish({"error": why})


class CallbackHandler(SearchHandler):
    # Tornado 6 has no callback= and no @asynchronous: futures do both.
    def get(self) -> Future:
        done: Future[None] = Future()
        asking = AsyncHTTPClient().fetch(self.question())
        asking.add_done_callback(lambda f: self.on_response(f, done))
        return done  # unfinished, it keeps the connection open

    def on_response(self, asking: Future, done: Future) -> None:
        try:
            self.write({"posts": titles(asking.result())})
            done.set_result(None)
        except Exception as error:
            done.set_exception(error)


class GeneratorHandler(SearchHandler):
    @tornado.gen.coroutine
    def get(self) -> Generator[Any, Any, None]:
        response = yield AsyncHTTPClient().fetch(self.question())
        self.write({"posts": titles(response)})


class APIHandler(SearchHandler):
    async def get(self) -> None:
        response = await AsyncHTTPClient().fetch(self.question())
        self.write({"posts": titles(response)})


class FanHandler(SearchHandler):
    async def get(self) -> None:
        answers = await asyncio.gather(
            *[self.ask(source) for source in SOURCES]
        )
        self.write(dict(zip(SOURCES, answers, strict=True)))

    async def ask(self, source: str) -> dict[str, Any]:
        question = self.question(source=source)
        try:
            response = await AsyncHTTPClient().fetch(question)
            return {"posts": titles(response)}
        except (OSError, HTTPClientError, Nonsense) as error:
            return {"error": trouble(error)[1]}


def titles(response: HTTPResponse) -> list[str]:
    try:
        posts = json_decode(response.body)["posts"]
        return [str(post["title"]) for post in posts]
    except (ValueError, LookupError, TypeError) as error:
        raise Nonsense from error


START = "python -m demos search --port 8889"
TROUBLES = (
    (HTTPTimeoutError, 504, "is too slow; try again later"),
    (HTTPStreamClosedError, 502, "hung up; try again"),
    (HTTPClientError, 502, "failed; its log says why"),
    (Nonsense, 502, "answered with nonsense; see its log"),
    (OSError, 502, f"does not answer; start it: {START}"),
)


def trouble(error: BaseException) -> tuple[int, str]:
    if isinstance(error, tornado.web.HTTPError):
        return error.status_code, error.get_message() or str(error)
    for kind, status, why in TROUBLES:
        if isinstance(error, kind):
            return status, f"the search service {why}"
    return 500, "a mistake of ours: see the log"


def make_app(
    search: str = SEARCH, timeout: float = 2
) -> tornado.web.Application:
    ask = {"search": search, "timeout": timeout}
    return tornado.web.Application(
        [
            (r"/callback", CallbackHandler, ask),
            (r"/generator", GeneratorHandler, ask),
            (r"/api", APIHandler, ask),
            (r"/fan", FanHandler, ask),
        ]
    )


async def main(
    port: int = 8888, address: str = "127.0.0.1", search: str = SEARCH
) -> None:
    """Serve until cancelled, asking the service at `search`."""
    make_app(search).listen(port, address)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
