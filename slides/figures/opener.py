"""The picture on the first slide."""

import math

from slides.figures.canvas import Canvas, Point

INK = "var(--opener-ink, #fbfaf7)"
MUTED = "var(--opener-muted, #b8c3d9)"
ACCENT = "var(--opener-accent, #5fc9de)"
COLOURS = (ACCENT, INK, MUTED)
TURNS = 11
OPEN = 1.5
"""How much of each turn is left open, in radians."""


def welcome() -> str:
    """A whirl of arcs, narrow at the ground and wide above, with an event on each."""
    canvas = Canvas(
        "A whirl of events",
        "A tornado made of open arcs, each with a dot running on it: events on a loop.",
        width=520,
        height=520,
    )
    turns = [ring(turn) for turn in range(TURNS)]
    for turn, (d, _) in enumerate(turns):
        canvas.path(d, COLOURS[turn % 3], thick=3.5 + turn * 0.35)
    for turn, (_, end) in enumerate(turns):
        canvas.circle(*end, 7 + turn * 0.5, COLOURS[turn % 3])
    return canvas.svg()


def ring(turn: int) -> tuple[str, Point]:
    """One turn of the whirl, an ellipse that is open somewhere behind: its path and its end."""
    share = turn / (TURNS - 1)
    x = 250 + 26 * math.sin(share * 5.2 + 2.6) * (1 - share * 0.5)
    y = 484 - 428 * share
    wide = 24 + 216 * share**1.35
    flat = wide * 0.17
    gap = -math.pi / 2 + 1.1 * math.sin(turn * 1.7)
    first, last = (
        (x + wide * math.cos(angle), y + flat * math.sin(angle))
        for angle in (gap + OPEN / 2, gap - OPEN / 2)
    )
    d = f"M{first[0]:.1f} {first[1]:.1f} A{wide:.1f} {flat:.1f} 0 1 1 {last[0]:.1f} {last[1]:.1f}"
    return d, last
