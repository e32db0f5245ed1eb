"""Bundles the deck's script and style from npm's packages and `slides/theme`."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from slides.build.kept import made, one_at_a_time

ROOT = Path(__file__).resolve().parents[2]
THEME = ROOT / "slides" / "theme"
TAB = ROOT / "slides" / "tab"  # the speaker's page runs programs, too
LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
INSTALLING = ROOT / "build" / ".npm.lock"
STAMP = MODULES / ".installed"
NODE_MISSING = "Node.js is not on this machine; run `python3 slides/bootstrap.py node`."
INSTALL_TIMEOUT = 300  # seconds
BUNDLE_TIMEOUT = 60  # seconds
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")
OPTIONS = (
    "--bundle",
    "--minify",
    "--target=es2022,chrome111,firefox121,safari16.4",
    "--legal-comments=eof",
    "--log-level=warning",
)


class AssetsError(Exception):
    """What keeps the assets from being bundled; the text says what to do about it."""


def fingerprint() -> str:
    """A hash of all that the assets and the pages are made of."""
    digest = hashlib.sha256(LOCK.read_bytes())
    for folder in (THEME, TAB):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in (".css", ".js", ".html"):
                digest.update(f"\0{path.relative_to(folder.parent).as_posix()}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def bundled() -> Path:
    """A folder with the deck's assets, bundled in this build or in an earlier one."""
    return made("theme", [fingerprint()], bundle)


def bundle(out: Path) -> None:
    """Write `assets/deck.js`, `.css`, and those of the other pages, in the folder `out`."""
    entries = [
        "assets/deck=slides/theme/deck.js",
        "assets/deck=slides/theme/deck/deck.css",
        "assets/pages=slides/theme/pages.js",
        "assets/pages=slides/theme/deck/pages.css",
        "assets/speaker=slides/theme/room/speaker/speaker.js",
        "assets/speaker=slides/theme/room/speaker/speaker.css",
    ]
    trouble = "The deck's script and style cannot be bundled"
    bundle_files(out, entries, ["--format=iife"], trouble)
    # A module, which the deck loads only where the speaker speaks.
    name = "assets/speaking=slides/theme/room/speaker/speaking"
    speaking = [f"{name}.js", f"{name}.css"]
    bundle_files(out, speaking, ["--format=esm"], trouble)
    # A server with a room answers for this file; elsewhere it says that there is none, since a
    # browser puts a file that is missing among the page's errors.
    (out / "room.json").write_text("{}\n")


def bundle_files(out: Path, entries: list[str], options: list[str], trouble: str) -> None:
    """Bundle files into the folder `out`; an entry is `NAME=FILE`, the name without a suffix.

    Raises AssetsError, which begins with `trouble`, where Node.js, its packages or a file's
    syntax stands in the way.
    """
    install()
    esbuild = [tool("node"), str(MODULES / "esbuild" / "bin" / "esbuild")]
    command = [*esbuild, *entries, f"--outdir={out.resolve()}", *OPTIONS, *options]
    run(command, BUNDLE_TIMEOUT, trouble)


def install() -> None:
    """Install the locked npm packages, unless they are the ones that are there."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    with one_at_a_time(INSTALLING):
        if STAMP.exists() and STAMP.read_text() == wanted:
            return  # by another build, while this one waited
        command = [tool("npm"), "ci", "--ignore-scripts", "--loglevel=error"]
        run(command, INSTALL_TIMEOUT, "npm cannot install the deck's packages")
        STAMP.write_text(wanted)


def tool(name: str) -> str:
    """The path of `node` or `npm`: the machine's, else the one in this environment."""
    beside = Path(sys.prefix, "bin")
    found = shutil.which(name) or shutil.which(name, path=str(beside))
    if found is None:
        raise AssetsError(NODE_MISSING)
    return found


def run(command: list[str], timeout: float, trouble: str) -> None:
    """Run a command at the root; raises AssetsError, with what it said, where it fails."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise AssetsError(f"{trouble}: no end after {timeout:.0f} seconds.") from error
    except OSError as error:
        raise AssetsError(f"{trouble}: {command[0]}: {error.strerror}.") from error
    if done.returncode == 0:
        return
    # What follows is Node.js's own account of how the bundler ended.
    said = (done.stderr or done.stdout).partition("\nnode:")[0].strip()
    if any(word in said for word in OFFLINE):
        raise AssetsError(
            f"{trouble} without a network: the first build of a checkout needs one, "
            "the later ones do not."
        )
    raise AssetsError(f"{trouble}:\n{said}")
