"""Cycles of garbage, collected while the program waits.

Python's automatic, incremental collector walks the frames of every stack; those of a suspended one
may have been moved away, and the walk then leaves the memory (Pyodide's issue 6464). The young and
the full collection do not walk frames. So the automatic one is off, and these run instead.
"""

import gc
import itertools

from machine import waiting

YOUNG = 2000  # new objects that are worth a collection
OLD = 25  # young collections for each full one

_collections = itertools.count(1)


def install() -> None:
    """Turn the automatic collector off, and collect before each wait."""
    gc.disable()
    waiting.before_wait.append(collect)


def collect() -> None:
    """Collect, if there may be enough to collect."""
    if gc.get_count()[0] > YOUNG:
        gc.collect(0 if next(_collections) % OLD else 2)
