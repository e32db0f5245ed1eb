"""The folder that is presented: a copy of the talk, dressed for RISE."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from slides.notebook import Chapter, chapters

MARK = ".presented"
LINK = re.compile(r"\]\((\.\./[^)#\s]+)")

# The one place where the slideshow's settings are: the notebooks themselves carry none.
RISE = {
    "center": False,
    "controls": False,
    "height": "100%",
    "margin": 0,
    "progress": False,
    "scroll": False,
    "show_buttons_on_startup": False,
    "slideNumber": "c/t",
    "start_slideshow_at": "selected",
    "theme": "white",  # simple, the default, asks Google for its fonts
    "transition": "none",
    "width": "100%",
}
FRONTS: dict[str, dict[str, Any]] = {
    "lab": RISE | {"auto_select": "none"},  # keys.js finds the slide's code cells
    "classic": RISE | {"auto_select": "code", "auto_select_fragment": False},
}


class FolderError(Exception):
    """A folder that cannot hold the copy; the text says why, and what to do."""


@dataclass(frozen=True)
class Folder:
    """`root` holds the copy, `private` what only Jupyter reads: its settings, its log."""

    root: Path
    private: Path


@contextmanager
def prepare(talk: list[Chapter], keep: str, front: str) -> Iterator[Folder]:
    """Copy the talk into a folder; everything but a kept copy is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="talk-", ignore_cleanup_errors=True) as private:
        root = kept(Path(keep).expanduser()) if keep else Path(private) / "talk"
        if not (root / MARK).exists():
            copy(talk, root)
        dress(root / "notebooks", front)
        yield Folder(root.resolve(), Path(private).resolve())


def kept(folder: Path) -> Path:
    """Check that a folder is new, empty, or a copy made here before."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise FolderError(f"{folder} holds something else; name a new folder or an empty one")
    if folder.exists() and not folder.is_dir():
        raise FolderError(f"{folder} is a file; name a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"{folder} cannot be made: {error.strerror}") from error
    return folder


def copy(talk: list[Chapter], root: Path) -> None:
    """Copy the notebooks, what lies beside them, and the files outside that slides link to."""
    source = talk[0].path.parent
    ignored = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", "README.md")
    shutil.copytree(source, root / "notebooks", ignore=ignored, dirs_exist_ok=True)
    for link in {link for chapter in talk for link in links(chapter)}:
        path = (source / link).resolve()
        if path.is_file() and path.is_relative_to(source.parent):
            copied = root / path.relative_to(source.parent)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copied)
    (root / MARK).write_text(f"A copy of {source}, made to be presented.\n", encoding="utf-8")


def links(chapter: Chapter) -> Iterator[str]:
    """The links of a chapter to files outside the notebooks' folder."""
    for cell in chapter.cells:
        if cell.kind == "markdown":
            yield from map(unquote, LINK.findall(cell.source))


def dress(notebooks: Path, front: str) -> None:
    """Write the slideshow's settings, and the way to the other chapters, into the copies."""
    talk = list(chapters(notebooks))
    for chapter in talk:
        metadata = chapter.document.setdefault("metadata", {})
        metadata["rise"] = FRONTS[front]
        metadata["talk"] = metadata.get("talk", {}) | around(chapter, talk)
        metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        chapter.save()


def around(chapter: Chapter, talk: list[Chapter]) -> dict[str, Any]:
    """Where the arrows lead from a chapter's ends.

    From one of the core talk to the next of the core talk: whoever speaks against the clock does
    not come to a deep dive by walking on. From a deep dive it is the next chapter, of whatever
    kind, so that the way back to the talk is short.
    """
    road = [each for each in talk if chapter.is_deep_dive or not each.is_deep_dive]
    number = road.index(chapter)
    before, after = road[:number], road[number + 1 :]
    ways = {"previous": before[-1:], "next": after[:1]}
    # A kept copy was dressed before; a way that there no longer is must go.
    return {way: address(other[0], way) if other else None for way, other in ways.items()}


def address(chapter: Chapter, way: str) -> dict[str, str | int]:
    """Where a neighbouring chapter is: its file, its title, and the cell to begin at."""
    # RISE begins at the slide of this cell: one comes back to where one left.
    slide = chapter.slides[-1 if way == "previous" else 0] if chapter.slides else None
    cell = slide.cells[0].number - 1 if slide else 0
    return {"file": chapter.path.name, "title": chapter.title, "cell": cell}
