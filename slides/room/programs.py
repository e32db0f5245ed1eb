"""Which programs a page may run, and what is started for it.

A program is started by `python -m demos NAME`, which takes a port and starts what it needs beside
it. A demo that is a package has verbs of its own: `python -m demos.NAME VERB`.
"""

import errno
import functools
import shutil
import tempfile
from collections.abc import Callable
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, NamedTuple

from demos.catalog import FOLDER, Demo, UnknownDemo, demos, find
from slides.ports import why_not
from slides.room.fields import Refused
from slides.room.orders import Run

ROOT = FOLDER.parent
PORT = 8888  # of every demo, unless it is told another
TOLD = ("path", "port", "beside", "tries")


class Started(NamedTuple):
    """What the fork server is asked for, and the ports of what stands beside the program."""

    request: dict[str, Any]
    port: int
    beside: set[int]


@functools.cache  # it reads every file of every program
def offered() -> dict[str, dict[str, Any]]:
    """The programs that can be run in a process, each with what a page has to know of it."""
    from slides.build.programs import facts  # here, as the fork server has no use for it

    return {
        demo.name: {name: facts(demo)[name] for name in TOLD}
        for demo in demos()
        if "process" in demo.where
    }


def check(order: Run) -> Demo:
    """The demo that is to be run. Refused: there is none, or it has no such files."""
    try:
        demo = find(order.program)
    except UnknownDemo as error:
        raise Refused(f"There is {error}") from None
    if "process" not in demo.where:
        raise Refused(f"{demo.name} runs in a browser's tab only.")
    if order.files:
        known = names(demo)
        if unknown := [name for name in order.files if name not in known]:
            raise Refused(f"{unknown[0]} is no file of {demo.name}; it has {', '.join(known)}.")
    return demo


def names(demo: Demo) -> list[str]:
    """The files of a demo that can be edited: its modules and its pages."""
    from slides.build.programs import facts

    modules = [path.relative_to(ROOT).as_posix() for path in demo.modules]
    return list(dict.fromkeys([*facts(demo)["files"], *modules]))


def started(demo: Demo, order: Run, is_taken: Callable[[int], bool]) -> Started:
    """What to start; ports that are taken are replaced by free ones."""
    argv, port = list(order.argv), PORT
    beside: set[int] = set()
    module = f"demos.{demo.name}"
    has_verbs = demo.path.with_name("__main__.py").is_file() and demo.path.stem != demo.name
    if not (has_verbs and argv and not argv[0].startswith("-")):
        module, argv = "demos", [demo.name, *argv]
        if serves(demo) and "--port" not in argv:
            port = free(PORT, is_taken)
            argv += ["--port", str(port)]
            for name, usual in demo.beside:
                number = free(usual, lambda each: is_taken(each) or each in {port, *beside})
                argv += ["--beside", f"{name}={number}"]
                beside.add(number)
    folder = edited_copy(order.files) if order.files else ROOT
    request = {"module": module, "argv": argv, "port": port, "folder": str(folder)}
    return Started({**request, "copy": folder != ROOT}, port, beside)


def serves(demo: Demo) -> bool:
    """Whether a demo listens: then its docstring says how to ask it."""
    return any(f":{PORT}" in line for line in demo.tries)


def free(port: int, is_taken: Callable[[int], bool]) -> int:
    """The first port from this one on where a program can listen, and only it would answer."""
    while is_taken(port) or listens_elsewhere(port) or why_not(port) is not None:
        port += 1
        if port > 65535:
            raise Refused("There is no free port.")
    return port


def listens_elsewhere(port: int) -> bool:
    """Whether another program has this port in IPv6, where a browser looks for localhost first."""
    error = why_not(port, "::1")
    return error is not None and error.errno == errno.EADDRINUSE


def edited_copy(files: dict[str, str]) -> Path:
    """A temporary folder with all demos, some of them edited."""
    folder = Path(tempfile.mkdtemp(prefix="demos-"))
    shutil.copytree(FOLDER, folder / FOLDER.name)
    for name, text in files.items():
        file = folder / name
        # What was compiled is told by its time and size, and these may be the same.
        Path(cache_from_source(str(file))).unlink(missing_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
    return folder
