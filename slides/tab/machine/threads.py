"""Threads without threads: each is a stack of its own, and they take turns where they wait.

A thread that computes holds up the others, which no browser lets us change; one that sleeps, waits
for a lock or reads from a socket does not. So a pool of threads overlaps its waits as a real one
does. Everything above `_thread` (`threading`, `queue`, `concurrent.futures`) is Python's own.
"""

import _threading_local
import itertools
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import kernel
from pyodide.ffi import create_proxy

from machine import waiting

_idents = itertools.count(waiting.MAIN + 1)
_alive: set["Handle"] = set()


class Lock:
    """`threading.Lock`."""

    def __init__(self) -> None:
        self._is_locked = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if self._is_locked and blocking:
            limit = None if timeout == -1 else timeout
            waiting.wait_for(lambda: not self._is_locked, limit)
        if self._is_locked:
            return False
        self._is_locked = True
        return True

    def release(self) -> None:
        if not self._is_locked:
            raise RuntimeError("release unlocked lock")
        self._is_locked = False
        waiting.notify()

    def locked(self) -> bool:
        return self._is_locked

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._is_locked = False


class Handle:
    """`_thread._ThreadHandle`: what joins a thread."""

    def __init__(self) -> None:
        self.ident: int | None = None
        self._is_done = False

    def is_done(self) -> bool:
        return self._is_done

    def _set_done(self) -> None:
        self._is_done = True
        _alive.discard(self)
        waiting.notify()

    def join(self, timeout: float | None = None) -> None:
        if self.ident == waiting.now.stack:
            raise RuntimeError("Cannot join current thread")
        limit = None if timeout is None or timeout < 0 else timeout
        waiting.wait_for(self.is_done, limit)


def start_joinable_thread(
    function: Callable[[], Any], *, handle: Handle | None = None, daemon: bool = True
) -> Handle:
    """Run the function on a stack of its own, as soon as this one waits."""
    ident, handle = next(_idents), handle or Handle()
    handle.ident = ident
    if not daemon:
        _alive.add(handle)

    def run() -> None:
        before, waiting.now.stack = waiting.now.stack, ident
        try:
            function()
        except SystemExit:
            pass
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            waiting.now.stack = before
            handle._set_done()

    kernel.spawn(create_proxy(run))
    return handle


def start_new_thread(function: Callable[..., Any], args: tuple = (), kwargs: dict = {}) -> int:  # noqa: B006
    """`_thread.start_new_thread`."""
    handle = start_joinable_thread(lambda: function(*args, **kwargs))
    assert handle.ident is not None
    return handle.ident


def get_ident() -> int:
    """The number of the thread that runs."""
    return waiting.now.stack


def join_all() -> None:
    """Wait for the threads that a program must not end without."""
    waiting.wait_for(lambda: not _alive)


def install() -> None:
    """Put these in the place of what `threading` took from `_thread`."""
    import _thread

    low: Any = _thread
    high: Any = threading
    low.start_new_thread = start_new_thread
    low.start_joinable_thread = high._start_joinable_thread = start_joinable_thread
    low.allocate_lock = low.lock = low.LockType = high._allocate_lock = high.Lock = Lock
    low._ThreadHandle = high._ThreadHandle = Handle
    low.get_ident = high.get_ident = get_ident
    low._get_main_thread_ident = high._get_main_thread_ident = lambda: waiting.MAIN
    low.get_native_id = high.get_native_id = get_ident
    high._CRLock = None  # threading's own RLock, in Python, takes these locks
    high._thread_shutdown = join_all
    high.local = low._local = _threading_local.local
    high._active = {waiting.MAIN: threading.main_thread()}
    main: Any = threading.main_thread()
    main._ident = waiting.MAIN
    main._os_thread_handle = Handle()
    main._os_thread_handle.ident = waiting.MAIN
    queue.SimpleQueue = queue._PySimpleQueue  # type: ignore[attr-defined,misc]
    time.sleep = waiting.sleep
