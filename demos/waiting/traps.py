"""The traps, run in turn; what each says is kept for the slides."""

import json
import os
import subprocess
import sys
from pathlib import Path

from demos.waiting.results import machine, today, versions

TRAPS = ("too_many", "fork_broken", "fork_fixed")
RECORDED = Path(__file__).with_name("recorded_traps.json")


def run(url: str, save: Path | None = None) -> None:
    """Run each with the PostgreSQL of `url`, and print what it says."""
    said = {}
    for name in TRAPS:
        print(f"$ {command(name)}", flush=True)
        said[name] = transcript_of(name, url)
        print(said[name])
    if save:
        facts = {"date": today(), "machine": machine()}
        whole = {**facts, "versions": versions(), "said": said}
        save.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def command(name: str) -> str:
    """What a reader types to run one."""
    return f"python -m demos.waiting.{name}"


def transcript_of(name: str, url: str) -> str:
    """Run one to its end; what it said."""
    done = subprocess.run(
        [sys.executable, "-m", f"demos.waiting.{name}"],
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def recorded(name: str) -> str:
    """What one said when it was recorded, under its command."""
    facts = json.loads(RECORDED.read_text("utf-8"))
    return f"$ {command(name)}\n{facts['said'][name]}"
