"""`selectors.DefaultSelector` over the sockets of a tab."""

import selectors
import time
from typing import Any

import kernel
from machine import network, waiting


class Selector(selectors._BaseSelectorImpl):  # type: ignore[name-defined,misc]
    """Waits until a registered socket can be read or written: level-triggered, like `select`."""

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        if key.fd not in network.sockets:
            super().unregister(fileobj)
            raise ValueError(f"{fileobj!r} is no socket: only sockets can be waited for in a tab")
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Give the sockets that are ready, waiting `timeout` seconds at most for the first."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if waiting.is_due():
            waiting.wait(0)
        self._answer_pings()
        while not (ready := self._ready()):
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                break
            waiting.wait(left)
            self._answer_pings()
        return ready

    def _ready(self) -> list[tuple[selectors.SelectorKey, int]]:
        found = []
        for key in self._fd_to_key.values():
            sock = network.sockets.get(key.fd)
            if sock is None:
                continue
            events = 0
            if key.events & selectors.EVENT_READ and sock.is_readable():
                events |= selectors.EVENT_READ
            if key.events & selectors.EVENT_WRITE and sock.is_writable():
                events |= selectors.EVENT_WRITE
            if events:
                found.append((key, events))
        return found

    @staticmethod
    def _answer_pings() -> None:
        # Only the main program's loop tells the page that it is not blocked.
        while waiting.current == waiting.MAIN and waiting.pings:
            kernel.pong(waiting.pings.pop(0))


def install() -> None:
    """Have every event loop and every `DefaultSelector` wait on the tab's sockets."""
    module: Any = selectors
    module.DefaultSelector = module.SelectSelector = module.PollSelector = Selector
