"""`make present`: the talk in Jupyter with RISE, from a copy that nothing on stage can harm.

Only the standard library is imported, so that Jupyter's own start is the only wait.
"""

import argparse
import difflib
import importlib.util
import secrets
import socket
import sys
from pathlib import Path

from slides.notebook import NOTEBOOKS, NotebookError, chapters
from slides.ports import is_free, next_free
from slides.present.folder import FolderError, prepare
from slides.present.jupyter import present
from slides.present.settings import Stage, configure

USAGE = 2
NEEDED = {"lab": ("present", "jupyterlab_rise"), "classic": ("classic", "nbclassic")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides present`."""
    parser.add_argument("chapter", nargs="?", default="", help="such as 60_websocket, or hello")
    parser.add_argument("--port", default="", help="the port Jupyter listens on (a free one)")
    parser.add_argument("--keep", default="", metavar="DIR", help="present a copy that stays, here")
    parser.add_argument("--classic", action="store_true", help="classic RISE, on nbclassic")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--notebooks", default=str(NOTEBOOKS), help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Present until Ctrl-C; exit status 2 where something asked for cannot be had."""
    front = "classic" if args.classic else "lab"
    try:
        require(*NEEDED[front])
        talk = {chapter.stem: chapter for chapter in chapters(Path(args.notebooks))}
        chapter = find_chapter(list(talk), args.chapter)
        port = find_port(args.port)
        with prepare(list(talk.values()), args.keep, front) as folder:
            stage = Stage(folder.root, folder.private, front, port, secrets.token_hex(16))
            configure(stage)
            return present(stage, chapter, browser=not args.no_browser)
    except (CannotPresent, FolderError, NotebookError) as error:
        print(f"present: {error}", file=sys.stderr)
        return USAGE


class CannotPresent(Exception):
    """What was asked for cannot be had; the text says why, and what to do."""


def require(extra: str, module: str) -> None:
    """Refuse to start without the packages of an extra."""
    if importlib.util.find_spec(module) is None:
        raise CannotPresent(
            f"the packages of the extra [{extra}] are not installed; run: "
            f"python3 slides/bootstrap.py {extra}"
        )


def find_chapter(stems: list[str], wanted: str) -> str:
    """Find a chapter by its name, with or without its number; the first one by default."""
    if not stems:
        raise CannotPresent("there are no chapters in notebooks/")
    wanted = wanted.removesuffix(".ipynb").rpartition("/")[2]
    topics = {stem.partition("_")[2]: stem for stem in stems}
    if not wanted or wanted in stems:
        return wanted or stems[0]
    if wanted in topics:
        return topics[wanted]
    near = difflib.get_close_matches(wanted, [*stems, *topics])
    names = list(dict.fromkeys(topics.get(name, name) for name in near)) or stems
    raise CannotPresent(f"there is no chapter {wanted!r}; there is: {', '.join(names)}")


def find_port(wanted: str) -> int:
    """Check that a port can be had, or find a free one where none is asked for."""
    if not wanted:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        raise CannotPresent(f"a port is a number from 1 to 65535, not {wanted!r}")
    if not is_free(int(wanted)):
        raise CannotPresent(
            f"port {wanted} is in use; the next free one is {next_free(int(wanted))}"
        )
    return int(wanted)
