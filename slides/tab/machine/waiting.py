"""How a program in a tab waits: its stack is put aside until the page has news for it.

Python in a tab is one thread of JavaScript. What blocks elsewhere (`select`, `sleep`, a lock, a
blocking socket) suspends the stack that asks for it, with WebAssembly's JavaScript Promise
Integration, and the tab delivers messages meanwhile. The stack goes on where it was, so whatever
called it is blocked for real: an event loop whose callback sleeps serves nobody.
"""

import asyncio
import contextvars
import time
from collections.abc import Callable
from typing import Any

import kernel
from pyodide.ffi import run_sync

# Messages only come in while no Python runs; a program that never waits lets them in this often.
LONGEST_RUN = 0.008  # seconds

MAIN = 1  # the stack of the main program; each thread of it has a number of its own


class Now:
    """How things stand."""

    stack = MAIN  # that runs
    waiters = 0  # how many others do not
    last_wait = time.monotonic()
    page_loop: Any = None  # Pyodide's own, on which a suspended stack's promise must be made


now = Now()

# What arrived while another stack ran, and belongs to the main one: see `selector` and `process`.
signals: list[int] = []
pings: list[float] = []

handlers: dict[str, Callable[..., None]] = {"ping": pings.append}
before_wait: list[Callable[[], None]] = []  # what is best done while nobody is in a hurry


def install() -> None:
    """Remember Pyodide's own loop, before asyncio is given back its ordinary one."""
    now.page_loop = asyncio.get_event_loop_policy().get_event_loop()  # type: ignore[attr-defined]


def wait(timeout: float | None = None) -> None:
    """Suspend this stack until something happened, or for `timeout` seconds.

    It may return early: whoever waits for a condition asks again.
    """
    for each in before_wait:
        each()
    me, loop = now.stack, asyncio._get_running_loop()
    asyncio._set_running_loop(now.page_loop)
    now.waiters += 1
    try:
        pause(timeout)
    finally:
        now.waiters -= 1
        now.stack = me
        asyncio._set_running_loop(loop)
        now.last_wait = time.monotonic()
    deliver()
    if me == MAIN and signals:
        raise_signals()


def pause(timeout: float | None = None) -> None:
    """Suspend this stack, and do no more than that."""
    run_sync(kernel.wait(-1 if timeout is None else max(timeout, 0) * 1000))


def wait_for(condition: Callable[[], Any], timeout: float | None = None) -> bool:
    """Wait until the condition holds; tell whether it does. No `timeout` is no limit."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while not condition():
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            return False
        wait(left)
    return True


def sleep(seconds: float) -> None:
    """`time.sleep`: this stack goes no further before the time is over."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    deadline = time.monotonic() + seconds
    wait(seconds)
    while (left := deadline - time.monotonic()) > 0:
        wait(left)


def is_due() -> bool:
    """Tell whether this program has run for so long that messages should be let in."""
    return time.monotonic() - now.last_wait > LONGEST_RUN


def notify() -> None:
    """Something happened that another stack may be waiting for."""
    if now.waiters:
        kernel.wake()


def deliver() -> None:
    """Hand what the page sent to those concerned, in a context that is nobody's."""
    while (event := kernel.take()) is not None:
        kind, *rest = event
        contextvars.Context().run(handlers[kind], *rest)


def raise_signals() -> None:
    """Have the main stack see what Ctrl-C or another signal is to do."""
    while signals:
        handlers["raised"](signals.pop(0))
