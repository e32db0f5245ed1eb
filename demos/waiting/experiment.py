"""Serves one mode, sends it the requests, and weighs it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from demos.waiting.child import DidNotStart, free_port, serving
from demos.waiting.client import (
    ROUTES,
    Answer,
    NoServer,
    burst,
    bursts,
)
from demos.waiting.modes import EXTRA, Mode
from demos.waiting.results import Result


class Skipped(Exception):
    """A mode cannot be run; the text says why and what to do."""


def measure(
    mode: Mode,
    url: str,
    requests: int,
    sleep: float,
    tell: Callable[[Answer], None] = lambda answer: None,
) -> Result:
    """Serve one mode, and send it the three bursts.

    Raises Skipped.
    """
    try:
        with served(mode, url, requests * 2) as (base, pid):
            burst(base, list(ROUTES), 0)  # what is made once, is made
            python, postgres, both = [
                burst(base, routes, sleep, tell)
                for routes in bursts(ROUTES, requests, both=True)
            ]
            processes, memory = price(pid)
    except (DidNotStart, NoServer) as error:
        raise Skipped(f"it did not serve: {error}") from error
    refuse_failures([*python, *postgres, *both])
    answers = (python, postgres, both)
    return Result(mode.name, mode.title, *answers, processes, memory)


@contextmanager
def served(
    mode: Mode, url: str, at_once: int
) -> Iterator[tuple[str, int]]:
    """Serve a mode while the block lasts: its URL, and a pid.

    Raises Skipped where a package is missing, DidNotStart.
    """
    if missing := mode.missing():
        raise Skipped(f"it needs {', '.join(missing)}: {EXTRA}")
    port = free_port()
    command = mode.command(port, at_once)
    with serving(command, port, mode.environment(url)) as pid:
        yield f"http://127.0.0.1:{port}", pid


def refuse_failures(answers: list[Answer]) -> None:
    """Raise Skipped unless every answer was a success."""
    bad = {each.status for each in answers if each.status != 200}
    if bad:
        raise Skipped(f"it answered with {bad}: see its log")


def price(pid: int) -> tuple[int, float]:
    """How many processes serve, and their megabytes.

    Memory that several share is counted once, where the system tells.
    """
    family = psutil.Process(pid).children(recursive=True)
    used = [each.memory_full_info() for each in family]
    parts = [getattr(each, "pss", each.uss) for each in used]
    return len(family), round(sum(parts) / 1e6, 1)
