"""Signals: Ctrl-C, and what a program sends itself. They are the main thread's, as everywhere."""

import _thread
import contextlib
import errno
import os
import signal
from typing import Any

import kernel

from machine import descriptors, waiting

HARMLESS = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
KILLED = 128  # and the number of the signal: what a shell reports

really_raise = signal.raise_signal
_wakeup = [-1]  # the descriptor from which asyncio learns of signals


def send(number: int) -> None:
    """`signal.raise_signal`: the main thread handles it now, or when it runs again."""
    waiting.signals.append(number)
    if waiting.now.stack == waiting.MAIN:
        waiting.raise_signals()
    else:
        waiting.notify()


def kill(process: int, number: int) -> None:
    """`os.kill`, for a program that knows nobody but itself."""
    if process not in (0, os.getpid()):
        raise descriptors.failure(errno.ESRCH)
    if number:
        send(number)


def handle(number: int) -> None:
    """Do what a signal is to do."""
    handler = signal.getsignal(number)
    if handler == signal.SIG_DFL and number not in HARMLESS:
        leave(KILLED + number)
    if _wakeup[0] in descriptors.table:
        with contextlib.suppress(BlockingIOError):
            os.write(_wakeup[0], bytes([number]))
    if callable(handler):
        really_raise(number)


def leave(status: int) -> None:
    """`os._exit`: the end, with nothing tidied up."""
    descriptors.close_all()
    kernel.exit(status)
    while True:
        waiting.pause()


def interrupt_main(number: int = signal.SIGINT) -> None:
    """`_thread.interrupt_main`."""
    send(number)


def set_wakeup_fd(fd: int, *, warn_on_full_buffer: bool = True) -> int:
    """`signal.set_wakeup_fd`, for a descriptor of ours."""
    old, _wakeup[0] = _wakeup[0], fd
    return old


def install() -> None:
    """Have signals handled here."""
    module: Any = signal
    module.set_wakeup_fd, module.raise_signal = set_wakeup_fd, send
    system: Any = os
    system.kill, system._exit = kill, leave
    low: Any = _thread
    low.interrupt_main = interrupt_main
    waiting.handlers.update(signal=waiting.signals.append, raised=handle)
    signal.signal(signal.SIGINT, signal.default_int_handler)
