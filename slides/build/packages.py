"""The Python that goes into a tab beside the standard library, and what it imports of that."""

import ast
from collections.abc import Iterator
from pathlib import Path

import tornado

from demos.catalog import FOLDER, Demo, demos
from slides.build import cache
from slides.build.archive import Files, files_in
from slides.notebook import ROOT

TAB = ROOT / "slides" / "tab"
TLS = ("tlslite-ng", "ecdsa", "six")
FOREIGN = ("test/", "curl_httpclient.py", "platform/caresresolver.py", "platform/twisted.py")


def tornado_files() -> Files:
    """Tornado's own modules, without those that need another package; its version and licence."""
    from importlib.metadata import distribution  # a tenth of the time an unchanged build takes

    files = {
        f"tornado/{name}": data
        for name, data in files_in(Path(tornado.__file__).parent, ".py").items()
        if not name.startswith(FOREIGN)
    }
    for path in distribution("tornado").files or []:
        if path.name in ("METADATA", "LICENSE"):
            files[path.as_posix()] = path.read_binary()
    return files


def tls_files() -> Files:
    """What a program that speaks TLS needs besides: tlslite-ng, and its licences."""
    from importlib.metadata import distribution

    paths = [path for name in TLS for path in distribution(name).files or []]
    return {
        path.as_posix(): path.read_binary()
        for path in sorted(paths)
        if (path.suffix == ".py" or path.name in ("METADATA", "LICENSE"))
        and not path.name.startswith("test_")
        and path.parts[0] != ".."  # a command
    }


def machine_files() -> Files:
    """The package that stands in for the operating system."""
    files = files_in(TAB / "machine", ".py")
    return {f"machine/{name}": data for name, data in files.items()}


def programs() -> Files:
    """The demos and their pages; of a package that cannot run in a tab, what tells its facts."""
    root = cache.DEMOS.parent
    files = {path.relative_to(root).as_posix(): path for path in cache.demo_files()}
    elsewhere = {named(path) for demo in not_for_a_tab() for path in demo.modules}
    return {
        name: path.read_bytes()
        for name, path in files.items()
        if path.suffix != ".json" and name not in elsewhere
    }


def runnable() -> Files:
    """The programs that can run in a tab, and the command that starts them."""
    elsewhere = {named(demo.path) for demo in not_for_a_tab()}
    return {name: data for name, data in programs().items() if name not in elsewhere}


def not_for_a_tab() -> list[Demo]:
    """The demos that need a process of the machine's."""
    return [demo for demo in demos() if "tab" not in demo.where]


def named(path: Path) -> str:
    """A demo's file as the archive calls it: `demos/hello.py`."""
    return f"demos/{path.relative_to(FOLDER).as_posix()}"


def imported(files: Files) -> list[str]:
    """What Python files import: modules, and names in modules that may be modules."""
    trees = [ast.parse(data) for name, data in files.items() if name.endswith(".py")]
    return sorted({name for tree in trees for node in ast.walk(tree) for name in _names(node)})


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
