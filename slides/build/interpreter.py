"""The Python of a tab: Pyodide, and bytecode of what a program needs to start.

A tab's Python compiles slowly, and most of what it would compile is always the same. So the
modules that the demos lead to are compiled here, by Pyodide itself: no other Python has its
bytecode. The standard library comes in two archives, of which the second is fetched when
something of it is imported (`sitecustomize.py`): a program starts sooner, and misses nothing.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from zipfile import ZipFile

from slides.build.archive import Files, archive, files_in, flat, put
from slides.build.assets import LOCK, MODULES, install, run, tool
from slides.build.kept import made
from slides.build.packages import imported, machine_files, runnable, tls_files, tornado_files

BUILD = Path(__file__).parent
PYODIDE = MODULES / "pyodide"
NODE_TIMEOUT = 120  # seconds
HOME = "/talk"  # where a process has its programs
PLACE = f"{HOME}/lib"  # where tracebacks say that Tornado is
SITE = "/lib/site.zip"  # where it is
# Tracebacks go through these, and show their lines; those of all would cost 0.9 MB.
WITH_SOURCE = ("asyncio/", "concurrent/", "json/")
PROGRAMS = ("bytecode.py", "interpreter.py", "sitecustomize.py", "snapshot.py")
BOOT = ("zipfile", "encodings.cp437")  # unpacks the programs
LAZY = ("concurrent.futures.thread",)  # its package imports it when a name of it is asked for


def pyodide() -> Path:
    """A folder with the interpreter in it, and its standard library in two archives."""
    imports = first_imports()
    tornado, tls = tornado_files(), tls_files()

    def make(new: Path) -> None:
        for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"):
            shutil.copyfile(PYODIDE / name, new / name)
        lock = json.loads((PYODIDE / "pyodide-lock.json").read_bytes()) | {"packages": {}}
        (new / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
        at_once, rest = divided(compiled(tornado, imports)[1])
        archive(new / "python_stdlib.zip", at_once)
        archive(new / "python_rest.zip", rest)

    return made("pyodide", [*compiler(), *imports, *flat(tornado), *flat(tls)], make)


def divided(bytecode: Files) -> tuple[Files, Files]:
    """The standard library: what every process is sent, and what some ask for, with TLS."""
    at_once, rest = {}, tls_files()
    with ZipFile(PYODIDE / "python_stdlib.zip") as zipped:
        for name in sorted(name for name in zipped.namelist() if name.endswith(".py")):
            if f"{name}c" not in bytecode:
                rest[name] = zipped.read(name)
                continue
            at_once[f"{name}c"] = bytecode[f"{name}c"]
            if name.startswith(WITH_SOURCE):
                at_once[name] = zipped.read(name)
    names = (name.removesuffix(".py") for name in rest if name.endswith(".py"))
    modules = "\n".join(name.removesuffix("/__init__") for name in names)
    at_once["python_rest.txt"] = modules.replace("/", ".").encode()
    at_once["sitecustomize.py"] = (BUILD / "sitecustomize.py").read_bytes()
    return at_once, rest


def first_imports() -> list[str]:
    """What the programs and their machine import, apart from each other."""
    own = ("demos", "machine", "kernel", "js", "pyodide", "tlslite")
    names = imported(machine_files() | runnable())
    return [*BOOT, *LAZY, *(name for name in names if name.partition(".")[0] not in own)]


def compiled(modules: Files, imports: Iterable[str] = ()) -> tuple[Files, Files]:
    """The modules, each with its bytecode; bytecode of the library's that the imports lead to."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        put(folder / "modules", modules)
        trouble = "The tab's Python modules cannot be compiled"
        run_job("bytecode.mjs", folder, {"place": PLACE, "imports": list(imports)}, trouble)
        return files_in(folder / "modules"), files_in(folder / "library")


def snapshot(packages: Files) -> Path:
    """A folder with `snapshot.bin`: the memory of a process that has imported what most will."""
    imports, library = first_imports(), pyodide()

    def make(new: Path) -> None:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "pyodide").symlink_to(library.resolve())
            archive(folder / "site.zip", packages)
            job = {"home": HOME, "site": SITE, "imports": imports}
            run_job("snapshot.mjs", folder, job, "The snapshot cannot be made", newer_node())
            shutil.copyfile(folder / "snapshot.bin", new / "snapshot.bin")

    return made("snapshot", [library.name, *compiler(), *imports, *flat(packages)], make)


def run_job(
    script: str, folder: Path, job: Mapping[str, object], trouble: str, node: str = ""
) -> None:
    """Run a script of this folder in Node.js, with a job in a folder of its own."""
    install()
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    run([node or tool("node"), str(BUILD / script), str(folder)], NODE_TIMEOUT, trouble)


def newer_node() -> str:
    """The environment's own Node.js, where it has one: Debian's may be too old for a snapshot."""
    own = Path(sys.prefix, "bin", "node")
    return str(own) if own.exists() else tool("node")


def compiler() -> list[str | bytes]:
    """What all this depends on besides the sources."""
    code = [*BUILD.glob("*.mjs"), *(BUILD / name for name in PROGRAMS)]
    return [locked()["integrity"], *(path.read_bytes() for path in sorted(code))]


def locked() -> dict[str, str]:
    """What the lock says of Pyodide."""
    return json.loads(LOCK.read_bytes())["packages"]["node_modules/pyodide"]
