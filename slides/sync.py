"""Brings up to date what the notebooks take from elsewhere.

A cell that shows a demo's code carries `metadata.source`, `{"file": …, "name": …}`, and equals that
region to the letter (`"language"` names another one than the file's). The pictures in
`notebooks/figures` are drawn by `slides.figures`, and `notebooks/rise.css` is the theme.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slides import figures
from slides.notebook import NOTEBOOKS, ROOT, Chapter, chapters
from slides.regions import RegionError, language, region
from slides.schedule import minutes

THEME = Path(__file__).parent / "theme"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides sync`."""
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 on a drift")


def run(args: argparse.Namespace) -> int:
    """Write what has drifted, or with --check only say so."""
    try:
        drifted = [*_notebooks(write=not args.check), *_files(write=not args.check)]
    except RegionError as error:
        print(f"sync: {error}")
        return 1
    for what in drifted:
        print(f"{'out of date' if args.check else 'brought up to date'}: {what}")
    if args.check and drifted:
        print("run: make sync")
    return 1 if args.check and drifted else 0


def shown(source: dict[str, Any], cell_type: str) -> str:
    """What a cell with this `metadata.source` must hold."""
    path = ROOT / source["file"]
    text = region(path, source["name"])
    return (
        text if cell_type == "code" else f"```{source.get('language', language(path))}\n{text}\n```"
    )


def drifts(chapter: Chapter) -> Iterator[tuple[dict[str, Any], str]]:
    """The chapter's cells that differ from their regions, each with the text it should have."""
    for cell in chapter.document["cells"]:
        source = cell.get("metadata", {}).get("source")
        if source is not None:
            text = shown(source, cell["cell_type"])
            if "".join(cell["source"]) != text:
                yield cell, text


def generated() -> dict[Path, str]:
    """The files that are written by this command, and their text."""
    core = [chapter for chapter in chapters() if not chapter.is_deep_dive]
    road = figures.map_of([(chapter.title, minutes(chapter)) for chapter in core])
    drawings = {name: draw() for name, draw in figures.DRAWINGS.items()} | {"map": road}
    style = [(THEME / name).read_text(encoding="utf-8") for name in ("theme.css", "rise.css")]
    head = "/* Written by `make sync` from slides/theme; change it there. */\n\n"
    return {NOTEBOOKS / "figures" / f"{name}.svg": svg for name, svg in drawings.items()} | {
        NOTEBOOKS / "rise.css": head + "\n".join(style)
    }


def _notebooks(write: bool) -> Iterator[str]:
    for chapter in chapters():
        stale = list(drifts(chapter))
        for cell, text in stale:
            cell["source"] = text.splitlines(keepends=True)
            yield f"{chapter.path.name}, {cell['metadata']['source']}"
        if stale and write:
            chapter.save()


def _files(write: bool) -> Iterator[str]:
    files = generated()
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            if write:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
            yield str(path.relative_to(ROOT))
    for path in sorted((NOTEBOOKS / "figures").glob("*.svg")):
        if path not in files:
            if write:
                path.unlink()
            yield f"{path.relative_to(ROOT)} (no such drawing)"
