"""Measures how late the event loop is: a tick every 50 ms, and how long after its time it ran."""

import asyncio
from collections.abc import Callable

INTERVAL = 0.05  # seconds

Listener = Callable[[float, float], None]


class LagMeter:
    """Ticks on one loop for as long as somebody listens; all listeners share the ticks.

    A listener is called with the loop's own time and the lag, both in seconds. A blocked loop
    cannot tick: it shows as a stretch without ticks, and as one late tick when it is over.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: list[Listener] = []
        self._timer: asyncio.TimerHandle | None = None

    def listen(self, listener: Listener) -> None:
        """Call `listener` at every tick from now on."""
        self._listeners.append(listener)
        if self._timer is None:
            self._schedule()

    def ignore(self, listener: Listener) -> None:
        """Stop calling `listener`; the last one to go stops the ticks."""
        if listener in self._listeners:
            self._listeners.remove(listener)
        if not self._listeners and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        # From now, not from the last due time: after a block there is one late tick, not a burst.
        self._timer = self._loop.call_at(self._loop.time() + INTERVAL, self._tick)

    def _tick(self) -> None:
        assert self._timer is not None
        now = self._loop.time()
        lag = max(0.0, now - self._timer.when())
        self._schedule()
        for listener in tuple(self._listeners):
            listener(now, lag)
