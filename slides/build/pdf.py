"""`make pdf`: prints the built deck with headless Chromium."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from slides.notebook import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TIMEOUT = 120  # seconds
# Printing begins when this much of the page's own time has passed, however fast that was.
LAYOUT_MS = 20_000
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
    "--run-all-compositor-stages-before-draw",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides pdf`."""
    parser.add_argument("--deck", type=Path, default=ROOT / "build" / "deck", help="a built deck")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "talk.pdf", help="the file")


def run(args: argparse.Namespace) -> int:
    """Print the deck; exit status 2 without a deck or a browser, 1 when the browser fails."""
    talk = args.deck / "talk.html"
    if not talk.is_file():
        print(f"pdf: there is no deck in {args.deck}; run: make deck", file=sys.stderr)
        return 2
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("pdf: there is no Chromium; run: apt-get install chromium", file=sys.stderr)
        return 2
    problem = print_pdf(browser, talk, args.out)
    if problem:
        print(f"pdf: {problem}", file=sys.stderr)
        return 1
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")
    return 0


def print_pdf(browser: str, talk: Path, out: Path) -> str:
    """Print `talk`, a page of a deck, to `out`; give what went wrong, or an empty string."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="slides-pdf-") as folder:
        printed = Path(folder) / "talk.pdf"
        command = [
            browser,
            *FLAGS,
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            f"--user-data-dir={folder}/profile",
            f"--virtual-time-budget={LAYOUT_MS}",
            f"--print-to-pdf={printed}",
            f"{talk.resolve().as_uri()}?print-pdf",
        ]
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=TIMEOUT
            )
        except subprocess.TimeoutExpired:
            return f"{browser} did not print within {TIMEOUT} s"
        if not printed.exists():
            return f"{browser} printed nothing:\n{done.stderr[-2000:]}"
        shutil.move(printed, out)
    return ""
