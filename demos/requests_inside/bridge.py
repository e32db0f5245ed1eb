"""Code that looks blocking, on the event loop: the greenlet trick.

A greenlet is a stack of its own. Unlike a coroutine, it can be left in
the middle of a call, however deep: no function on the way there needs
to say `async`. So blocking-style code runs in one, and where it would
wait it leaves, handing out what it waits for. The coroutine that it was
started from awaits that, as coroutines do, and comes back in with the
result.

One thread, one thing at a time: nothing is made faster or parallel.
Only the waiting is given to the loop. The price is that a call may now
let other code run, and nothing in its text says so.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from greenlet import getcurrent, greenlet

P = ParamSpec("P")
T = TypeVar("T")


class Green(greenlet):
    """The stack that blocking-style code runs on."""

    def __init__(self, function: Callable) -> None:
        here = getcurrent()  # the parent: where it leaves to
        super().__init__(function, here)
        self.gr_context = here.gr_context  # the contextvars, too


async def greened(
    function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call a function whose `await_()` are awaited here."""
    green = Green(function)
    value = green.switch(*args, **kwargs)
    while not green.dead:  # it left with something to wait for
        try:
            result = await value
        except BaseException as error:  # being cancelled is one
            value = green.throw(error)
        else:
            value = green.switch(result)
    return value  # it has returned


def await_(awaitable: Awaitable[T]) -> T:
    """Wait as `await` does, from a function that is not async.

    Raises RuntimeError where there is no `greened()` to wait.
    """
    green = getcurrent()
    if isinstance(green, Green) and green.parent:
        return green.parent.switch(awaitable)
    if asyncio.iscoroutine(awaitable):
        awaitable.close()  # or Python warns that nobody awaited it
    raise RuntimeError("await_() works only inside greened()")


def is_greened() -> bool:
    """Whether there is somebody to hand an awaitable to."""
    return isinstance(getcurrent(), Green)
