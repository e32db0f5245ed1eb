"""A program in a tab: started as `python -m NAME` starts it, ended as the system ends it."""

import atexit
import contextlib
import io
import os
import random
import signal
import sys
from typing import Any

import kernel
from machine import garbage, network, selector, sockets, threads, waiting

HOME = "/talk"
INTERRUPTED = 130  # what a shell reports after Ctrl-C


class Terminal(io.TextIOBase):
    """Standard output or error: a line appears in the panel's log when it is whole."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, number: int, name: str) -> None:
        self._number = number
        self._written: list[str] = []
        self.name = name

    def write(self, text: str) -> int:
        self._written.append(text)
        if "\n" in text:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self._written:
            kernel.write(self._number, "".join(self._written))
            self._written.clear()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._number


def install() -> None:
    """Make this interpreter one whose operating system is the tab."""
    waiting.install()
    garbage.install()
    network.install()
    sockets.install()
    selector.install()
    threads.install()
    _restore_asyncio()
    _catch_signals()
    waiting.handlers["ping"] = waiting.pings.append
    waiting.handlers["signal"] = waiting.signals.append
    sys.stdout, sys.stderr = Terminal(1, "<stdout>"), Terminal(2, "<stderr>")
    waiting.before_wait += [sys.stdout.flush, sys.stderr.flush]


def _restore_asyncio() -> None:
    """Give asyncio the policy, the loop and the runner that Pyodide has replaced."""
    import asyncio
    import asyncio.events
    import asyncio.runners

    module: Any = asyncio
    events: Any = asyncio.events
    events._event_loop_policy = None
    module.run = asyncio.runners.run
    asyncio._set_running_loop(None)


def _catch_signals() -> None:
    """`signal.set_wakeup_fd` for a descriptor of ours: asyncio learns of signals that way."""
    module: Any = signal
    wakeup = -1

    def set_wakeup_fd(fd: int, *, warn_on_full_buffer: bool = True) -> int:
        nonlocal wakeup
        wakeup, old = fd, wakeup
        return old

    def raise_signal(number: int) -> None:
        if wakeup in network.sockets:
            with contextlib.suppress(OSError):
                network.sockets[wakeup].send(bytes([number]))
        really_raise(number)

    really_raise = module.raise_signal
    module.set_wakeup_fd = set_wakeup_fd
    module.raise_signal = raise_signal
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run(name: str, arguments: list[str]) -> int:
    """Run a module as `python -m name arguments` does; return the exit status."""
    import runpy

    random.seed()  # a snapshot of the memory would repeat itself
    os.chdir(HOME)
    sys.path.insert(0, HOME)
    sys.executable = "python"
    sys.argv = ["-m", *arguments]
    sys.orig_argv = [sys.executable, "-m", name, *arguments]
    status = _guarded(lambda: runpy._run_module_as_main(name))  # type: ignore[attr-defined]
    ended = _guarded(_shut_down)
    sys.stdout.flush()
    sys.stderr.flush()
    return status or ended


def _shut_down() -> None:
    import threading

    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()


def _guarded(step: Any) -> int:
    """Run a step as the interpreter runs a program; give the exit status it stands for."""
    try:
        step()
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        print(stop.code, file=sys.stderr)
        return 1
    except BaseException as error:
        try:
            sys.excepthook(type(error), error, _own_frames(error))
        except SystemExit as stop:
            return stop.code if isinstance(stop.code, int) else 1
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _own_frames(error: BaseException) -> Any:
    """The traceback, from where `python -m` would begin it."""
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith("<frozen runpy"):
        if trace.tb_next is None or trace.tb_frame.f_globals.get("__name__") != __name__:
            break
        trace = trace.tb_next
    error.__traceback__ = trace
    return trace


