"""The picture on the first slide."""

import math

from slides.figures.canvas import Canvas

INK = "var(--opener-ink, #fbfaf7)"
MUTED = "var(--opener-muted, #b8c3d9)"
ACCENT = "var(--opener-accent, #5fc9de)"
TURNS = 11


def welcome() -> str:
    """A whirl of arcs, narrow at the ground and wide above, with an event on each."""
    canvas = Canvas(
        "A whirl of events",
        "A tornado made of open arcs, each with a dot running on it: events on a loop.",
        width=520,
        height=520,
    )
    for turn in range(TURNS):
        share = turn / (TURNS - 1)
        y = 478 - 420 * share
        wide = 26 + 214 * share**1.35
        x = 260 + 26 * math.sin(share * 5.2 + 2.6) * (1 - share * 0.5)
        arc(canvas, x, y, wide, turn)
    return canvas.svg()


def arc(canvas: Canvas, x: float, y: float, wide: float, turn: int) -> None:
    """One turn of the whirl: an open ellipse, and an event at its leading end."""
    start, sweep = turn * 1.9 + 0.5, 4.6
    flat = wide * 0.2
    ends = [
        (x + wide * math.cos(angle), y + flat * math.sin(angle)) for angle in (start, start + sweep)
    ]
    d = f"M{ends[0][0]:.1f} {ends[0][1]:.1f} A{wide:.1f} {flat:.1f} 0 1 1 {ends[1][0]:.1f} {ends[1][1]:.1f}"
    colour = (ACCENT, INK, MUTED)[turn % 3]
    canvas.path(d, colour, thick=3.5 + turn * 0.35)
    canvas.circle(*ends[1], 7 + turn * 0.5, colour)
