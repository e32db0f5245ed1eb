"""In production: several processes behind nginx, and when to choose this at all."""

from slides.figures.canvas import ACCENT, CARD, HOT, INK, LINE, MUTED, PAPER, Canvas
from slides.figures.shapes import Kind, bar, box, browser, cross, pill

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
    canvas.rect(462, 12, 388, 416, "none", MUTED, dash="2 9")
    canvas.text(656, 400, "supervisord", 26, MUTED, weight=700, anchor="middle")
    for y, port in zip(ROWS, PORTS, strict=True):
        kind: Kind = "wait" if port == dead else "soft"
        bar(canvas, 540, y - 34, 286, 68, kind)
        if port != dead:
            canvas.text(562, y, "Tornado", 26, weight=700)
            canvas.text(806, y, f":{port}", 26, ACCENT, mono=True, anchor="end")


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
        canvas.arrow((370, 194 + (y - 194) * 0.3), (530, y), thick=5)
        canvas.line((834, y), (958, y), stroke=ACCENT, thick=5, dash="2 10")
    bar(canvas, 966, 28, 184, 332, "work")
    canvas.text(1058, 140, "a bus", 34, PAPER, weight=700, anchor="middle")
    canvas.text(1058, 184, "Redis", 26, PAPER, anchor="middle")
    canvas.text(1058, 262, "for what all must hear", 24, PAPER, anchor="middle", width=150)
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
                (530, y),
                thick=7 if y == ROWS[2] else 4,
                stroke=ACCENT if y == ROWS[2] else MUTED,
            )
    canvas.line((370, 182), (468, 159), stroke=HOT, thick=5, dash="2 10")
    cross(canvas, 494, 153, 15)
    pill(canvas, 683, ROWS[1], "kill -9", HOT, 26)
    canvas.curve((864, 400), (984, 380), (984, 160), (838, ROWS[1]), stroke=ACCENT, thick=6)
    canvas.text(976, 270, "supervisord starts it again", 26, ACCENT, weight=700, width=180)
    canvas.text(
        230, 372, "its request goes to the next one", 26, weight=700, anchor="middle", width=250
    )
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
    canvas.line((580, 14), (580, 426), stroke=LINE, thick=14)
    board(canvas, -1, "a good fit", GOOD)
    board(canvas, 1, "take another tool", OTHER)
    return canvas.svg()


def board(canvas: Canvas, side: int, name: str, reasons: list[str]) -> None:
    """One board of the signpost, pointing to its side, and the reasons to go there."""
    good = side < 0
    near, far, tip = 580 + side * 24, 580 + side * 512, 580 + side * 562
    fill, colour = (ACCENT, PAPER) if good else (CARD, INK)
    outline = f"M{near} 26 H{far} L{tip} 70 L{far} 114 H{near} Z"
    canvas.path(outline, ACCENT if good else LINE, fill)
    canvas.text(580 + side * 272, 70, name, 34, colour, weight=700, anchor="middle")
    x = 40 if good else 640
    for row, reason in enumerate(reasons):
        y = 172 + row * 74
        canvas.circle(x, y, 10, ACCENT if good else MUTED)
        canvas.text(x + 34, y, reason, 30)
