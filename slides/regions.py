"""Regions: the part of a file that a slide shows.

In a Python file a region is a definition, named as Python names it (`MainHandler`,
`MainHandler.get`, a constant), or `imports`, or `__main__`. In any other file it stands between two
comments, `region: NAME` and `endregion`.
"""

import ast
import re
import textwrap
from pathlib import Path

LANGUAGES = {"nginx.conf": "nginx", "supervisord.conf": "ini", "Makefile": "make"}


class RegionError(Exception):
    """A region that is not in its file; the text says what is there instead."""


def region(path: Path, name: str | list[str]) -> str:
    """The text of one region, or of several with an empty line between; no final newline.

    Raises RegionError when the file or a name is missing.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RegionError(f"{path}: cannot be read: {error.strerror}") from error
    find = _definition if path.suffix == ".py" else _marked
    names = [name] if isinstance(name, str) else name
    return "\n\n".join(find(path, text, each) for each in names)


def span(path: Path, name: str | list[str]) -> tuple[int, int]:
    """The first and the last line, from 1, of what one region or several of a file stand on."""
    text = path.read_text(encoding="utf-8")
    names = [name] if isinstance(name, str) else name
    nodes = [node for each in names for node in _nodes(path, text, each)]
    return min(map(_first_line, nodes)), max(node.end_lineno or node.lineno for node in nodes)


def language(path: Path) -> str:
    """The name a highlighter knows the file's language by."""
    return LANGUAGES.get(path.name, {".py": "python"}.get(path.suffix, path.suffix[1:]))


def _definition(path: Path, text: str, name: str) -> str:
    nodes = _nodes(path, text, name)
    return _lines(text, nodes[0], nodes[-1]) if nodes else ""


def _nodes(path: Path, text: str, name: str) -> list[ast.stmt]:
    """The statements of a region: a definition, or all imports."""
    body: list[ast.stmt] = ast.parse(text, str(path)).body
    if name == "imports":
        return [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    found: ast.stmt | None = None
    for part in name.split("."):
        named = {label: node for node in body for label in _names(node)}
        found = named.get(part)
        if found is None:
            raise RegionError(f"{path}: no {name!r}; there is {', '.join(named) or 'nothing'}")
        body = getattr(found, "body", [])
    assert found is not None
    return [found]


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign():
            return [target.id for target in node.targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=label)):
            return [label]
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return ["__main__"]
    return []


def _lines(text: str, first: ast.stmt, last: ast.stmt) -> str:
    start = _first_line(first)
    return textwrap.dedent("\n".join(text.splitlines()[start - 1 : last.end_lineno]))


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _marked(path: Path, text: str, name: str) -> str:
    found: list[str] | None = None
    for line in text.splitlines():
        if marker := re.search(r"\bregion: *([\w-]+)", line):
            if marker[1] == name:
                found = []
        elif found is not None and "endregion" in line:
            return textwrap.dedent("\n".join(found)).strip("\n")
        elif found is not None:
            found.append(line)
    there = re.findall(r"\bregion: *([\w-]+)", text)
    problem = "is not closed by 'endregion'" if found is not None else "is not there"
    raise RegionError(f"{path}: region {name!r} {problem}; regions: {', '.join(there) or 'none'}")
