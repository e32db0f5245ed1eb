"""Times the deck's build beside stock nbconvert, on the same notebooks, in one run.

    python bench/build/bench_build.py [--rounds 3] [--out bench/build/result.json]

Each round runs every way once, in turn, so that a machine that grows slower does so for all of
them. Printed are the medians in seconds of the whole command, as a person waits for it.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STOCK = "stock nbconvert"
COLD = "deck, everything executed"
SAME = "deck, nothing changed"
PROSE = "deck, prose of one notebook changed"


def main() -> None:
    """Run the rounds, print the table, and write the result where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="write the result as JSON")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-build-") as folder:
        seconds = measure(Path(folder), args.rounds)
    medians = {way: round(statistics.median(times), 2) for way, times in seconds.items()}
    print(table(medians))
    if args.out:
        result = {"medians": medians, "seconds": seconds, "rounds": args.rounds} | machine()
        args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Give the seconds of each way, a number a round."""
    notebooks, out = folder / "notebooks", folder / "deck"
    shutil.copytree(ROOT / "notebooks", notebooks)
    chapters = sorted(notebooks.glob("[0-9]*.ipynb"))
    deck = [sys.executable, "-m", "slides", "deck"]
    deck += ["--notebooks", str(notebooks), "--out", str(out)]
    stock = [sys.executable, "-m", "nbconvert", "--execute", "--to", "slides"]
    stock += ["--output-dir", str(folder / "stock"), *map(str, chapters)]
    ways: dict[str, Callable[[], None]] = {
        STOCK: lambda: run(stock),
        COLD: lambda: run([*deck, "--force"]),
        SAME: lambda: run(deck),
        PROSE: lambda: run(deck),
    }
    before: dict[str, Callable[[], None]] = {PROSE: lambda: change(chapters[0], "markdown")}
    for chapter in chapters:
        way = f"deck, code of {chapter.stem} changed"
        ways[way] = lambda: run(deck)
        before[way] = lambda chapter=chapter: change(chapter, "code")  # type: ignore[misc]
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds):
        for way, command in ways.items():
            before.get(way, lambda: None)()
            started = time.perf_counter()
            command()
            seconds[way].append(round(time.perf_counter() - started, 3))
            print(f"round {number + 1}: {seconds[way][-1]:6.2f} s  {way}", file=sys.stderr)
    return seconds


def run(command: list[str]) -> None:
    """Run a command to its end, quietly; its errors are shown."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} failed:\n{done.stderr[-2000:]}")


def change(chapter: Path, kind: str) -> None:
    """Change the last cell of a kind in a way that a reader would not notice."""
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == kind]
    if not cells:  # a chapter without code gets some
        cells = [dict(notebook["cells"][0], cell_type="code", outputs=[], execution_count=None)]
        cells[0] |= {"id": "bench", "source": []}
        cells[0]["metadata"] = {"slideshow": {"slide_type": "skip"}}
        notebook["cells"].insert(0, cells[0])
    cells[-1]["source"] = ["".join(cells[-1]["source"]) + "\n"]
    chapter.write_text(json.dumps(notebook), encoding="utf-8")


def table(medians: dict[str, float]) -> str:
    """The medians, and each as a share of stock nbconvert's."""
    lines = [f"{'seconds':>8}  {'of stock':>8}  what"]
    for way, median in medians.items():
        lines.append(f"{median:8.2f}  {median / medians[STOCK]:8.0%}  {way}")
    return "\n".join(lines)


def machine() -> dict[str, object]:
    """Where and when this was measured."""
    names = ("nbconvert", "nbclient", "ipykernel", "tornado")
    return {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "versions": {name: version(name) for name in names},
    }


if __name__ == "__main__":
    main()
