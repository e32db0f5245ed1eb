"""What the runs of a server come to: figures, a table, a result."""

import statistics
from dataclasses import dataclass, field

from peers import FLOOR, OURS

CPU = ("alone_cpu_us", "steady_cpu_us", "burst_cpu_us")


@dataclass
class Said:
    """What a number of broadcasts cost, one after the other."""

    cpu_us: float  # of the server, for a message to a follower
    load_us: float  # of the audience, for the same
    last_ms: list[float]  # until the last follower had it, of each


@dataclass
class Run:
    """One server with its followers, once."""

    join_s: float
    kb: float  # of the server's memory, for a follower
    alone: Said  # a message after a pause, as slides change
    steady: Said  # the next message as soon as everybody has one
    burst: Said  # some at once, and the next as soon as everybody has them


@dataclass
class Runs:
    """All the runs of a server with so many followers."""

    runs: list[Run] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Medians of the runs; latencies of all broadcasts in all of them."""
        median = statistics.median
        alone = sorted(ms for run in self.runs for ms in run.alone.last_ms)
        return {
            "alone_cpu_us": round(median(run.alone.cpu_us for run in self.runs), 2),
            "steady_cpu_us": round(median(run.steady.cpu_us for run in self.runs), 2),
            "burst_cpu_us": round(median(run.burst.cpu_us for run in self.runs), 2),
            "last_p50_ms": round(median(alone), 2),
            "last_p99_ms": round(alone[max(0, -(-len(alone) * 99 // 100) - 1)], 2),
            "broadcasts": len(alone),
            "kb": round(median(run.kb for run in self.runs), 1),
            "join_us": round(median(run.join_s for run in self.runs) * 1e6, 1),
            "load_us": round(median(run.alone.load_us for run in self.runs), 2),
        }


def show(number: int, servers: dict[str, Runs]) -> str:
    """A table of one number of followers, in the order of what a message alone costs."""
    figures = {name: runs.figures() for name, runs in servers.items() if runs.runs}
    lines = [
        f"\n{number} followers: CPU µs for a message to one of them, as a multiple of the floor's",
        "and of ours; ms until the last of them has a message that is alone; kB for each",
        " " * 30
        + "".join(f"{each:>8} floor  ours" for each in ("alone", "steady", "burst"))
        + "      p50     p99    kB",
    ]
    for name, own in sorted(figures.items(), key=lambda each: each[1]["steady_cpu_us"]):
        line = f"{name:<30}"
        for key in CPU:
            beside = [figures[each][key] if each in figures else None for each in (FLOOR, OURS)]
            ratios = "".join(f"{own[key] / each:6.2f}" if each else "     -" for each in beside)
            line += f"{own[key]:8.2f}{ratios}"
        lines.append(f"{line} {own['last_p50_ms']:7.2f}{own['last_p99_ms']:8.2f}{own['kb']:6.1f}")
    for name, runs in servers.items():
        lines += [f"{name}: {len(runs.failed)} failed: {why}" for why in runs.failed[:1]]
    return "\n".join(lines)


def result_of(table: dict[int, dict[str, Runs]]) -> dict[str, dict[str, object]]:
    """The figures, and those of each run without its many latencies."""
    return {
        str(number): {
            name: (runs.figures() if runs.runs else {})
            | {"runs": [brief(each) for each in runs.runs], "failed": runs.failed}
            for name, runs in servers.items()
        }
        for number, servers in table.items()
    }


def brief(run: Run) -> dict[str, float]:
    """What a run's medians are made of."""
    return {
        "alone_cpu_us": round(run.alone.cpu_us, 3),
        "steady_cpu_us": round(run.steady.cpu_us, 3),
        "burst_cpu_us": round(run.burst.cpu_us, 3),
        "last_p50_ms": round(statistics.median(run.alone.last_ms), 3),
        "kb": round(run.kb, 2),
    }
