"""Code that calls `requests.post`, unchanged, inside a handler.

Shows: a library that blocks, called straight from a handler, in a
    thread of a sized pool, and on a greenlet whose waiting is handed
    to the loop; beside them, what a plain await does
Try:
    curl http://localhost:8888/blocking
    curl http://localhost:8888/threads
    curl http://localhost:8888/bridge
    curl http://localhost:8888/await
Needs: requests, greenlet; psutil to compare
Extra: waiting
Where: process
"""

from typing import Any


def transcript() -> str:
    """What the comparison printed once, for whoever cannot run it."""
    from demos.requests_inside import recorded

    run = recorded.load()
    rows = [(each.title, each.figures()) for each in run.results]
    lines = [
        "$ python -m demos.requests_inside compare",
        recorded.row(run.title(), list(recorded.HEADS)),
        *(recorded.row(title, figures) for title, figures in rows),
    ]
    return "\n".join([*lines, "", run.measured()])


def __getattr__(name: str) -> Any:
    """Import `main` when it is asked for: it needs the extra.

    What was recorded can be shown without.
    """
    if name != "main":
        raise AttributeError(f"{__name__} has no {name!r}")
    from demos.requests_inside.app import main

    return main
