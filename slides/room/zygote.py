"""The fork server: a process that has imported Tornado, and forks programs from itself.

A program's start is mostly imports; a fork of a process that has them answers seven times as soon,
and is in all else the program that `python -m` would have started.

Its argument is the number of a socket. A message on that asks for a program, with three file
descriptors: its keeper's end of a socket pair, its output, its errors. One without any says that
a keeper was killed, and what it kept is to be killed. When the other end is closed, the fork server
ends; the keepers see to the programs.

Between two requests, a keeper and its program are forked ahead, and wait for the next one.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
from types import ModuleType
from typing import Any

from slides.room.keeper import (
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
    tornado.iostream tornado.log tornado.netutil tornado.options tornado.platform.asyncio
    tornado.simple_httpclient tornado.tcpserver tornado.web tornado.websocket
"""
MOST = 2**16  # bytes of a request
FILES = 2**20  # no process has more
SWEEPING = 10.0  # seconds in which the children of a keeper that was killed are looked for
AHEAD = 0.25  # seconds without a request until a keeper and its program are forked for the next
MADV_POPULATE_WRITE = 23  # linux/mman.h


def serve(connection: socket.socket) -> dict[str, Any] | None:
    """Fork a program for each request; returns in the program's process, with its request.

    Returns None when the server is gone.
    """
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    keepers: set[int] = set()
    spare: socket.socket | None = None  # to a keeper that waits for a request
    sweeping = 0.0  # until when
    while True:
        data, files = b"", list[int]()
        # Not at once: a program that was just started has better use for the processor.
        pause = None if spare else AHEAD
        if time.monotonic() < sweeping:
            sweep(keepers)
            pause = SWEEP
        if any(select.select([connection], [], [], pause)):
            data, files, _, _ = socket.recv_fds(connection, MOST, 3)
            if not data:
                return None
            if not files:
                sweeping = time.monotonic() + SWEEPING
                continue
        if spare is None:
            spare, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            keeper = os.fork()
            if keeper == 0:
                leave(connection.detach(), spare.detach(), *files)
                return begin(its)
            its.close()
            keepers = keepers & children(os.getpid()) | {keeper}
        if files:
            # When the spare was killed, the server hears nothing from it, and asks again.
            with contextlib.suppress(OSError):
                socket.send_fds(spare, [data], files)
            leave(spare.detach(), *files)
            spare = None


def leave(*files: int) -> None:
    """Close what another process has use for."""
    for file in files:
        os.close(file)


def sweep(keepers: set[int]) -> None:
    """Kill who was given to this process because their keeper is gone.

    Whoever waits for a keeper hears of its end before its children have another parent, and those
    of the program have one later still.
    """
    for pid in children(os.getpid()) - keepers:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def begin(requests: socket.socket) -> dict[str, Any]:
    """In the new process, which becomes a keeper: fork the program, and return there.

    Both wait for the request. When the fork server ends before there is one, so do they.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    keeper = os.getpid()
    onward, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    program = os.fork()
    if program == 0:
        leave(requests.detach(), onward.detach())
        return wait(its, keeper)
    its.close()
    data, files, _, _ = socket.recv_fds(requests, MOST, 3)
    if not data:
        os._exit(0)
    control, out, err = files
    try:
        socket.send_fds(onward, [data], [out, err])
    except OSError:  # the program was killed; the server hears nothing, and asks again
        os._exit(1)
    leave(requests.detach(), onward.detach(), out, err)
    keep(control, program, json.loads(data))


def wait(requests: socket.socket, keeper: int) -> dict[str, Any]:
    """In the program's process: be as one that was just started, with the request's files."""
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if not any(select.select([requests], [], [], AHEAD)):
        own_pages()
    data, files, _, _ = socket.recv_fds(requests, MOST, 2)
    if not data:
        os._exit(0)
    request: dict[str, Any] = json.loads(data)
    os.dup2(files[0], 1)
    os.dup2(files[1], 2)
    os.closerange(3, FILES)
    requests.detach()
    os.chdir(request["folder"])
    sys.path[0] = request["folder"]
    return request


def own_pages() -> None:
    """Copy now what would be copied, page by page, when the program first writes to it."""
    libc = ctypes.CDLL(None)
    with open("/proc/self/maps") as maps:
        for line in maps:
            span, rights = line.split()[:2]
            if rights == "rw-p":
                first, end = (int(each, 16) for each in span.split("-"))
                size = ctypes.c_size_t(end - first)
                # An older Linux than 5.14 has no such advice, and does as it always did.
                libc.madvise(ctypes.c_void_p(first), size, MADV_POPULATE_WRITE)


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
