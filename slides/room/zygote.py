"""The fork server: a process that has imported Tornado, and forks programs from itself.

A program's start is mostly imports; a fork of a process that has them answers five times as soon,
and is in all else the program that `python -m` would have started.

Its argument is the number of a socket. A message on that asks for a program, with three file
descriptors: its keeper's end of a socket pair, its output, its errors. One without any says that
a keeper was killed, and what it kept is to be killed. When the other end is closed, the fork server
ends; the keepers see to the programs.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import time
from types import ModuleType
from typing import Any

from slides.room.keeper import (
    PATIENCE,
    PR_SET_CHILD_SUBREAPER,
    PR_SET_PDEATHSIG,
    SWEEP,
    keep,
    prctl,
)
from slides.room.processes import children

# What demos import, to be there already. None of it starts a thread or an event loop.
USUAL = """
    argparse ast asyncio concurrent.futures contextlib dataclasses difflib importlib.util inspect
    ipaddress json logging pathlib random textwrap typing uuid webbrowser
    tornado.escape tornado.httpclient tornado.httpserver tornado.httputil tornado.ioloop
    tornado.iostream tornado.log tornado.netutil tornado.options tornado.simple_httpclient
    tornado.tcpserver tornado.web tornado.websocket
"""
MOST = 2**16  # bytes of a request
FILES = 2**20  # no process has more


def serve(connection: socket.socket) -> dict[str, Any] | None:
    """Fork a program for each request; returns in the program's process, with its request.

    Returns None when the server is gone.
    """
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    keepers: set[int] = set()
    while True:
        data, files, _, _ = socket.recv_fds(connection, MOST, 3)
        if not data:
            return None
        if not files:
            sweep(keepers)
            continue
        keeper = os.fork()
        if keeper == 0:
            return begin(json.loads(data), connection, *files)
        keepers = keepers & children(os.getpid()) | {keeper}
        for file in files:
            os.close(file)


def sweep(keepers: set[int]) -> None:
    """Kill who was given to this process because their keeper is gone."""
    end = time.monotonic() + PATIENCE
    while (orphans := children(os.getpid()) - keepers) and time.monotonic() < end:
        for pid in orphans:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(SWEEP)


def begin(
    request: dict[str, Any], connection: socket.socket, control: int, out: int, err: int
) -> dict[str, Any]:
    """In the new process, which becomes the keeper: fork the program, and return there."""
    connection.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    keeper = os.getpid()
    program = os.fork()
    if program:
        os.close(out)
        os.close(err)
        keep(control, program, request)
    settle(request["folder"], keeper, out, err)
    return request


def settle(folder: str, keeper: int, out: int, err: int) -> None:
    """Be as a process that was just started: files, signals, session and folder."""
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:
        os._exit(1)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.closerange(3, FILES)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.chdir(folder)
    sys.path[0] = folder


def become(module: str, argv: list[str]) -> None:
    """Run a module as `python -m` does: the same names, the same traceback, the same status."""
    for name in [each for each in sys.modules if each.partition(".")[0] == "slides"]:
        del sys.modules[name]
    sys.argv = ["-m", *argv]
    sys.orig_argv = [sys.executable, "-m", module, *argv]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        # What the interpreter itself calls for `-m`. The public `run_module` is for use within
        # a program: another traceback, and a `__main__` that is not there at the end.
        runpy._run_module_as_main(module)  # type: ignore[attr-defined]
    except SystemExit:
        raise
    except BaseException as error:
        # The frames of this module are no part of the program's traceback.
        trace = error.__traceback__ and error.__traceback__.tb_next
        hook, sys.excepthook = sys.excepthook, lambda *_: None
        hook(type(error), error.with_traceback(trace), trace)
        raise


def main() -> None:
    """Serve on the socket whose file descriptor is the first argument."""
    # An end that nobody waits for is nobody's: the keepers collect the programs.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for name in USUAL.split():
        importlib.import_module(name)
    # What is there now is never freed: leave its pages shared with the programs.
    gc.collect()
    gc.freeze()
    request = serve(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        become(request["module"], request["argv"])
