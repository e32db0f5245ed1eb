"""In production: several processes behind nginx, and when to choose this at all."""

from slides.figures.canvas import ACCENT, HOT, INK, MUTED, Canvas
from slides.figures.shapes import bar, box, browser, cross, pill

PORTS = (8001, 8002, 8003, 8004)
ROWS = [62 + 88.0 * turn for turn in range(4)]


def front(canvas: Canvas) -> None:
    """Browsers, and nginx that they all talk to."""
    for y in (106, 194, 282):
        browser(canvas, 56, y, INK)
        canvas.arrow((108, y), (204, 194 + (y - 194) * 0.35), thick=5)
    box(canvas, 214, 130, 150, 128, "nginx", size=32)


def processes(canvas: Canvas, dead: int | None = None) -> None:
    """Tornado processes on their ports, within supervisord's frame."""
    canvas.rect(500, 12, 340, 416, "none", MUTED, dash="2 9")
    canvas.text(670, 400, "supervisord", 26, MUTED, weight=700, anchor="middle")
    for y, port in zip(ROWS, PORTS, strict=True):
        kind = "wait" if port == dead else "soft"
        bar(canvas, 524, y - 34, 292, 68, kind)
        if port != dead:
            canvas.text(546, y, "Tornado", 26, weight=700)
            canvas.text(796, y, f":{port}", 26, ACCENT, mono=True, anchor="end")


def topology() -> str:
    """Several processes behind nginx, and a bus for what all must hear."""
    canvas = Canvas(
        "In production",
        "Browsers talk to nginx, which spreads them over Tornado processes on ports 8001 to 8004,"
        " kept running by supervisord. Beside them a bus, Redis, carries the messages that all the"
        " processes must hear.",
    )
    front(canvas)
    processes(canvas)
    for y in ROWS:
        canvas.arrow((370, 194 + (y - 194) * 0.3), (514, y), thick=5)
        canvas.line((816, y), (960, y), stroke=ACCENT, thick=5, dash="2 10")
    bar(canvas, 966, 28, 184, 332, "work")
    box(canvas, 966, 28, 184, 332, "a bus", "work", note="Redis", size=32)
    canvas.text(1058, 400, "what all must hear", 22, MUTED, anchor="middle", width=200)
    return canvas.svg()


def kill_one() -> str:
    """One process dies; the next one serves its request, and it is started again."""
    canvas = Canvas(
        "Kill one",
        "nginx in front of four processes. The second one is killed: its request goes to the next"
        " one, and supervisord starts the dead one again.",
    )
    front(canvas)
    processes(canvas, dead=PORTS[1])
    for y in ROWS:
        if y != ROWS[1]:
            canvas.arrow(
                (370, 194 + (y - 194) * 0.3),
                (514, y),
                thick=7 if y == ROWS[2] else 4,
                stroke=ACCENT if y == ROWS[2] else MUTED,
            )
    canvas.line((370, 182), (470, 158), stroke=HOT, thick=5, dash="2 10")
    cross(canvas, 484, 154, 14)
    pill(canvas, 670, ROWS[1], "kill -9", HOT, 26)
    canvas.curve((850, 400), (960, 380), (960, 150), (826, ROWS[1]), stroke=ACCENT, thick=6)
    canvas.text(960, 270, "supervisord starts it again", 26, ACCENT, weight=700, width=190)
    canvas.text(890, 70, "its request goes to the next one", 26, weight=700, width=250)
    return canvas.svg()


GOOD = [
    "many open connections",
    "pushing, as it happens",
    "waiting on other services",
    "an API in front of them",
]
OTHER = ["an admin and its forms", "a site around an ORM", "number crunching"]


def when_to_use() -> str:
    """A good fit on one side, another tool on the other."""
    canvas = Canvas(
        "When to use it",
        f"A good fit: {', '.join(GOOD)}. Take another tool for: {', '.join(OTHER)}.",
    )
    column(canvas, 10, "a good fit", GOOD, ACCENT)
    column(canvas, 600, "take another tool", OTHER, MUTED)
    return canvas.svg()


def column(canvas: Canvas, x: float, name: str, reasons: list[str], colour: str) -> None:
    """One side of the choice."""
    good = colour == ACCENT
    bar(canvas, x, 10, 550, 84, "work" if good else "plain")
    canvas.text(
        x + 275, 52, name, 34, "var(--paper, #fbfaf7)" if good else INK, weight=700, anchor="middle"
    )
    for row, reason in enumerate(reasons):
        y = 140 + row * 82
        canvas.circle(x + 30, y, 17, colour, tint=0.16)
        canvas.circle(x + 30, y, 8, colour)
        canvas.text(x + 72, y, reason, 30)
