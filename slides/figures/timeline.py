"""A picture of what ran when, made from a program's own record of it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Protocol

from slides.figures.canvas import INK, LINE, MUTED, PAPER, Canvas
from slides.figures.lettering import measure
from slides.figures.shapes import bar

LANE, BAR = 74.0, 54.0
WIDTH, TOP, RIGHT = 1160.0, 12.0, 1016.0


class Span(Protocol):
    """Something that ran: its name, and when it started and ended."""

    @property
    def name(self) -> str: ...

    @property
    def start(self) -> float: ...

    @property
    def end(self) -> float: ...


@dataclass(frozen=True)
class Figure:
    """A picture that a notebook shows when a cell ends in it."""

    svg: str

    def _repr_html_(self) -> str:
        return self.svg


def timeline(spans: Iterable[Span], unit: str = "s", until: float = 0) -> Figure:
    """Draw spans as bars over an axis of time; one name has one lane, in order of first start.

    The axis starts at the earliest start. `unit` is what the spans' own numbers count: "s", "min".
    `until` makes the axis at least so long, so that two timelines compare on one scale.
    Raises ValueError when there is no span, or when one ends before it starts.
    """
    ran = sorted(spans, key=lambda span: span.start)
    if not ran:
        raise ValueError("a timeline needs at least one span")
    for span in ran:
        if span.end < span.start:
            raise ValueError(f"{span.name} ends before it starts: {span.start} to {span.end}")
    return Figure(_Drawing(ran, unit, until).svg())


@dataclass
class _Lane:
    """Spans of one name that do not overlap."""

    name: str
    spans: list[Span]


def _lanes(ran: list[Span]) -> list[_Lane]:
    """A lane for each name, in order of first start, and one more for each that overlaps."""
    lanes: list[_Lane] = []
    for span in ran:
        for lane in lanes:
            if lane.name == span.name and lane.spans[-1].end <= span.start:
                lane.spans.append(span)
                break
        else:
            lanes.append(_Lane(span.name, [span]))
    return lanes


class _Drawing:
    """One timeline on its way to a picture."""

    def __init__(self, ran: list[Span], unit: str, until: float) -> None:
        self.lanes, self.unit = _lanes(ran), unit
        self.begin = ran[0].start
        self.total = max(span.end for span in ran) - self.begin
        self.extent = max(self.total, until)
        self.left = 34 + max(measure(shortened(span.name), 26, 700) for span in ran)
        self.foot = TOP + LANE * len(self.lanes)
        told = ", ".join(f"{span.name} {self.said(span.end - span.start)}" for span in ran)
        self.canvas = Canvas(
            "A timeline", f"{told}; {self.said(self.total)} in all.", WIDTH, self.foot + 66
        )

    def svg(self) -> str:
        """Axis below, bars over it, and the total across both."""
        self.axis()
        for row, lane in enumerate(self.lanes):
            self.lane(lane, TOP + LANE * row)
        end = self.x(self.begin + self.total)
        self.canvas.line((end, TOP), (end, self.foot + 10), stroke=INK, thick=4)
        at = min(max(end, 120), WIDTH - 120)
        total = f"{self.said(self.total)} in all"
        self.canvas.text(at, self.foot + 38, total, 28, weight=700, anchor="middle")
        return self.canvas.svg()

    def x(self, moment: float) -> float:
        """Where a moment lies."""
        share = (moment - self.begin) / self.extent if self.extent else 0
        return self.left + share * (RIGHT - self.left)

    def said(self, long: float) -> str:
        """A duration as it is written: two figures that count, at least."""
        digits = 2 if long < 1 else 1 if long < 100 else 0
        return f"{long:.{digits}f} {self.unit}"

    def axis(self) -> None:
        """A faint line at each tick, and a number below it unless the total stands there."""
        step = tick_step(self.extent)
        for turn in range(math.floor(self.extent / step + 1e-9) + 1):
            x = self.x(self.begin + turn * step)
            self.canvas.line((x, TOP), (x, self.foot + 8), stroke=LINE, thick=2)
            if abs(x - self.x(self.begin + self.total)) > 150:
                self.canvas.text(x, self.foot + 38, f"{turn * step:g}", 24, MUTED, anchor="middle")

    def lane(self, lane: _Lane, y: float) -> None:
        """A name and its bars; a duration stands on its bar, or after it if there is room."""
        middle = y + BAR / 2
        self.canvas.text(8, middle, shortened(lane.name), 26, weight=700)
        for span, following in zip_longest(lane.spans, lane.spans[1:]):
            start, end = self.x(span.start), self.x(span.end)
            label = self.said(span.end - span.start)
            room = (self.x(following.start) if following else WIDTH) - end
            wide = measure(label, 24, 700) + 20
            with self.canvas.group("figure-span"):
                bar(self.canvas, start, y, max(end - start, 3), BAR)
                if wide <= end - start:
                    at = (start + end) / 2
                    self.canvas.text(at, middle, label, 24, PAPER, weight=700, anchor="middle")
                elif wide <= room:
                    self.canvas.text(end + 12, middle, label, 24, weight=700)


def shortened(name: str) -> str:
    """The name, its end cut off when it would take more than a third of the picture."""
    if measure(name, 26, 700) <= WIDTH / 3:
        return name
    while measure(name + "…", 26, 700) > WIDTH / 3:
        name = name[:-1]
    return name + "…"


def tick_step(total: float) -> float:
    """A round step (1, 2 or 5 times a power of ten) that makes three to six ticks."""
    rough = total / 5 if total > 0 else 1
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
