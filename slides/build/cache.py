"""Remembers each chapter's outputs and sections, and knows when they are out of date.

Outputs depend on the notebook's code, on the demos it uses, on the modules of `slides` it can
import and the measurements these draw, and on the machine; sections depend on the outputs, on the
prose and on the converter.
"""

import hashlib
import json
import platform
import re
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from slides.notebook import ROOT, Chapter

SLIDES = ROOT / "slides"
DEMOS = ROOT / "demos"
BENCH = ROOT / "bench"
SUFFIXES = (".py", ".html", ".json")  # programs, their pages, runs that were recorded


@dataclass
class Entry:
    """What is remembered of a chapter: two keys, its executed notebook and its sections."""

    outputs_key: str = ""
    sections_key: str = ""
    notebook: dict[str, Any] | None = None
    sections: str = ""
    seconds: float = 0.0


class Cache:
    """A folder with a file for each chapter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, chapter: Chapter) -> Entry:
        """Give what is remembered of a chapter; an empty entry when that is nothing."""
        try:
            return Entry(**json.loads(self._path(chapter).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Entry()

    def write(self, chapter: Chapter, entry: Entry) -> None:
        """Remember a chapter, in one step: a build that is killed leaves the old entry."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self._path(chapter).with_suffix(".new")
        new.write_text(json.dumps(asdict(entry)), encoding="utf-8")
        new.replace(self._path(chapter))

    def _path(self, chapter: Chapter) -> Path:
        return self.folder / f"{chapter.stem}.json"


def outputs_key(chapter: Chapter) -> str:
    """A key that changes when the outputs might: code, demos, what a cell can import, machine."""
    code = [cell.source for cell in chapter.cells if cell.kind == "code"]
    return digest([chapter.stem, *code, *contents(used_demos(code)), _imported(), _machine()])


def sections_key(chapter: Chapter, outputs: str) -> str:
    """A key that changes when the sections might: outputs, prose, pictures, the converter."""
    document = json.dumps(chapter.document["cells"])
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", document)
    drawn = contents(chapter.path.parent / picture for picture in pictures)
    return digest([outputs, document, *drawn, _converter()])


def demo_files() -> list[Path]:
    """The files of all demos, and their pages."""
    return sorted(path for path in DEMOS.rglob("*") if path.suffix in SUFFIXES)


def used_demos(code: Iterable[str]) -> list[Path]:
    """The files of the demos that the code names, and of what these name in turn.

    A demo is used by `demos.NAME`, `from demos import NAME` or `-m demos NAME`; `-m demos` alone
    uses them all. A page is used by whatever has its file name in it.
    """
    text = "\n".join(code)
    every = demo_files()
    if re.search(r"-m demos\s*([\"'&|;)]|$)", text, re.MULTILINE):
        return every
    used: dict[Path, str] = {}
    while True:
        found = [path for path in every if path not in used and _names(text, path)]
        if not found:
            return sorted(used)
        used |= {path: path.read_text(encoding="utf-8") for path in found}
        text = "\n".join([text, *used.values()])


def _names(text: str, path: Path) -> bool:
    if path.suffix == ".html":
        return path.name in text
    module = path.relative_to(DEMOS).with_suffix("").parts[0]
    patterns = (
        rf"\bdemos[./]{module}\b",
        rf"from demos import [^\n]*\b{module}\b",
        rf"-m demos {module}\b",
        rf"^Beside: {module}\b",
    )
    return any(re.search(pattern, text, re.MULTILINE) for pattern in patterns)


def contents(paths: Iterable[Path]) -> list[str]:
    """Each file's name and bytes, as text; what is no file, or gone, counts as empty."""
    data = ((path.name, path.read_bytes() if path.is_file() else b"") for path in paths)
    return [f"{name}\n{content.decode('latin-1')}" for name, content in data]


def digest(texts: Iterable[str]) -> str:
    """A hash over texts, each apart from the next."""
    sha = hashlib.sha256()
    for text in texts:
        data = text.encode()
        sha.update(len(data).to_bytes(8, "big") + data)
    return sha.hexdigest()


@cache
def _imported() -> str:
    folders = (SLIDES / "live", SLIDES / "figures")
    files = [path for folder in folders for path in sorted(folder.glob("*"))]
    return digest(contents([*files, *sorted(BENCH.glob("*/result.json"))]))


@cache
def _converter() -> str:
    theme = SLIDES / "theme"
    files = [*theme.glob("templates/**/*.*"), theme / "pages" / "recording.html"]
    code = [SLIDES / "build" / name for name in ("convert.py", "speaker.py", "strip.py")]
    return digest(contents(sorted(files) + code))


@cache
def _machine() -> str:
    packages = Path(sysconfig.get_paths()["purelib"]).glob("*.dist-info")
    return digest([sys.version, platform.platform(), *sorted(path.name for path in packages)])


def forget_files() -> None:
    """Look at the files anew, in a process that outlives their changes."""
    _imported.cache_clear()
    _converter.cache_clear()
