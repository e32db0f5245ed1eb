"""Asks a server that waits, many times at once, and says when it did.

python -m demos.waiting.client --requests 5 --sleep 5
python -m demos.waiting.client --both --chart waterfall.svg
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import requests

from demos.waiting import chart

URL = "http://localhost:8000"
ROUTES = ("python", "postgres")
LONGEST = 600  # seconds that one answer may take


class NoServer(Exception):
    """Nobody answers; the text says what to start."""


@dataclass(frozen=True)
class Answer:
    """One request, in seconds since the burst: a bar of a waterfall."""

    route: str
    sent: float
    began: float  # when the server took it up
    done: float
    status: int


def burst(
    url: str,
    routes: list[str],
    sleep: float,
    tell: Callable[[Answer], None] = lambda answer: None,
) -> list[Answer]:
    """Ask for all the routes at once; the answers as they came.

    Raises NoServer.
    """
    arrivals: SimpleQueue[Answer | NoServer] = SimpleQueue()
    start = time.time()

    def one(route: str) -> None:
        try:
            arrivals.put(ask(url, route, sleep, start))
        except NoServer as error:
            arrivals.put(error)

    for route in routes:  # as a daemon, so that Ctrl-C waits for none
        Thread(target=one, args=(route,), daemon=True).start()
    return [taken(arrivals.get(), tell) for _ in routes]


def taken(
    arrival: Answer | NoServer, tell: Callable[[Answer], None]
) -> Answer:
    if isinstance(arrival, NoServer):
        raise arrival
    tell(arrival)
    return arrival


def ask(url: str, route: str, sleep: float, start: float) -> Answer:
    """One request on a connection of its own, `start` being zero."""
    sent = time.time() - start
    try:
        response = requests.get(
            f"{url}/sleep/{route}/", {"seconds": sleep}, timeout=LONGEST
        )
    except requests.ConnectionError as error:
        raise NoServer(f"nobody answers at {url}") from error
    done = time.time() - start
    began = done  # unless the server says better
    if response.ok:
        began = response.json()["began"] - start
    return Answer(route, sent, began, done, response.status_code)


def total(answers: list[Answer]) -> float:
    """Seconds until the last answer."""
    return max(answer.done for answer in answers)


def report(url: str, routes: list[str], sleep: float) -> list[Answer]:
    """A burst, told as it happens."""
    names = " and ".join(dict.fromkeys(routes))
    print(f"Sending {len(routes)} requests for {url}/sleep/{names}/")
    answers = burst(url, routes, sleep, tell)
    print(f"\t= {total(answers):6.2f}s TOTAL", flush=True)
    return answers


def tell(answer: Answer) -> None:
    print(
        f"\t@ {answer.done:6.2f}s got response [{answer.status}]",
        flush=True,
    )


def bursts(
    routes: Iterable[str], count: int, both: bool
) -> list[list[str]]:
    """What is asked for at once: each route in turn, then all."""
    each = [[route] * count for route in routes]
    return [*each, list(chain(*each))] if both else each


def command_line() -> argparse.ArgumentParser:
    line = argparse.ArgumentParser(
        prog="python -m demos.waiting.client",
        description="Ask a server that waits, many times at once.",
    )
    add = line.add_argument
    add("url", nargs="?", default=URL, help=f"default: {URL}")
    add("--requests", type=count, default=5, metavar="N")
    add("--sleep", type=seconds, default=5, metavar="SECONDS")
    add("--both", action="store_true", help="then both routes at once")
    add(
        "--chart",
        nargs="?",
        const="",
        metavar="FILE.svg",
        help="draw the requests over time, here or to a file",
    )
    return line


def count(text: str) -> int:
    """How many requests; argparse refuses the rest."""
    if text.isdecimal() and 0 < int(text) <= 1000:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not from 1 to 1000")


def seconds(text: str) -> float:
    """How long to wait; argparse refuses the rest."""
    try:
        if 0 <= float(text) <= 60:
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not from 0 to 60")


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    args = command_line().parse_args(argv)
    url = args.url.rstrip("/")
    told = []
    try:
        for routes in bursts(ROUTES, args.requests, args.both):
            told.append(report(url, routes, args.sleep))
    except NoServer as error:
        print(f"client: {error}; {START}", file=sys.stderr)
        return 2
    print("-" * 42)
    print(f"SUM TOTAL = {sum(map(total, told[:2])):.2f}s")
    draw(told, args.chart)
    return 0


START = "start it: python -m demos.waiting serve sync"


def draw(told: list[list[Answer]], where: str | None) -> None:
    """The waterfall, if it was asked for."""
    if where is None:
        return
    if not where:
        for answers in told:
            print(f"\n{chart.terminal(answers)}")
        return
    Path(where).write_text(chart.svg(*told), "utf-8")
    print(f"The waterfall is in {where}.")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
