"""The slide rules: what every notebook keeps to, so that a slide can be read from the back row."""

import argparse
import re
from collections.abc import Callable, Iterator

from slides.notebook import SLIDE_TYPES, Cell, Chapter, Slide, chapters

CODE_COLUMNS = 72
CODE_LINES = 15
PROSE_WORDS = 55


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`python -m slides rules` has no options."""


def run(args: argparse.Namespace) -> int:
    """Print every broken rule with its place; exit 1 when there is one."""
    broken = [problem for chapter in chapters() for problem in problems(chapter)]
    print("\n".join(broken) or "every slide keeps to the rules")
    return 1 if broken else 0


def problems(chapter: Chapter) -> Iterator[str]:
    """The rules the chapter breaks, each a sentence that names the cell or slide."""
    for cell in chapter.cells:
        for cell_rule in CELL_RULES:
            for problem in cell_rule(cell):
                yield f"{chapter.path.name}, cell {cell.number}: {problem}"
    ids = [cell.id for cell in chapter.cells]
    if len(set(ids)) != len(ids):
        yield f"{chapter.path.name}: two cells share an id; give one of them another"
    for slide in chapter.slides:
        for slide_rule in SLIDE_RULES:
            for problem in slide_rule(slide):
                yield f"{chapter.path.name}, slide {slide.number} ({slide.title}): {problem}"
    if chapter.slides and not chapter.slides[0].shown[0].source.startswith("# "):
        yield f"{chapter.path.name}: the first slide must open the chapter with a '# ' heading"


def _slide_type(cell: Cell) -> Iterator[str]:
    if cell.slide_type not in SLIDE_TYPES:
        yield f"slide_type is {cell.slide_type!r}; write one of {', '.join(SLIDE_TYPES)}"


def _identity(cell: Cell) -> Iterator[str]:
    if not cell.id:
        yield "has no id; save the notebook as nbformat 4.5"


def _columns(cell: Cell) -> Iterator[str]:
    if cell.kind == "code" and cell.slide_type != "skip":
        for line in cell.source.splitlines():
            if len(line) > CODE_COLUMNS:
                start = line.strip()[:40]
                yield f"a line of {len(line)} columns is more than {CODE_COLUMNS}: {start}…"


def _blocking(cell: Cell) -> Iterator[str]:
    if cell.kind == "code" and re.search(r"^\s*[!%]|\brequests\.(get|post)\(", cell.source, re.M):
        yield "`!` and `requests` wait on the loop that should answer them; use `await sh(...)`"


def _notes(slide: Slide) -> Iterator[str]:
    if slide.cells[-1].slide_type != "notes":
        yield "must end with a notes cell (Shift+Enter would skip on past the last output)"
    if slide.minutes is None:
        yield "its notes must begin with a line like 'Minutes: 1.5'"


def _title(slide: Slide) -> Iterator[str]:
    if not slide.title:
        yield "has no heading"


def _code_lines(slide: Slide) -> Iterator[str]:
    code = [cell for cell in slide.shown if cell.kind == "code" and not _hidden(cell)]
    lines = sum(len(cell.source.splitlines()) for cell in code)
    if lines > CODE_LINES:
        yield f"{lines} lines of code are more than {CODE_LINES}"


def _words(slide: Slide) -> Iterator[str]:
    prose = "\n".join(cell.source for cell in slide.shown if cell.kind == "markdown")
    prose = re.sub(r"```.*?```", "", prose, flags=re.DOTALL)  # code counts as lines
    prose = re.sub(r"!\[.*?\]\(.*?\)|\]\(.*?\)|^#.*$", "", prose, flags=re.MULTILINE)
    words = len(re.findall(r"\w[\w'-]*", prose))
    if words > PROSE_WORDS:
        yield f"{words} words of prose are more than {PROSE_WORDS}"


def _hidden(cell: Cell) -> bool:
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


CELL_RULES: tuple[Callable[[Cell], Iterator[str]], ...] = (
    _slide_type,
    _identity,
    _columns,
    _blocking,
)
SLIDE_RULES: tuple[Callable[[Slide], Iterator[str]], ...] = (_notes, _title, _code_lines, _words)
