"""Two ways to wait: for ever, whatever happens; and until something is so, but not for ever."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

AFTER_A_MISTAKE = 1.0  # seconds
EVERY = 0.01  # seconds between two looks

log = logging.getLogger(__name__)


async def for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Do something again and again; a mistake is told to the log, and the room goes on."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("the room goes on after this")
            await asyncio.sleep(AFTER_A_MISTAKE)


async def until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so, and tell whether it is: it need not be after these seconds."""
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:  # noqa: ASYNC110  many places make it so
        await asyncio.sleep(EVERY)
    return is_so()
