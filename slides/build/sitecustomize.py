"""Gives a program in a tab the part of the standard library that was not sent at once.

A process starts with the modules that Tornado and the demos need; the others are fetched, all
together, when the first of them is imported. Python itself imports this module as it starts.
"""

import sys
from importlib.machinery import ModuleSpec
from zipimport import zipimporter

REST = "/lib/python314-rest.zip"
ADDRESS = "pyodide/python_rest.zip"  # seen from the worker


class Rest:
    """Finds what is in the second archive, and fetches that when it is asked for first."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.is_here = False

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name not in self.names:
            return None
        if not self.is_here:
            fetch(name)
            self.is_here = True
        package = name.rpartition(".")[0].replace(".", "/")  # which may be in both archives
        return zipimporter(f"{REST}/{package}".rstrip("/")).find_spec(name)


def fetch(name: str) -> None:
    """Write the second archive where it belongs; an import cannot wait in any other way."""
    from js import XMLHttpRequest

    request = XMLHttpRequest.new()
    request.open("GET", ADDRESS, False)
    request.responseType = "arraybuffer"
    request.send()
    if request.status != 200:
        reason = f"{request.status} {request.statusText}"
        raise ImportError(f"{name} could not be fetched: {reason}", name=name)
    with open(REST, "wb") as file:
        file.write(request.response.to_bytes())


def install(loader: object) -> None:
    """Look for modules there, too, and last."""
    assert isinstance(loader, zipimporter)  # this module's own: it is in the first archive
    names = loader.get_data(f"{loader.archive}/python_rest.txt").decode().split()
    sys.meta_path.append(Rest(frozenset(names)))  # type: ignore[arg-type]


install(__spec__.loader)
