"""The schedule: minutes are written on each slide's notes, and added up here.

The core talk is one sum; a deep dive is told apart from it, and has a clock of its own.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

from slides.notebook import NOTEBOOKS, Chapter, chapters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides schedule`."""
    parser.add_argument("--slides", action="store_true", help="list every slide too")
    parser.add_argument("--notebooks", type=Path, default=NOTEBOOKS, help=argparse.SUPPRESS)


def minutes(chapter: Chapter) -> float:
    """Minutes planned for a chapter; a slide that plans none counts as none."""
    return sum(slide.minutes or 0 for slide in chapter.slides)


def run(args: argparse.Namespace) -> int:
    """Print when each chapter starts, how long it takes and how many slides it has."""
    there = list(chapters(args.notebooks))
    print(f"{'starts':>6}  {'lasts':>6}  {'slides':>6}  chapter")
    tell([chapter for chapter in there if not chapter.is_deep_dive], "in all", args.slides)
    for chapter in there:
        if chapter.is_deep_dive:
            print()
            tell([chapter], "a deep dive", args.slides)
    return 0


def tell(talk: Iterable[Chapter], sum_of: str, slides: bool) -> None:
    """Print some chapters told one after another, on demand with their slides, and their sum."""
    clock, count = 0.0, 0
    for chapter in talk:
        line(clock, minutes(chapter), len(chapter.slides), chapter.title)
        for slide in chapter.slides:
            if slides:
                line(clock, slide.minutes or 0, "", f"  {slide.title}")
            clock += slide.minutes or 0
        count += len(chapter.slides)
    line("", clock, count, sum_of)


def line(starts: float | str, lasts: float, slides: int | str, what: str) -> None:
    """Print one line of the schedule; times are in minutes."""
    start = _clock(starts) if isinstance(starts, float) else starts
    print(f"{start:>6}  {_clock(lasts):>6}  {slides:>6}  {what}")


def _clock(minutes: float) -> str:
    whole, seconds = divmod(round(minutes * 60), 60)
    return f"{whole}:{seconds:02}"
