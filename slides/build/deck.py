"""`make deck`: executes what changed, converts it, and writes the deck."""

import argparse
import asyncio
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slides.build import forks
from slides.build.cache import (
    Cache,
    Entry,
    contents,
    digest,
    outputs_key,
    sections_key,
)
from slides.notebook import NOTEBOOKS, ROOT, Chapter, NotebookError, chapters

SIDE_BY_SIDE = (os.cpu_count() or 2) + 2  # much of a notebook's time is waiting
STAMP = ".built"
SITE = "slides.build.site"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides deck`."""
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "deck", help="the folder")
    parser.add_argument("--notebooks", type=Path, default=NOTEBOOKS, help="where the chapters are")
    parser.add_argument("--force", action="store_true", help="execute everything again")
    parser.add_argument(
        "--snapshot", action="store_true", help="programs start sooner, and download more"
    )


def run(args: argparse.Namespace) -> int:
    """Build the deck; exit status 1 when a cell fails."""
    started = time.perf_counter()
    try:
        build = Build.of(args.notebooks, args.out, args.force, args.snapshot)
        if build.is_up_to_date():
            print(f"{args.out}: nothing changed ({time.perf_counter() - started:.2f} s)")
            return 0
        asyncio.run(_until_told_to_stop(build.make(say)))
    except NotebookError as error:
        print(f"deck: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("deck: stopped; the old deck is as it was", file=sys.stderr)
        return 130
    except Exception as error:
        if not is_explained(error):
            raise
        print(f"deck: {error}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in args.out.rglob("*") if path.is_file())
    print(f"{args.out}: {size / 1e6:.1f} MB in {time.perf_counter() - started:.1f} s")
    return 0


def is_explained(error: Exception) -> bool:
    """Whether an error is a sentence for the author, and needs no traceback."""
    from slides.build.assets import AssetsError
    from slides.build.convert import ConvertError
    from slides.build.execute import CellFailed

    return isinstance(error, CellFailed | ConvertError | AssetsError)


def say(line: str) -> None:
    """Show progress, a line a step."""
    print(line, flush=True)


@dataclass
class Work:
    """A chapter, what is remembered of it, and the keys it has now."""

    chapter: Chapter
    entry: Entry
    outputs_key: str
    sections_key: str

    @property
    def is_executed(self) -> bool:
        return self.entry.notebook is not None and self.entry.outputs_key == self.outputs_key

    @property
    def is_converted(self) -> bool:
        return self.is_executed and self.entry.sections_key == self.sections_key


@dataclass
class Build:
    """One build: the chapters and what has to be done to each."""

    out: Path
    cache: Cache
    works: list[Work]
    snapshot: bool = False

    @classmethod
    def of(cls, notebooks: Path, out: Path, force: bool = False, snapshot: bool = False) -> "Build":
        """Look at the chapters; with `force` only how long each took is remembered."""
        cache = Cache(out.parent / f".{out.name}-cache")
        works = []
        for chapter in chapters(notebooks):
            key = outputs_key(chapter)
            entry = cache.read(chapter)
            if force:
                entry = Entry(seconds=entry.seconds)
            works.append(Work(chapter, entry, key, sections_key(chapter, key)))
        if not works:
            raise NotebookError(f"{notebooks}: there is no chapter such as 10_topic.ipynb")
        return cls(out, cache, works, snapshot)

    def is_up_to_date(self) -> bool:
        """Whether the deck is what this build would make."""
        stamp = self.out / STAMP
        return (
            all(work.is_converted for work in self.works)
            and stamp.exists()
            and stamp.read_text(encoding="utf-8") == self.stamp()
        )

    def stamp(self) -> str:
        """A key over everything in the deck."""
        from slides.build import tab

        code = sorted((ROOT / "slides" / "build").glob("*.py"))
        keys = [work.sections_key for work in self.works]
        return digest([*keys, tab.fingerprint(), str(self.snapshot), *contents(code)])

    async def make(self, tell: Callable[[str], None]) -> None:
        """Do what has to be done and write the deck; `tell` is called with each step."""
        await self.refresh(tell)
        from slides.build.site import write_site

        write_site(self.out, self.sections(), snapshot=self.snapshot)
        (self.out / STAMP).write_text(self.stamp(), encoding="utf-8")

    async def refresh(self, tell: Callable[[str], None], kernels: Any = None) -> None:
        """Execute and convert the chapters that need it, several at a time.

        `kernels` are those of a process that goes on; without them some are started, and ended.
        """
        stale = [work for work in self.works if not work.is_executed]
        for work in self.works:
            if work.is_executed and not work.is_converted:
                tell(f"  {work.chapter.stem:22} converted")
                self.convert(work)
        if not stale:
            return
        # It imports what kernels need while this process imports what it needs itself.
        warm = forks.zygote() if kernels is None else None
        from slides.build.kernels import Kernels

        turn = asyncio.Semaphore(SIDE_BY_SIDE)
        # The longest begin first, so that none of them is left alone at the end.
        stale.sort(key=lambda work: -work.entry.seconds)
        async with nullcontext(kernels) if kernels else Kernels(warm) as running:
            try:
                async with asyncio.TaskGroup() as group:
                    # The kernels are waited for; meanwhile what comes after them is imported.
                    group.create_task(asyncio.to_thread(importlib.import_module, SITE))
                    for work in stale:
                        group.create_task(self.execute(work, running, turn, tell))
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None

    async def execute(
        self, work: Work, kernels: Any, turn: asyncio.Semaphore, tell: Callable[[str], None]
    ) -> None:
        """Execute one chapter, then convert it while others go on."""
        from slides.build.execute import execute

        async with turn:
            started = time.perf_counter()
            notebook = await execute(work.chapter, kernels)
            work.entry.seconds = time.perf_counter() - started
        work.entry.notebook = json.loads(json.dumps(notebook))
        work.entry.outputs_key = work.outputs_key
        self.convert(work)
        tell(f"  {work.chapter.stem:22} executed  {work.entry.seconds:4.1f} s")

    def convert(self, work: Work) -> None:
        """Convert one chapter from its outputs and remember it."""
        from slides.build.convert import convert

        assert work.entry.notebook is not None
        work.entry.sections = convert(work.chapter, with_outputs(work))
        work.entry.sections_key = work.sections_key
        self.cache.write(work.chapter, work.entry)

    def sections(self) -> list[tuple[Chapter, str]]:
        """Every chapter with its sections."""
        return [(work.chapter, work.entry.sections) for work in self.works]


def with_outputs(work: Work) -> Any:
    """The chapter as it is now, with the outputs its code cells had when they were executed."""
    import nbformat

    assert work.entry.notebook is not None
    notebook = nbformat.reads(json.dumps(work.chapter.document), as_version=4)
    executed = [cell for cell in work.entry.notebook["cells"] if cell["cell_type"] == "code"]
    shown = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, before in zip(shown, executed, strict=True):
        cell.outputs = [nbformat.from_dict(output) for output in before["outputs"]]
    return notebook


async def _until_told_to_stop(work: Any) -> None:
    """Run until done; SIGTERM ends it as Ctrl-C does, with every kernel."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
