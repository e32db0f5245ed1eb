"""A program in a tab: started as `python -m NAME` starts it, ended as the system ends it."""

import atexit
import os
import random
import sys
from typing import Any

from machine import (
    descriptors,
    garbage,
    names,
    network,
    pipes,
    selector,
    signals,
    sockets,
    terminal,
    threads,
    tls,
    waiting,
    wires,
)

HOME = "/talk"
PARTS: tuple[Any, ...] = (
    waiting,
    garbage,
    descriptors,
    pipes,
    terminal,
    names,
    network,
    wires,
    sockets,
    selector,
    threads,
    signals,
    tls,
)
BYTE = 0xFF  # all that a shell sees of an exit status
INTERRUPTED = 130  # what a shell reports after Ctrl-C


def install() -> None:
    """Make this interpreter one whose operating system is the tab."""
    for part in PARTS:
        part.install()
    _restore_asyncio()


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
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    descriptors.close_all()
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
            return int(stop.code or 0) & BYTE
        print(stop.code, file=sys.stderr)
        return 1
    except BaseException as error:
        try:
            sys.excepthook(type(error), error, _own_frames(error))
        except SystemExit as stop:
            return stop.code & BYTE if isinstance(stop.code, int) else 1
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
