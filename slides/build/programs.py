"""What a page tells its panels about the programs, and which lines of one a slide shows."""

import json
import re
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from demos.catalog import Demo
from slides.build.cache import used_demos
from slides.notebook import ROOT
from slides.regions import span

if TYPE_CHECKING:
    from markupsafe import Markup

PORT = 8888
# A command that only asks for a page, such as a browser would: its path.
ASKS = re.compile(r"""^curl (?:-i )?["']?http://localhost:8888(/[^\s"']*)["']?$""")


def as_json(demos: Iterable[Demo]) -> "Markup":
    """The programs by name, for a script element of the page."""
    from markupsafe import Markup  # the deck's builder has it, its server can do without

    text = json.dumps({demo.name: facts(demo) for demo in demos})
    return Markup(text.replace("<", "\\u003c"))


def facts(demo: Demo) -> dict[str, Any]:
    """What a panel has to know of a program."""
    used = used_demos([f"demos.{demo.name}"])
    pages = [path for path in used if path.suffix == ".html"]
    return {
        "name": demo.name,
        "where": sorted(demo.where),
        "beside": demo.beside,
        "tries": [line for line in demo.tries if "curl " in line],
        "argv": first_arguments(demo),
        "port": PORT,
        "path": "/" if pages else first_path(demo),
        "files": {
            path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
            for path in (demo.path, *pages)
        },
    }


def modules(demos: Iterable[Demo]) -> dict[str, str]:
    """The texts of the modules of demos that are packages, by path: a speaker can edit them."""
    paths = [path for demo in demos for path in demo.modules]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def first_arguments(demo: Demo) -> list[str]:
    """What its author runs a program with, if that is to be tried first."""
    command = f"python -m demos.{demo.name} "
    found = [line for line in demo.tries if line.startswith(command)]
    return shlex.split(found[0].removeprefix(command)) if found else []


def first_path(demo: Demo) -> str:
    """What of a program without pages a frame shows first; nothing, if it answers no browser."""
    found = [match[1] for match in map(ASKS.match, demo.tries) if match]
    return "/" if "/" in found else next(iter(found), "")


def note_regions(cells: Iterable[Any]) -> None:
    """Note on the cells, and in the recordings that follow, which lines of a program they show."""
    shown: dict[str, str] = {}
    for cell in cells:
        source = cell.metadata.get("source") or {}
        found = re.fullmatch(r"demos/(\w+)(?:/\w+)?\.py", file := source.get("file", ""))
        if found:
            first, last = span(ROOT / file, source["name"])
            region = f"{first}-{last}"
            cell.metadata["program"] = {"name": found[1], "file": file, "region": region}
            if file == f"demos/{found[1]}.py":  # a recording shows the program's first file
                shown[found[1]] = region
        for output in cell.get("outputs", []):
            for data in output.get("data", {}).values():
                if isinstance(data, dict) and data.get("name") in shown:
                    data["region"] = shown[data["name"]]
