"""`selectors.DefaultSelector`, and the older ways to wait for the sockets of a tab."""

import errno
import select
import selectors
import time
from collections.abc import Iterable
from typing import Any

import kernel

from machine import descriptors, waiting


class Selector(selectors._BaseSelectorImpl):  # type: ignore[name-defined,misc]
    """Waits until a registered socket can be read or written: level-triggered, like `select`."""

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        if key.fd not in descriptors.table:
            super().unregister(fileobj)
            text = f"{fileobj!r}: only sockets and pipes can be waited for in a tab"
            raise PermissionError(errno.EPERM, text)
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
        for key in self._fd_to_key.values():  # type: ignore[attr-defined]
            endpoint = descriptors.table.get(key.fd)
            if endpoint is None:  # closed, and so forgotten
                continue
            events = 0
            if key.events & selectors.EVENT_READ and endpoint.is_readable():
                events |= selectors.EVENT_READ
            if key.events & selectors.EVENT_WRITE and endpoint.is_writable():
                events |= selectors.EVENT_WRITE
            if events:
                found.append((key, events))
        return found

    @staticmethod
    def _answer_pings() -> None:
        # Only the main program's loop tells the page that it is not blocked.
        while waiting.now.stack == waiting.MAIN and waiting.pings:
            kernel.pong(waiting.pings.pop(0))


class Poll:
    """`select.poll`."""

    def __init__(self) -> None:
        self._masks: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = select.POLLIN | select.POLLOUT) -> None:
        self._masks[_number(fd)] = eventmask

    def modify(self, fd: Any, eventmask: int) -> None:
        if _number(fd) not in self._masks:
            raise descriptors.failure(errno.ENOENT)
        self.register(fd, eventmask)

    def unregister(self, fd: Any) -> None:
        del self._masks[_number(fd)]

    def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
        """Give the descriptors that are ready; `timeout` is in milliseconds."""
        reading = [fd for fd, mask in self._masks.items() if mask & select.POLLIN]
        writing = [fd for fd, mask in self._masks.items() if mask & select.POLLOUT]
        limit = None if timeout is None or timeout < 0 else timeout / 1000
        ready, free, _ = wait_for_any(reading, writing, (), limit)
        masks = {fd: select.POLLIN * (fd in ready) for fd in (*ready, *free)}
        return [(fd, mask | select.POLLOUT * (fd in free)) for fd, mask in masks.items()]


def wait_for_any(
    reading: Iterable[Any],
    writing: Iterable[Any],
    exceptional: Iterable[Any],
    timeout: float | None = None,
) -> tuple[list[Any], list[Any], list[Any]]:
    """`select.select`."""
    reading, writing = list(reading), list(writing)
    ends = {_number(fd): descriptors.find(_number(fd)) for fd in (*reading, *writing)}

    def ready() -> tuple[list[Any], list[Any], list[Any]]:
        readable = [fd for fd in reading if ends[_number(fd)].is_readable()]
        return readable, [fd for fd in writing if ends[_number(fd)].is_writable()], []

    waiting.wait_for(lambda: any(ready()), timeout)
    return ready()


def _number(fd: Any) -> int:
    number = fd if isinstance(fd, int) else fd.fileno()
    if number < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({number})")
    return number


def install() -> None:
    """Have every event loop, and whoever else waits, wait for the tab's sockets."""
    module: Any = selectors
    module.DefaultSelector = module.SelectSelector = module.PollSelector = Selector
    old: Any = select
    old.select, old.poll = wait_for_any, Poll
