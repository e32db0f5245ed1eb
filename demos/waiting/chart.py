"""The waterfall: a bar a request, light in the queue, full in service.

In the terminal, or as SVG in the colours of the page that it stands on.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from demos.waiting.client import Answer

QUEUED, SERVED = "░", "█"
WIDTH, LEFT, RIGHT = 1160, 190, 1040
ROW, GAP = 34, 26
FONT = (
    "font-family=\"var(--sans, 'DejaVu Sans', sans-serif)\""
    ' font-size="24"'
)
INK = "var(--ink, #14213d)"
COLOURS = {
    "python": "var(--accent, #0b6b82)",
    "postgres": "var(--hot, #b4430c)",
}


def terminal(answers: list[Answer], columns: int = 48) -> str:
    """A line a request, to one scale of time."""
    end = max(answer.done for answer in answers) or 1
    place = columns / end
    lines = []
    for answer in in_order(answers):
        sent = round(answer.sent * place)
        began = round(answer.began * place)
        done = max(round(answer.done * place), began + 1)
        bar = " " * sent + QUEUED * (began - sent)
        bar += SERVED * (done - began)
        lines.append(
            f"{answer.route:8} |{bar:{columns}} {answer.done:6.2f}s"
        )
    return "\n".join(
        [*lines, f"{'':8} {QUEUED} queued  {SERVED} served"]
    )


def in_order(answers: list[Answer]) -> list[Answer]:
    """As the server took them up; Python's first of those together."""
    moment = max(answer.done for answer in answers) / 50 or 1
    return sorted(
        answers,
        key=lambda each: (
            round(each.began / moment),
            each.route != "python",
        ),
    )


def svg(*bursts: list[Answer], until: float = 0) -> str:
    """A picture of bursts, one under the other, on one axis.

    The axis is at least `until` seconds long.
    """
    ends = [max(answer.done for answer in each) for each in bursts]
    extent = max(*ends, until)
    scale = (RIGHT - LEFT) / (extent or 1)
    parts, y = [], 8.0
    for answers in bursts:
        for answer in in_order(answers):
            parts.append(bar(answer, y, scale))
            y += ROW
        y += GAP
    foot = y - GAP + 4
    told = " and ".join(f"{end:.2f} s" for end in ends)
    lines = [head(foot + 40, told), axis(extent, foot), *parts]
    return "\n".join([*lines, "</svg>\n"])


def head(height: float, told: str) -> str:
    """The picture's frame; `told` is for who cannot see it."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="figure"'
        f' viewBox="0 0 {WIDTH} {height:.0f}" role="img" {FONT}'
        f' aria-label="Waterfall of requests: {escape(told)}">'
    )


def bar(answer: Answer, y: float, scale: float) -> str:
    """One request: its route, its queueing, its service, its end."""
    colour = COLOURS.get(answer.route, INK)
    sent, began, done = (
        LEFT + moment * scale
        for moment in (answer.sent, answer.began, answer.done)
    )
    middle = y + ROW / 2 + 4
    return (
        text(8, middle, answer.route, INK, "start")
        + box(sent, y, began - sent, colour, 0.22)
        + box(began, y, max(done - began, 3), colour, 1)
        + text(done + 10, middle, f"{answer.done:.2f} s", INK, "start")
    )


def box(
    x: float, y: float, width: float, fill: str, tint: float
) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}"'
        f' height="{ROW - 8}" rx="4" fill="{fill}"'
        f' fill-opacity="{tint}"/>'
    )


def text(x: float, y: float, said: str, fill: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}"'
        f' text-anchor="{anchor}">{escape(said)}</text>'
    )


def axis(extent: float, foot: float) -> str:
    """A line and a number at round seconds."""
    step = round_step(extent)
    scale = (RIGHT - LEFT) / (extent or 1)
    parts = []
    for turn in range(math.floor(extent / step + 1e-9) + 1):
        x = LEFT + turn * step * scale
        parts.append(
            f'<path d="M{x:.1f} 0V{foot}" fill="none"'
            ' stroke="var(--line, #d9d4c7)" stroke-width="2"/>'
        )
        said = f"{turn * step:g}" + (" s" if turn == 0 else "")
        parts.append(text(x, foot + 30, said, INK, "middle"))
    return "".join(parts)


def round_step(extent: float) -> float:
    """1, 2 or 5 times a power of ten, for three to six lines."""
    rough = (extent or 1) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    steps = (power * times for times in (1, 2, 5, 10))
    return next(step for step in steps if step >= rough * 0.999)
