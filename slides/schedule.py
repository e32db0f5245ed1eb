"""The schedule: minutes are written on each slide's notes, and added up here."""

import argparse

from slides.notebook import Chapter, chapters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides schedule`."""
    parser.add_argument("--slides", action="store_true", help="list every slide too")


def minutes(chapter: Chapter) -> float:
    """Minutes planned for a chapter; a slide that plans none counts as none."""
    return sum(slide.minutes or 0 for slide in chapter.slides)


def run(args: argparse.Namespace) -> int:
    """Print when each chapter starts, how long it takes and how many slides it has."""
    clock, count = 0.0, 0
    print(f"{'starts':>6}  {'lasts':>6}  {'slides':>6}  chapter")
    for chapter in chapters():
        slides = chapter.slides
        print(
            f"{_clock(clock):>6}  {_clock(minutes(chapter)):>6}  {len(slides):>6}  {chapter.title}"
        )
        for slide in slides:
            if args.slides:
                print(
                    f"{_clock(clock):>6}  {_clock(slide.minutes or 0):>6}  {'':>6}    {slide.title}"
                )
            clock += slide.minutes or 0
        count += len(slides)
    print(f"{'':>6}  {_clock(clock):>6}  {count:>6}  in all")
    return 0


def _clock(minutes: float) -> str:
    whole, seconds = divmod(round(minutes * 60), 60)
    return f"{whole}:{seconds:02}"
