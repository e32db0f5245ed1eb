"""The Python of a tab: Pyodide, and bytecode of what a program needs to start.

A tab's Python compiles slowly, and most of what it would compile is always the same. So the
modules that the demos lead to are compiled here, by Pyodide itself: no other Python has its
bytecode. The standard library comes in two archives, of which the second is fetched when
something of it is imported (`sitecustomize.py`): a program starts sooner, and misses nothing.
"""

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

from slides.build.archive import Files, archive, files_in, flat, put
from slides.build.assets import LOCK, MODULES, install, run, tool
from slides.build.kept import made
from slides.build.packages import imported, machine_files, programs, tornado_files

BUILD = Path(__file__).parent
PYODIDE = MODULES / "pyodide"
NODE_TIMEOUT = 120  # seconds
PLACE = "/talk/lib"  # where a process has Tornado, as tracebacks show it
# Tracebacks go through these, and show their lines; those of all would cost 0.9 MB.
WITH_SOURCE = ("asyncio/", "concurrent/", "json/")
BOOT = ("zipfile", "encodings.cp437")  # unpacks the programs


def pyodide() -> Path:
    """A folder with the interpreter in it, and its standard library in two archives."""
    imports = [*BOOT, *imported(machine_files() | programs())]
    tornado = tornado_files()

    def make(new: Path) -> None:
        for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"):
            shutil.copyfile(PYODIDE / name, new / name)
        lock = json.loads((PYODIDE / "pyodide-lock.json").read_bytes()) | {"packages": {}}
        (new / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
        at_once, rest = divided(compiled(tornado, imports)[1])
        archive(new / "python_stdlib.zip", at_once)
        archive(new / "python_rest.zip", rest)

    return made("pyodide", [*compiler(), *imports, *flat(tornado)], make)


def divided(bytecode: Files) -> tuple[Files, Files]:
    """The standard library: what every process is sent, and what some ask for."""
    at_once, rest = {}, {}
    with ZipFile(PYODIDE / "python_stdlib.zip") as zipped:
        for name in sorted(name for name in zipped.namelist() if name.endswith(".py")):
            if f"{name}c" not in bytecode:
                rest[name] = zipped.read(name)
                continue
            at_once[f"{name}c"] = bytecode[f"{name}c"]
            if name.startswith(WITH_SOURCE):
                at_once[name] = zipped.read(name)
    names = (name.removesuffix(".py").removesuffix("/__init__") for name in rest)
    at_once["python_rest.txt"] = "\n".join(names).replace("/", ".").encode()
    at_once["sitecustomize.py"] = (BUILD / "sitecustomize.py").read_bytes()
    return at_once, rest


def compiled(modules: Files, imports: Iterable[str] = ()) -> tuple[Files, Files]:
    """The modules, each with its bytecode; bytecode of the library's that the imports lead to."""
    install()
    job = {"place": PLACE, "imports": list(imports)}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        put(folder / "modules", modules)
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        command = [tool("node"), str(BUILD / "bytecode.mjs"), str(folder)]
        run(command, NODE_TIMEOUT, "The tab's Python modules cannot be compiled")
        return files_in(folder / "modules"), files_in(folder / "library")


def compiler() -> list[bytes]:
    """What the bytecode depends on besides the sources."""
    code = ("bytecode.mjs", "bytecode.py", "interpreter.py", "sitecustomize.py")
    return [LOCK.read_bytes(), *((BUILD / name).read_bytes() for name in code)]
