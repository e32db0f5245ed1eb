# ruff: noqa: RUF001 - the sign of multiplication is meant
"""What it costs to tell a room: a picture, a table and a sentence, all computed from a result.

The result is that of `bench/room`: figures by number of followers and by server, and what they were
measured with. A server that is not in it, or that failed, is left out.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from slides.figures.canvas import INK, MUTED, Canvas
from slides.figures.lettering import measure
from slides.figures.shapes import Kind, bar
from slides.figures.timeline import Figure

RESULT = Path(__file__).resolve().parents[2] / "bench" / "room" / "result.json"
FLOOR = "floor: a loop of send in C"
OURS = "Tornado, the room's crowd"
PLAIN = "Tornado, write_message"
NAMES = {FLOOR: "C, a loop of send", OURS: "this room", PLAIN: "Tornado, write_message"}
HEADS = ("p99 ms", "kB", "CPU µs", "× C")

ROW, BAR, TOP, RIGHT = 42.0, 31.0, 6.0, 990.0

Figures = dict[str, float]


def room(path: Path = RESULT) -> "Prices":
    """The recorded result. OSError, ValueError."""
    return Prices(json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Prices:
    """A result, seen at the most followers that it has."""

    result: dict[str, Any]

    @cached_property
    def followers(self) -> int:
        """How many the servers held."""
        there = self.result["followers"]
        return max(int(number) for number, servers in there.items() if "kb" in servers[OURS])

    @cached_property
    def servers(self) -> dict[str, Figures]:
        """Each server's figures, from the cheapest to the dearest; of two loops the cheaper."""
        there = self.result["followers"][str(self.followers)].items()
        measured = [(name, figures) for name, figures in there if "kb" in figures]
        kinds: dict[str, Figures] = {}
        for name, figures in sorted(measured, key=lambda each: each[1]["steady_cpu_us"]):
            kinds.setdefault(name.removesuffix(", uvloop"), figures)
        return kinds

    @property
    def ours(self) -> Figures:
        """The room's own."""
        return self.servers[OURS]

    def times(self, name: str, figure: str = "steady_cpu_us", of: str = FLOOR) -> float:
        """A server's figure as a multiple of another's; KeyError for one that is not there."""
        return self.servers[name][figure] / self.servers[of]["steady_cpu_us"]

    def chart(self) -> Figure:
        """CPU of a message to one follower, a bar for each server, and one for joined messages."""
        costs = {name: figures["steady_cpu_us"] for name, figures in self.servers.items()}
        rows = [(NAMES.get(name, name), kind(name), cost) for name, cost in costs.items()]
        joined = f"this room, {self.result['burst']} joined"
        rows.append((joined, kind(OURS), self.ours["burst_cpu_us"]))
        rows.sort(key=lambda row: row[2])
        return Figure(drawn(rows, costs[FLOOR], self.followers))

    def compared(self) -> Figure:
        """The sentence that goes with the chart, and how it was measured."""
        return Figure(f"<p>{self.against()}</p><p><small>{escape(self.measured())}</small></p>")

    def table(self, *names: str) -> Figure:
        """The room after some of its peers, dearest first, and how it was measured."""
        peers = [name for name in reversed(self.servers) if name in names]
        rows = "".join(self._row(name) for name in [*peers, OURS])
        heads = "".join(f"<th>{head}</th>" for head in HEADS)
        return Figure(
            f"<p>{self.held()}</p><table class='recorded'><thead><tr><th></th>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table><p><small>{escape(self.measured())}</small></p>"
        )

    def held(self) -> str:
        """The sentence that the talk tells of the room."""
        return (
            f"One process holds <strong>{self.followers:,} followers</strong>. A slide change is"
            f" with the last of them in <strong>{figure(self.ours['last_p50_ms'])} ms</strong>,"
            f" {figure(self.ours['last_p99_ms'])} ms at the 99th percentile."
        )

    def against(self) -> str:
        """How the room compares with the floor, and Tornado's own loop with the room."""
        said = f"This room: <strong>{self.times(OURS):.1f} times</strong> C."
        if PLAIN in self.servers:
            plain = self.times(PLAIN, of=OURS)
            said += f" A loop of <code>write_message</code>: {plain:.1f} times this room."
        return said

    def measured(self) -> str:
        """How, with what and when."""
        of = self.result
        rounds = "1 round" if of["rounds"] == 1 else f"{of['rounds']} rounds"
        return (
            f"{of['bytes']} bytes to each of {self.followers:,}, {rounds}; {of['date']},"
            f" {of['platform'].split()[0]}, {of['cores']} cores, Python {of['python']},"
            f" Tornado {of['versions'].get('tornado', '?')}"
        )

    def _row(self, name: str) -> str:
        own = self.servers[name]
        texts = [
            figure(own["last_p99_ms"]),
            figure(own["kb"]),
            figure(own["steady_cpu_us"]),
            figure(self.times(name)),
        ]
        cells = "".join(f"<td>{text}</td>" for text in texts)
        return f"<tr><th>{escape(NAMES.get(name, name))}</th>{cells}</tr>"


def figure(number: float) -> str:
    """A number with as many digits as count: two, or all before the point."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"


def kind(name: str) -> Kind:
    """How a server's bar looks."""
    own: dict[str, Kind] = {OURS: "work", FLOOR: "idle"}
    return own.get(name, "soft")


def drawn(rows: list[tuple[str, Kind, float]], floor: float, followers: int) -> str:
    """Bars with their microseconds, and how many times the floor that is."""
    told = "; ".join(f"{name} {figure(cost)}" for name, _, cost in rows)
    canvas = Canvas(
        "What telling one follower costs",
        f"Microseconds of CPU for a message to one of {followers:,} followers: {told}.",
        height=TOP + ROW * len(rows) + 44,
    )
    left = 24 + max(measure(name, 24, 700) for name, _, _ in rows)
    scale = (RIGHT - left) / max(cost for _, _, cost in rows)
    for turn, (name, look, cost) in enumerate(rows):
        y, long = TOP + turn * ROW, max(cost * scale, 4)
        weight = 700 if look == "work" else 400
        canvas.text(left - 16, y + BAR / 2, name, 24, weight=weight, anchor="end")
        with canvas.group("figure-price"):
            bar(canvas, left, y, long, BAR, look)
        said = f"{cost:.1f}"
        canvas.text(left + long + 14, y + BAR / 2, said, 24, weight=700)
        x = left + long + 14 + measure(said, 24, 700) + 14
        canvas.text(x, y + BAR / 2, f"× {cost / floor:.1f}", 24, MUTED)
    foot = TOP + ROW * len(rows) + 20
    words = f"µs of CPU for a message to one of {followers:,} followers, and × C"
    canvas.text(left, foot, words, 24, INK)
    return canvas.svg()
