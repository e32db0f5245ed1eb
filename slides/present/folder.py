"""The folder that is presented: a copy of the talk, dressed for RISE."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from slides.notebook import Chapter

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
    paths = sorted(notebooks.glob("[0-9]*.ipynb"))
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    for number, (path, document) in enumerate(zip(paths, documents, strict=True)):
        around = {
            way: address(paths[other], documents[other], way)
            for way, other in (("previous", number - 1), ("next", number + 1))
            if 0 <= other < len(paths)
        }
        metadata = document.setdefault("metadata", {})
        metadata["rise"] = FRONTS[front]
        metadata["talk"] = around
        metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def address(path: Path, document: dict[str, Any], way: str) -> dict[str, str | int]:
    """Where a neighbouring chapter is: its file, its title, and the cell to begin at."""
    chapter = Chapter(path, document)
    # RISE begins at the slide of this cell: one comes back to where one left.
    slide = chapter.slides[-1 if way == "previous" else 0] if chapter.slides else None
    cell = slide.cells[0].number - 1 if slide else 0
    return {"file": path.name, "title": chapter.title, "cell": cell}
