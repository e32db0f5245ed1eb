"""The demos there are, read from their docstrings without running them.

A demo's docstring is a sentence, an empty line, and fields:

    Shows: what there is to see
    Try:
        curl http://localhost:8888/
    Needs: nothing beyond Tornado
    Where: tab, process
    Beside: search 8889
    Extra: waiting

`Beside` is for a demo that needs another one, on that port, `Extra` for
one that needs packages of that extra; the others are always there.
"""

import ast
import difflib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
NOT_DEMOS = {"__init__", "__main__", "catalog"}
OPTIONAL = ("Beside", "Extra")
FIELDS = ("Shows", "Try", "Needs", "Where", *OPTIONAL)


class UnknownDemo(LookupError):
    """No demo has that name; the text says which names are like it."""


@dataclass(frozen=True)
class Demo:
    """What one demo's docstring says, and the file that says it."""

    name: str
    summary: str
    shows: str
    tries: list[str]
    needs: str
    where: set[str]
    beside: list[tuple[str, int]]
    extra: str
    path: Path

    @property
    def modules(self) -> list[Path]:
        """The other modules of a demo that is a package."""
        if self.path.stem == self.name:
            return []
        found = self.path.parent.rglob("*.py")
        return sorted(each for each in found if each != self.path)


def demos() -> list[Demo]:
    """Every demo, by name."""
    return [read(path, name) for name, path in _files().items()]


def find(name: str) -> Demo:
    """The demo of that name; raises UnknownDemo with near matches."""
    there = _files()
    if name in there:
        return read(there[name], name)
    near = difflib.get_close_matches(name, there, cutoff=0.5)
    near += [each for each in there if name in each and name]
    hint = ", ".join(dict.fromkeys(near)) or ", ".join(there)
    raise UnknownDemo(f"no demo {name!r}. Did you mean: {hint}?")


def read(path: Path, name: str) -> Demo:
    """The facts in a file; raises ValueError naming what is missing."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    summary, _, rest = text.partition("\n")
    fields = _fields(rest)
    missing = [
        field
        for field in FIELDS
        if field not in OPTIONAL and not fields.get(field)
    ]
    if missing or not summary:
        raise ValueError(
            f"{path}: the docstring lacks {', '.join(missing) or 'all'}"
        )
    return Demo(
        name=name,
        summary=summary,
        shows=" ".join(fields["Shows"]),
        tries=fields["Try"],
        needs=" ".join(fields["Needs"]),
        where={each.strip() for each in fields["Where"][0].split(",")},
        beside=[_beside(line) for line in fields.get("Beside", [])],
        extra="".join(fields.get("Extra", [])),
        path=path,
    )


def _files() -> dict[str, Path]:
    files = [*FOLDER.glob("*.py"), *FOLDER.glob("*/__init__.py")]
    named = {_name(path): path for path in files}
    there = sorted(named.keys() - NOT_DEMOS)
    return {name: named[name] for name in there}


def _name(path: Path) -> str:
    inside = path.stem == "__init__" and path.parent != FOLDER
    return path.parent.name if inside else path.stem


def _fields(text: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    field = ""
    for line in text.splitlines():
        head, colon, value = line.partition(":")
        if colon and head in FIELDS:
            field = head
            fields[field] = [value.strip()] if value.strip() else []
        elif field and line.startswith(" "):
            fields[field].append(line.strip())
    return fields


def _beside(line: str) -> tuple[str, int]:
    name, port = line.split()
    return name, int(port)
