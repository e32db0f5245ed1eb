"""A morning in the kitchen: the same three things to wait for, done in three ways.

All three pictures have one scale, so that they compare when one follows the other.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from slides.figures.canvas import ACCENT, HOT, INK, MUTED, Canvas
from slides.figures.shapes import Kind, bar, person, pill

LEFT, UNIT = 200.0, 71.0
GROUND, STRIP = 92.0, 34.0
LANES = {"kettle": 160.0, "toast": 238.0, "shower": 316.0}
LONG = {"kettle": 4.0, "toast": 2.0, "shower": 5.2}
START = 0.7
"""How long it takes to start a thing, or to answer it when it calls."""

Stretch = tuple[float, float, Kind]


@dataclass
class Morning:
    """What goes on when: the person's stretches, each thing's start, and when it is answered."""

    you: list[Stretch]
    starts: dict[str, float]
    answers: dict[str, float]
    people: list[tuple[float, str, str]] = field(default_factory=list)
    refused: dict[str, float] = field(default_factory=dict)

    @property
    def end(self) -> float:
        """When all is done."""
        return max(end for _, end, _ in self.you)


def at(moment: float) -> float:
    """Where a moment lies on the picture."""
    return LEFT + moment * UNIT


def draw(canvas: Canvas, morning: Morning) -> None:
    """The person's strip on top, a lane for each thing, and the length of the whole below."""
    canvas.text(10, GROUND + STRIP / 2, "you", 28, weight=700)
    for start, end, kind in morning.you:
        bar(canvas, at(start) + 2, GROUND, (end - start) * UNIT - 4, STRIP, kind)
    for name, y in LANES.items():
        ICONS[name](canvas, 34, y + 26)
        canvas.text(76, y + 26, name, 26, weight=700)
        lane(canvas, morning, name, y)
    y, end = 408.0, at(morning.end) - 2
    canvas.line((LEFT, y - 14), (LEFT, y + 14))
    canvas.line((end, y - 14), (end, y + 14))
    canvas.line((LEFT, y), (end, y))
    canvas.text(10, y, "in all", 26, weight=700)


def lane(canvas: Canvas, morning: Morning, name: str, y: float) -> None:
    """One thing: not yet started, at work by itself, and calling until somebody answers."""
    start = morning.starts[name]
    done, answer = start + LONG[name], morning.answers[name]
    if name in morning.refused:
        bar(
            canvas,
            at(morning.refused[name]) + 2,
            y,
            (start - morning.refused[name]) * UNIT - 6,
            52,
            "wait",
        )
    bar(canvas, at(start), y, LONG[name] * UNIT, 52)
    if answer - done > 0.2:
        bar(canvas, at(done) + 4, y, (answer - done) * UNIT - 6, 52, "wait")


def kettle(canvas: Canvas, x: float, y: float) -> None:
    """A kettle, centred on (x, y)."""
    canvas.path(f"M{x - 15} {y - 8} H{x + 13} L{x + 17} {y + 20} H{x - 19} Z", INK, INK)
    canvas.path(f"M{x - 13} {y - 12} C{x - 13} {y - 28} {x + 12} {y - 28} {x + 12} {y - 12}")
    canvas.line((x + 15, y + 4), (x + 25, y - 6), thick=5)


def toast(canvas: Canvas, x: float, y: float) -> None:
    """A toaster with a slice in it."""
    canvas.rect(x - 14, y - 22, 28, 24, ACCENT, ACCENT, radius=9, thick=2)
    canvas.rect(x - 22, y - 6, 44, 27, INK, INK, radius=8)


def shower(canvas: Canvas, x: float, y: float) -> None:
    """A shower head and its drops."""
    canvas.line((x - 20, y + 22), (x - 20, y - 22), (x + 6, y - 22), (x + 6, y - 8))
    canvas.path(f"M{x - 8} {y - 3} A14 12 0 0 1 {x + 20} {y - 3} Z", INK, INK)
    for drop in (-5, 6, 17):
        canvas.line((x + drop, y + 7), (x + drop, y + 20), thick=3.5, dash="5 8")


ICONS: dict[str, Callable[[Canvas, float, float], None]] = {
    "kettle": kettle,
    "toast": toast,
    "shower": shower,
}


def in_line() -> str:
    """One thing after the other, and somebody who watches each of them."""
    canvas = Canvas(
        "A morning in line",
        "Kettle, toast and shower follow each other, end to end; a person starts each and then"
        " stands and watches it until it is done. The whole morning is as long as all three.",
    )
    you: list[Stretch] = []
    starts, answers, clock = {}, {}, 0.0
    for name, long in LONG.items():
        starts[name] = clock + START
        answers[name] = starts[name] + long
        you += [(clock, starts[name], "work"), (starts[name], answers[name], "wait")]
        clock = answers[name]
    draw(canvas, Morning(you, starts, answers))
    for name, start in starts.items():
        middle = at(start + LONG[name] / 2)
        person(canvas, middle, GROUND - 4)
        canvas.text(middle + 30, GROUND - 46, "…", 34, HOT, weight=700)
        canvas.line((middle, GROUND + STRIP + 6), (middle, LANES[name] - 8), stroke=HOT, dash="2 9")
    return canvas.svg()


def evented() -> str:
    """All started at once; the person goes to whichever calls."""
    canvas = Canvas(
        "A morning by events",
        "The person starts kettle, toast and shower one right after the other, is free, and goes to"
        " whichever calls: pop, click, a bell. The morning is as long as the longest of the three.",
    )
    starts = {name: START * (turn + 1) for turn, name in enumerate(LONG)}
    done = {name: start + LONG[name] for name, start in starts.items()}
    first = max(starts.values())
    you: list[Stretch] = [(start - START, start, "work") for start in starts.values()]
    for moment in sorted(done.values()):
        you += [(first, moment, "idle"), (moment, moment + START, "work")]
        first = moment + START
    you = [stretch for stretch in you if stretch[1] - stretch[0] > 0.3]
    draw(canvas, Morning(you, starts, done))
    for name, call in {"toast": "pop!", "kettle": "click!", "shower": "ding!"}.items():
        x = at(done[name] + START / 2)
        answered(canvas, x, LANES[name], call)
    canvas.text(at(first) + 60, GROUND + STRIP / 2, "time for yourself", 26, MUTED)
    return canvas.svg()


def answered(canvas: Canvas, x: float, lane_top: float, call: str) -> None:
    """Somebody at the strip, called from a lane."""
    person(canvas, x, GROUND - 4)
    canvas.line((x, lane_top + 26), (x, GROUND + STRIP + 6), stroke=ACCENT, dash="2 9")
    pill(canvas, x + 34, lane_top + 26, call)


def blocked() -> str:
    """Started by events, but the person keeps both hands on the kettle."""
    canvas = Canvas(
        "A morning, blocked",
        "The toast is in, but then the person holds the kettle and stares at it until it boils: the"
        " toast pops and is not answered, the shower cannot even be started until the kettle is"
        " done. The morning is long again.",
    )
    starts = {"toast": START, "kettle": START * 2}
    boiled = starts["kettle"] + LONG["kettle"]
    starts["shower"] = boiled + 2 * START
    done = starts["shower"] + LONG["shower"]
    you: list[Stretch] = [
        (0, START, "work"),
        (START, starts["kettle"], "work"),
        (starts["kettle"], boiled, "wait"),
        (boiled, boiled + START, "work"),
        (boiled + START, starts["shower"], "work"),
        (starts["shower"], done, "idle"),
        (done, done + START, "work"),
    ]
    answers = {"kettle": boiled, "toast": boiled, "shower": done}
    draw(canvas, Morning(you, starts, answers, refused={"shower": starts["kettle"]}))
    middle = at(starts["kettle"] + 1.2)
    person(canvas, middle, GROUND - 4)
    hands(canvas, middle)
    return canvas.svg()


def hands(canvas: Canvas, x: float) -> None:
    """Two long arms from the strip down to the kettle, and what goes unheard."""
    for side in (-1, 1):
        canvas.line(
            (x + side * 8, GROUND - 40),
            (x + side * 30, GROUND + 2),
            (x + side * 30, LANES["kettle"] + 6),
            thick=9,
        )
    popped, boiled = at(START + LONG["toast"]), at(2 * START + LONG["kettle"])
    pill(canvas, (popped + boiled) / 2, LANES["toast"] + 26, "pop?", HOT)
    pill(canvas, (at(3 * START) + boiled) / 2 + 18, LANES["shower"] + 26, "not even started", HOT)
