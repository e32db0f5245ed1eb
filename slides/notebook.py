"""Reads the notebooks of the talk: its chapters, their slides, the notes on each slide.

Only the standard library is used, so that a command which merely looks at them starts at once.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
DEEP_DIVE = "deep dive"
SLIDE_TYPES = ("slide", "subslide", "fragment", "skip", "notes", "-")


class NotebookError(Exception):
    """A notebook that cannot be read; the text says which, why, and what to do."""


@dataclass
class Cell:
    """One cell; `number` counts from 1 in the notebook, as a reader counts."""

    number: int
    kind: str
    source: str
    metadata: dict[str, Any]
    id: str | None

    @property
    def slide_type(self) -> str | None:
        """The slide type as written, or None where the notebook leaves it out."""
        slideshow = self.metadata.get("slideshow")
        return slideshow.get("slide_type") if isinstance(slideshow, dict) else None


@dataclass
class Slide:
    """The cells of one slide, its notes among them."""

    chapter: str
    number: int
    cells: list[Cell] = field(default_factory=list)

    @property
    def shown(self) -> list[Cell]:
        """The cells an audience sees."""
        return [cell for cell in self.cells if cell.slide_type not in ("notes", "skip")]

    @property
    def notes(self) -> str:
        """The text of the notes cells, or an empty string."""
        return "\n\n".join(cell.source for cell in self.cells if cell.slide_type == "notes")

    @property
    def title(self) -> str:
        """The slide's first heading without its mark-up, or an empty string."""
        for cell in self.shown:
            heading = re.search(r"^#+ +(.+)$", cell.source, re.MULTILINE)
            if cell.kind == "markdown" and heading:
                return re.sub(r"[*_`]", "", heading[1]).strip()
        return ""

    @property
    def minutes(self) -> float | None:
        """Minutes the speaker plans for the slide, from the first line of its notes."""
        planned = re.match(r"Minutes: *(\d+(?:\.\d+)?)\s*$", self.notes, re.MULTILINE)
        return float(planned[1]) if planned else None


@dataclass
class Chapter:
    """One notebook of the talk."""

    path: Path
    document: dict[str, Any]

    @property
    def stem(self) -> str:
        """The name with its number, `20_hello`."""
        return self.path.stem

    @property
    def topic(self) -> str:
        """The name without its number, `hello`."""
        return re.sub(r"^\d+_", "", self.stem)

    @property
    def is_deep_dive(self) -> bool:
        """Whether it is told apart from the core talk: `"talk": {"part": "deep dive"}`."""
        talk = self.document.get("metadata", {}).get("talk", {})
        return bool(talk.get("part") == DEEP_DIVE)

    @property
    def title(self) -> str:
        """The title of the first slide that has one, or the topic."""
        return next((slide.title for slide in self.slides if slide.title), self.topic)

    @property
    def question(self) -> str:
        """The question the chapter answers: the first paragraph under its title."""
        for slide in self.slides[:1]:
            for cell in slide.shown:
                for paragraph in cell.source.split("\n\n"):
                    if cell.kind == "markdown" and not paragraph.startswith(("#", "!", "<")):
                        return re.sub(r"[*_`]", "", paragraph).strip()
        return ""

    @property
    def cells(self) -> list[Cell]:
        """All cells, in order."""
        return [
            Cell(
                number,
                cell["cell_type"],
                "".join(cell["source"]),
                cell.get("metadata", {}),
                cell.get("id"),
            )
            for number, cell in enumerate(self.document["cells"], 1)
        ]

    @property
    def slides(self) -> list[Slide]:
        """The slides, each with its notes; what stands before the first one is left out."""
        slides: list[Slide] = []
        for cell in self.cells:
            if cell.slide_type in ("slide", "subslide"):
                slides.append(Slide(self.stem, len(slides) + 1))
            if slides:
                slides[-1].cells.append(cell)
        return slides

    def save(self) -> None:
        """Write the notebook back as Jupyter does: one space of indentation, a final newline."""
        text = json.dumps(self.document, indent=1, ensure_ascii=False)
        self.path.write_text(text + "\n", encoding="utf-8")


def read(path: Path) -> Chapter:
    """Read one notebook; raises NotebookError when it is not a version 4 notebook."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotebookError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise NotebookError(f"{path}: is not JSON ({error}); restore it from git") from error
    if not isinstance(document, dict) or document.get("nbformat") != 4:
        raise NotebookError(f"{path}: is not a version 4 notebook; save it again in JupyterLab")
    return Chapter(path, document)


def chapters(folder: Path = NOTEBOOKS) -> Iterator[Chapter]:
    """The chapters in the order of the talk, which is the order of their names."""
    for path in sorted(folder.glob("[0-9]*.ipynb")):
        yield read(path)
