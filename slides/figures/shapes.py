# ruff: noqa: PLR0917 - x, y, width, height and a colour are best read in their place
"""The few shapes that every picture is made of, so that they look like one family.

Colour has a meaning throughout: accent works, hot and hatched waits or is blocked, muted idles.
"""

from typing import Literal

from slides.figures.canvas import ACCENT, CARD, HOT, INK, LINE, MUTED, PAPER, Canvas, Point
from slides.figures.lettering import measure

Kind = Literal["plain", "work", "soft", "wait", "idle"]

COLOUR: dict[Kind, str] = {"plain": INK, "work": PAPER, "soft": INK, "wait": HOT, "idle": MUTED}


def bar(
    canvas: Canvas, x: float, y: float, width: float, height: float, kind: Kind = "work"
) -> None:
    """A stretch of time, or the frame of a box, in the colours of what goes on in it."""
    radius = min(14, width / 2)
    if kind == "wait":
        canvas.rect(x, y, width, height, HOT, HOT, tint=0.1, radius=radius)
        hatch(canvas, x + 5, y + 5, width - 10, height - 10)
        return
    fill, stroke, tint, dash = {
        "plain": (CARD, LINE, None, None),
        "work": (ACCENT, ACCENT, None, None),
        "soft": (ACCENT, ACCENT, 0.13, None),
        "idle": ("none", MUTED, None, "2 9"),
    }[kind]
    canvas.rect(x, y, width, height, fill, stroke, tint=tint, dash=dash, radius=radius)


def hatch(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    """Diagonal lines within a rectangle."""
    strokes = []
    start = x - height + 11
    while start < x + width:
        left, right = max(start, x), min(start + height, x + width)
        if right - left > 3:
            bottom, top = y + height - (left - start), y + height - (right - start)
            strokes.append(f"M{left:g} {bottom:g} L{right:g} {top:g}")
        start += 15
    if strokes:
        canvas.path(" ".join(strokes), HOT, thick=3)


def box(
    canvas: Canvas,
    x: float,
    y: float,
    width: float,
    height: float,
    label: str,
    kind: Kind = "plain",
    *,
    note: str = "",
    size: float = 26,
    mono: bool = False,
) -> None:
    """A part of a system: its name in the middle, and below it what it does."""
    bar(canvas, x, y, width, height, kind)
    middle = x + width / 2
    above, below = (17, size * 0.75) if note else (0, 0)
    inner, colour = width - 24, COLOUR[kind]
    canvas.text(
        middle,
        y + height / 2 - above,
        label,
        size,
        colour,
        weight=700,
        mono=mono,
        anchor="middle",
        width=inner,
    )
    if note:
        quiet = PAPER if kind == "work" else MUTED
        canvas.text(middle, y + height / 2 + below, note, 22, quiet, anchor="middle", width=inner)


def pill(
    canvas: Canvas, x: float, y: float, label: str, colour: str = ACCENT, size: float = 24
) -> float:
    """A word in a rounded frame, centred on (x, y); its width."""
    width = measure(label, size, 700) + 32
    canvas.rect(x - width / 2, y - 21, width, 42, PAPER, colour, radius=21)
    canvas.text(x, y, label, size, colour, weight=700, anchor="middle")
    return width


def numeral(canvas: Canvas, x: float, y: float, text: str, colour: str = ACCENT) -> None:
    """A number in a disc, for steps in an order."""
    canvas.circle(x, y, 23, colour)
    canvas.text(x, y, text, 26, PAPER, weight=700, anchor="middle")


def person(
    canvas: Canvas,
    x: float,
    ground: float,
    colour: str = INK,
    *,
    tall: float = 76,
    hands: tuple[Point, ...] = (),
) -> None:
    """A little person standing at (x, ground), arms stretched to where the hands are."""
    shoulder = ground - tall * 0.47
    for hand in hands:
        canvas.line((x, shoulder), hand, stroke=colour, thick=tall * 0.11)
    half, top = tall * 0.21, ground - tall * 0.58
    canvas.path(
        f"M{x - half:g} {ground:g} V{top + half:g} A{half:g} {half:g} 0 0 1 {x + half:g} "
        f"{top + half:g} V{ground:g} Z",
        None,
        colour,
    )
    canvas.circle(x, ground - tall * 0.8, tall * 0.18, colour)


def browser(
    canvas: Canvas, x: float, y: float, colour: str = INK, width: float = 84, height: float = 62
) -> None:
    """A browser's window, centred on (x, y)."""
    left, top = x - width / 2, y - height / 2
    canvas.rect(left, top, width, height, PAPER, colour, radius=10)
    canvas.line((left, top + 18), (left + width, top + 18), stroke=colour, thick=3)
    canvas.circle(left + 12, top + 9.5, 3, colour)
    canvas.circle(left + 23, top + 9.5, 3, colour)


def cross(canvas: Canvas, x: float, y: float, arm: float = 20) -> None:
    """Something that is cut off or has died."""
    for tilt in (-1, 1):
        canvas.line((x - arm, y - arm * tilt), (x + arm, y + arm * tilt), stroke=HOT, thick=8)
