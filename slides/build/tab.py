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

CODE = (".css", ".js", ".py")
# What a page loads when somebody runs a program.
PAGE = [
    "assets/tab-panel=slides/tab/panel/panel.js",
    "assets/tab-overlay=slides/tab/panel/overlay.js",
    "assets/tab-here=slides/tab/panel/here.js",
]
SPLIT = ["--format=esm", "--splitting", "--chunk-names=assets/tab-[name]-[hash]"]
WORKER = ["assets/tab/worker=slides/tab/worker.js"]
# These run where a module cannot; a page from a file has to say that it runs no programs.
CLASSIC = [
    "assets/tab=slides/tab/panel/main.js",
    "service-worker=slides/tab/service-worker.js",
    "assets/tab/frame=slides/tab/frame.js",
]


def fingerprint() -> str:
    """A hash of all that the tab's files are made of, apart from the installed packages."""
    paths = [path for path in sorted(TAB.rglob("*")) if path.suffix in CODE]
    paths += [*sorted(Path(__file__).parent.glob("*.mjs")), *demo_files()]
    return digest([assets.fingerprint(), *map(str, paths), *contents(paths)])


def write(out: Path, snapshot: bool = False) -> None:
    """Write all that a program in a tab needs to the deck's folder `out`.

    With `snapshot` that is twice as much to download, and a program starts in a third of the time.
    """
    runtime = out / "assets" / "tab"
    shutil.copytree(scripts(), out, dirs_exist_ok=True)
    shutil.copytree(interpreter.pyodide(), runtime / "pyodide")
    shutil.copy2(site() / "site.zip", runtime)
    if snapshot:
        shutil.copy2(interpreter.snapshot(packages()) / "snapshot.bin", runtime)
    (runtime / "runtime.json").write_text(json.dumps(about(runtime), indent=1), encoding="utf-8")


def about(runtime: Path) -> dict[str, object]:
    """What the worker is told of the files beside it."""
    lock = json.loads((runtime / "pyodide" / "pyodide-lock.json").read_bytes())
    paths = [path for path in sorted(runtime.rglob("*")) if path.is_file()]
    return {
        "snapshot": (runtime / "snapshot.bin").exists(),
        "python": lock["info"]["python"],
        "tornado": tornado.version,
        "pyodide": interpreter.locked()["version"],
        "files": {path.relative_to(runtime).as_posix(): path.stat().st_size for path in paths},
    }


def scripts() -> Path:
    """A folder with what is bundled from `slides/tab`."""
    key = [assets.LOCK.read_bytes(), *flat(files_in(TAB, ".css", ".js"))]
    return made("scripts", key, bundle)


def bundle(out: Path) -> None:
    """Bundle the scripts into the folder `out`; raises AssetsError where one has a mistake."""
    for entries, options in (PAGE, SPLIT), (WORKER, ["--format=esm"]), (CLASSIC, ["--format=iife"]):
        assets.bundle_files(out, entries, options, "The tab's scripts cannot be bundled")


def site() -> Path:
    """A folder with `site.zip`: what a process has under /talk."""
    # The programs come last: a snapshot remembers where in the file the modules are.
    files = packages() | programs()
    return made("site", flat(files), lambda new: archive(new / "site.zip", files))


def packages() -> Files:
    """Tornado and `machine` in a folder `lib`, each module with its bytecode."""
    sources = tornado_files() | machine_files()

    def make(new: Path) -> None:
        put(new / "lib", interpreter.compiled(sources)[0])

    return files_in(made("packages", [*interpreter.compiler(), *flat(sources)], make))
