"""What the experiment measured, and with what; kept as JSON."""

import datetime
import json
import os
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from demos.waiting.client import ROUTES, Answer, total

RECORDED = Path(__file__).with_name("recorded.json")
PACKAGES = (
    "flask",
    "gevent",
    "gunicorn",
    "psycopg",
    "psycopg2-binary",
    "requests",
    "sqlalchemy",
    "tornado",
)


def today() -> str:
    """The date, as 2026-01-31."""
    return datetime.date.today().isoformat()


def machine() -> str:
    """The kind of machine this is."""
    cores = os.cpu_count()
    return f"{platform.system()} {platform.machine()}, {cores} cores"


def versions() -> dict[str, str]:
    """Python's version, and that of each package that is there."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@dataclass
class Result:
    """What one mode did: the answers of each burst, and its price."""

    mode: str
    title: str
    python: list[Answer]
    postgres: list[Answer]
    both: list[Answer]
    processes: int
    memory: float  # megabytes, shared pages counted once

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds of each burst, and the two routes' sum."""
        bursts = {"python": self.python, "postgres": self.postgres}
        seconds = {name: total(each) for name, each in bursts.items()}
        seconds["sum"] = sum(seconds.values())
        return seconds | {"both": total(self.both)}


@dataclass
class Run:
    """A comparison: its results, and what they were measured with."""

    requests: int
    sleep: float
    results: list[Result] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    date: str = field(default_factory=today)
    machine: str = field(default_factory=machine)
    versions: dict[str, str] = field(default_factory=versions)

    def result(self, mode: str) -> Result:
        """One mode's; raises KeyError."""
        for result in self.results:
            if result.mode == mode:
                return result
        raise KeyError(mode)

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        text = json.dumps(asdict(self), indent=1)
        path.write_text(text + "\n", "utf-8")


def load(path: Path = RECORDED) -> Run:
    """A run that was saved."""
    facts = json.loads(path.read_text("utf-8"))
    facts["results"] = [
        Result(
            **each
            | {
                name: [Answer(**answer) for answer in each[name]]
                for name in (*ROUTES, "both")
            }
        )
        for each in facts["results"]
    ]
    return Run(**facts)
