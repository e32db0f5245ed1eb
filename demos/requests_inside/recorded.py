"""What a comparison has measured: kept as data, shown as a table."""

import json
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path

RECORDED = Path(__file__).with_name("recorded.json")


@dataclass(frozen=True)
class Result:
    """What one way did with all the calls at once."""

    way: str
    title: str
    seconds: float  # until the last answer
    overlapped: int  # calls that the service had at once, at most
    threads: int
    memory: float  # megabytes that the process has for itself
    lag: float  # milliseconds that the loop was late, at most

    def figures(self) -> list[str]:
        """The cells of its row, in the order of HEADS."""
        return [
            f"{self.seconds:.2f}",
            str(self.overlapped),
            str(self.threads),
            f"{self.memory:.0f}",
            f"{self.lag:.0f}",
        ]


HEADS = ("seconds", "at once", "threads", "MB", "lag, ms")


@dataclass
class Run:
    """A comparison: its results, and what they were measured with."""

    calls: int
    delay: float
    date: str
    machine: str
    versions: dict[str, str]
    results: list[Result] = field(default_factory=list)

    def result(self, way: str) -> Result:
        """One way's; raises KeyError."""
        return {each.way: each for each in self.results}[way]

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        text = json.dumps(asdict(self), indent=1)
        path.write_text(text + "\n", "utf-8")

    def title(self) -> str:
        """What was measured."""
        return f"{self.calls} calls at once, {self.delay:g} s each"

    def measured(self) -> str:
        """With what, and when."""
        used = [f"{name} {at}" for name, at in self.versions.items()]
        return ", ".join([self.date, self.machine, *used])


def load(path: Path = RECORDED) -> Run:
    """A run that was saved."""
    facts = json.loads(path.read_text("utf-8"))
    facts["results"] = [Result(**each) for each in facts["results"]]
    return Run(**facts)


def row(name: str, cells: list[str]) -> str:
    """A line of the table in a terminal."""
    return f"{name:42}" + "".join(f"{cell:>9}" for cell in cells)


def table_html(run: Run | None = None) -> str:
    """A table for a slide: of the recorded run, if of no other."""
    run = run or load()
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    rows = "".join(map(row_html, run.results))
    return (
        f'<table class="recorded">'
        f"<caption>{escape(run.measured())}</caption>"
        f'<thead><tr><th scope="col">{escape(run.title())}</th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def row_html(result: Result) -> str:
    cells = "".join(f"<td>{cell}</td>" for cell in result.figures())
    name = escape(result.title)
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'
