"""A search service to ask: it takes its time, as services do.

Shows: something slow to wait for, without leaving the machine; the
    same question always has the same answer
Try:
    curl "http://localhost:8888/search?q=tornado"
    curl "http://localhost:8888/search?q=tornado&source=chat"
    curl "http://localhost:8888/search?q=tornado&delay=1"
    curl -i "http://localhost:8888/search?q=tornado&source=owls"
Needs: nothing beyond Tornado
Where: tab, process
"""

import asyncio
import random
from http import HTTPStatus
from typing import Any

import tornado.web
from tornado.web import HTTPError

# The sources, and the share of the delay that each one takes.
SOURCES = {
    "news": 1,
    "forum": 0.8,
    "mail": 0.6,
    "blog": 0.4,
    "chat": 0.2,
}

AUTHORS = (
    "Ada",
    "Alan",
    "Barbara",
    "Grace",
    "Guido",
    "Hedy",
    "Margaret",
)

TITLES = (
    "On my way to the {} talk",
    "Running {} in production: what we learnt",
    "Is {} still worth it? Yes, and here is why",
    "Ten thousand clients, one thread, {}",
    "The slides about {} are up",
    "Who wants to pair on {} tonight?",
    "Nobody blocked the loop: {} at noon",
    "A first patch for {}: thanks, reviewers!",
    "What I wish I had known about {}",
    "Standing room only at the {} workshop",
    "Questions about {}, answered during lunch",
    "From threads to {}: our year in numbers",
    "No network on the train, and {} runs",
)


def post(query: str, source: str, number: int) -> dict[str, Any]:
    # Chosen by the question: the same posts every time.
    shift = random.Random(query).randrange(1000)
    shift += 3 * list(SOURCES).index(source)
    hour, minute = divmod(9 * 60 + 3 * number, 60)
    return {
        "number": number,
        "title": TITLES[(shift + number) % len(TITLES)].format(query),
        "author": AUTHORS[(shift + number) % len(AUTHORS)],
        "time": f"{hour % 24:02}:{minute:02}",
    }


class SearchHandler(tornado.web.RequestHandler):
    def initialize(self, delay: float) -> None:
        self.delay = delay

    async def get(self) -> None:
        query = self.get_query_argument("q")
        source = self.source()
        newest = self.number("newest", default=5, most=10**6)
        delay = self.number("delay", default=self.delay, most=10)
        await asyncio.sleep(delay * SOURCES[source])
        numbers = range(int(newest), max(int(newest) - 5, 0), -1)
        posts = [post(query, source, number) for number in numbers]
        self.write({"query": query, "source": source, "posts": posts})

    def source(self) -> str:
        source = self.get_query_argument("source", "news")
        if source not in SOURCES:
            there = ", ".join(SOURCES)
            raise HTTPError(404, f"no source {source!r}: try {there}")
        return source

    def number(self, name: str, default: float, most: float) -> float:
        text = self.get_query_argument(name, str(default))
        try:
            number = float(text)
        except ValueError:
            number = -1
        if not 0 <= number <= most:
            raise HTTPError(400, f"{name} is a number from 0 to {most}")
        return number

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        _, error, _ = kwargs.get("exc_info", (None, None, None))
        known = isinstance(error, HTTPError)
        why = error.get_message() if known else None
        self.finish({"error": why or HTTPStatus(status_code).phrase})


def make_app(delay: float = 0.3) -> tornado.web.Application:
    return tornado.web.Application(
        [
            (r"/search", SearchHandler, {"delay": delay}),
        ]
    )


async def main(port: int = 8888, address: str = "127.0.0.1") -> None:
    """Serve until cancelled."""
    make_app().listen(port, address)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
