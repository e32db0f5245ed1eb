"""What a program in a browser's tab needs: the scripts, its interpreter, and the programs."""

import json
import shutil
from pathlib import Path

import tornado

from slides.build import assets, interpreter
from slides.build.archive import Files, archive, files_in, flat, put
from slides.build.cache import contents, demo_files, digest
from slides.build.kept import made
from slides.build.packages import TAB, machine_files, programs, tornado_files
from slides.notebook import ROOT

CODE = (".css", ".js", ".py")
# What a page loads when it is needed, a part at a time.
PAGE = ["assets/tab=slides/tab/panel/main.js"]
SPLIT = ["--format=esm", "--splitting", "--chunk-names=assets/tab-[name]-[hash]"]
WORKER = ["assets/tab/worker=slides/tab/worker.js"]
# These run where a module cannot.
CLASSIC = [
    "service-worker=slides/tab/service-worker.js",
    "assets/tab/frame=slides/tab/frame.js",
]


def fingerprint() -> str:
    """A hash of all that the tab's files are made of, apart from the installed packages."""
    paths = [path for path in sorted(TAB.rglob("*")) if path.suffix in CODE]
    paths += [*sorted(Path(__file__).parent.glob("*.mjs")), *demo_files()]
    names = [path.relative_to(ROOT).as_posix() for path in paths]
    return digest([assets.fingerprint(), *names, *contents(paths)])


def write(out: Path) -> None:
    """Write all that a program in a tab needs to the deck's folder `out`."""
    runtime = out / "assets" / "tab"
    shutil.copytree(scripts(), out, dirs_exist_ok=True)
    shutil.copytree(interpreter.pyodide(), runtime / "pyodide")
    shutil.copy2(site() / "site.zip", runtime)
    (runtime / "runtime.json").write_text(json.dumps(about(runtime), indent=1), encoding="utf-8")


def about(runtime: Path) -> dict[str, object]:
    """What the worker is told of the files beside it."""
    lock = json.loads((runtime / "pyodide" / "pyodide-lock.json").read_bytes())
    package = json.loads((interpreter.PYODIDE / "package.json").read_bytes())
    return {
        "snapshot": (runtime / "snapshot.bin").exists(),
        "python": lock["info"]["python"],
        "tornado": tornado.version,
        "pyodide": package["version"],
        "files": {name: len(data) for name, data in files_in(runtime).items()},
    }


def scripts() -> Path:
    """A folder with what is bundled from `slides/tab`."""
    key = [assets.LOCK.read_bytes(), *flat(files_in(TAB, ".css", ".js"))]
    return made("scripts", key, bundle)


def bundle(out: Path) -> None:
    """Bundle the scripts into the folder `out`; raises AssetsError where one has a mistake."""
    for entries, options in (PAGE, SPLIT), (WORKER, ["--format=esm"]), (CLASSIC, ["--format=iife"]):
        there = [entry for entry in entries if (ROOT / entry.partition("=")[2]).exists()]
        if there:
            assets.bundle_files(out, there, options, "The tab's scripts cannot be bundled")


def site() -> Path:
    """A folder with `site.zip`: what a process has under /talk."""
    # The programs come last: a snapshot remembers where in the file the modules are.
    files = {f"lib/{name}": data for name, data in packages().items()} | programs()
    return made("site", flat(files), lambda new: archive(new / "site.zip", files))


def packages() -> Files:
    """Tornado and `machine`, each module with its bytecode."""
    sources = tornado_files() | machine_files()

    def make(new: Path) -> None:
        put(new, interpreter.compiled(sources)[0])

    return files_in(made("packages", [*interpreter.compiler(), *flat(sources)], make))
