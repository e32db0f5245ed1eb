# ruff: noqa: RUF001 - the apostrophes are typographic, as on the slides
"""Waiting, along an axis of time: who waits, who is free, and who is blocked."""

from slides.figures.canvas import ACCENT, HOT, INK, MUTED, PAPER, Canvas
from slides.figures.lettering import measure
from slides.figures.shapes import bar, pill

LEFT, RIGHT = 250.0, 1150.0


def lanes(canvas: Canvas, names: dict[str, float], height: float = 64) -> None:
    """A name and a faint track for each lane, given the top of each."""
    for name, y in names.items():
        canvas.text(10, y + height / 2, name, 26, weight=700, width=LEFT - 20)
        canvas.rect(LEFT, y, RIGHT - LEFT, height, MUTED, tint=0.09)


def blocked_loop() -> str:
    """Ticks, a gap where a handler slept, and two requests that wait it out."""
    canvas = Canvas(
        "A blocked loop",
        "The loop ticks every 50 milliseconds. A handler sleeps: no ticks, a gap; then ticks again."
        " Two clients’ requests that came during the gap wait until its end.",
    )
    gap, end, top = 450.0, 850.0, 40.0
    canvas.text(10, top + 40, "ticks,\nevery 50 ms", 26, weight=700)
    for tick in range(int(LEFT) + 8, int(RIGHT), 22):
        if not gap - 10 < tick < end + 10:
            canvas.circle(tick, top + 40, 6.5, ACCENT)
    bar(canvas, gap, top, end - gap, 80, "wait")
    pill(canvas, (gap + end) / 2, top + 40, "a handler slept", HOT, 26)
    for turn, (name, asked) in enumerate({"client A": 520.0, "client B": 680.0}.items()):
        y, answered = 182.0 + turn * 100, end + turn * 62
        lanes(canvas, {name: y})
        canvas.circle(asked, y + 32, 12, INK)
        bar(canvas, asked + 20, y, answered - asked - 24, 64, "wait")
        bar(canvas, answered, y, 58, 64)
    for x in (gap, end):
        canvas.line((x, top + 88), (x, 372), stroke=HOT, thick=3, dash="2 9")
    canvas.text((gap + end) / 2, 408, "nobody is served", 28, HOT, weight=700, anchor="middle")
    return canvas.svg()


def waiting_for_others() -> str:
    """A request that needs another service, and a server that is free meanwhile."""
    canvas = Canvas(
        "Waiting for others",
        "A browser asks our server, which asks the search service. While the service works, our"
        " server’s lane is free and serves others; then it takes up the answer and replies.",
    )
    rows = {"browser": 20.0, "our server": 170.0, "the search service": 320.0}
    lanes(canvas, rows, 76)
    bar(canvas, 290, 20, 800, 76, "idle")
    canvas.text(690, 58, "waits for its page", 26, MUTED, anchor="middle")
    bar(canvas, 310, 170, 90, 76)
    bar(canvas, 990, 170, 90, 76)
    for x in (450, 560, 625, 760, 880):
        bar(canvas, x, 178, 46, 60, "soft")
    canvas.text(700, 272, "free: serves others", 26, ACCENT, weight=700, anchor="middle")
    bar(canvas, 400, 320, 590, 76)
    canvas.text(695, 358, "searches", 26, PAPER, weight=700, anchor="middle")
    for x, start, end in [(330, 100, 164), (390, 250, 314), (1000, 314, 250), (1060, 164, 100)]:
        canvas.arrow((x, start), (x, end), thick=5)
    return canvas.svg()


def fan_out_lanes() -> str:
    """One request in, five out at once, and the answer when the slowest is back."""
    canvas = Canvas(
        "Fanning out",
        "One request comes in and five go out at the same moment. They come back one by one; when"
        " the slowest is back, the answer goes out.",
    )
    ends = [520.0, 760.0, 610.0, 940.0, 440.0]
    slowest = max(ends)
    canvas.arrow((10, 190), (120, 190), thick=6)
    canvas.text(10, 148, "request", 24, weight=700)
    bar(canvas, 130, 20, 60, 340)
    for turn, end in enumerate(ends):
        y = 20 + turn * 72
        canvas.arrow((190, y + 26), (244, y + 26), stroke=ACCENT)
        bar(canvas, 252, y, end - 252, 52, "wait" if end == slowest else "soft")
        if end != slowest:
            back = (end + 10, y + 26)
            canvas.line(back, (slowest + 6, y + 26), stroke=MUTED, thick=3, dash="2 9")
    pill(canvas, 600, 262, "the slowest", HOT)
    bar(canvas, slowest + 14, 20, 60, 340)
    canvas.arrow((1022, 190), (1146, 190), thick=6)
    canvas.text(1150, 148, "answer", 24, weight=700, anchor="end")
    length(canvas, 252, slowest, 404, "as long as the slowest")
    return canvas.svg()


def length(canvas: Canvas, start: float, end: float, y: float, label: str) -> None:
    """A measured stretch, its label in the middle of it."""
    half = measure(label, 26, 700) / 2 + 16
    middle = (start + end) / 2
    for edge, inner in ((start, middle - half), (end, middle + half)):
        canvas.line((edge, y - 14), (edge, y + 14))
        canvas.line((edge, y), (inner, y))
    canvas.text(middle, y, label, 26, weight=700, anchor="middle")
