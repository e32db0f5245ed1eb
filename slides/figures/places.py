"""Where a wait is put, and what goes wrong where two processes share one connection."""

from slides.figures.canvas import ACCENT, HOT, INK, MUTED, PAPER, Canvas
from slides.figures.shapes import bar, box, browser, numeral

WAITS = 5
PANEL, STEP = 264.0, 295.0


def where_the_wait_is() -> str:
    """Four places for the same five waits."""
    canvas = Canvas(
        "Where the wait is",
        "Four places for five waits. On the loop: one waits, and four stand in line. In threads:"
        " five threads of the same process wait, the loop is free. In processes: five processes"
        " wait, each with a Python of its own. Awaited: nobody waits in the program; the database"
        " waits, and the loop is told.",
    )
    places = [
        ("on the loop", on_the_loop, "everybody waits", HOT),
        ("in threads", in_threads, "a stack for each", INK),
        ("in processes", in_processes, "a Python for each", INK),
        ("awaited", awaited, "a socket for each", ACCENT),
    ]
    for turn, (name, draw, price, colour) in enumerate(places):
        x = 5 + STEP * turn
        middle = x + PANEL / 2
        canvas.text(middle, 26, name, 32, colour, weight=700, anchor="middle")
        draw(canvas, x)
        canvas.text(middle, 412, price, 26, colour, weight=700, anchor="middle")
    return canvas.svg()


def loop(canvas: Canvas, x: float, height: float, colour: str = ACCENT) -> None:
    """A process from x on, with its event loop."""
    middle = x + PANEL / 2
    bar(canvas, x, 58, PANEL, height, "plain")
    canvas.circle(middle, 122, 48, PAPER, colour, thick=9)
    canvas.text(middle, 122, "loop", 26, colour, weight=700, anchor="middle")


def seats(x: float, wide: float) -> list[float]:
    """The left edges of five things side by side under a loop."""
    gap = (PANEL - WAITS * wide) / (WAITS + 1)
    return [x + gap + (wide + gap) * turn for turn in range(WAITS)]


def on_the_loop(canvas: Canvas, x: float) -> None:
    """The loop itself waits, and the others are in line."""
    loop(canvas, x, 322, HOT)
    bar(canvas, x + 24, 186, PANEL - 48, 62, "wait")
    for place in seats(x, 42)[1:]:
        browser(canvas, place - 2, 314, MUTED, 46, 40)


def in_threads(canvas: Canvas, x: float) -> None:
    """The loop is free; its process's threads wait."""
    loop(canvas, x, 322)
    for place in seats(x, 36):
        canvas.line((x + PANEL / 2, 172), (place + 18, 208), stroke=MUTED, thick=3)
        bar(canvas, place, 214, 36, 150, "wait")


def in_processes(canvas: Canvas, x: float) -> None:
    """The loop is free; other processes wait."""
    loop(canvas, x, 126)
    for place in seats(x, 50):
        canvas.line((x + PANEL / 2, 186), (place + 25, 208), stroke=MUTED, thick=3)
        bar(canvas, place, 212, 50, 168, "plain")
        bar(canvas, place + 10, 224, 30, 144, "wait")


def awaited(canvas: Canvas, x: float) -> None:
    """The loop is free, and so is everything else here; the database waits."""
    loop(canvas, x, 126)
    bar(canvas, x, 244, PANEL, 136, "plain")
    for place in seats(x, 36):
        canvas.line((x + PANEL / 2, 186), (place + 18, 250), stroke=MUTED, thick=3)
        bar(canvas, place, 256, 36, 76, "wait")
    canvas.text(x + PANEL / 2, 356, "the database", 24, weight=700, anchor="middle")


def one_connection() -> str:
    """A fork copies the engine, and both copies use one socket."""
    canvas = Canvas(
        "Two processes, one connection",
        "A process forks, and both share one connection to the database. The first asks question"
        " one, the second question two; the answers come back on the same connection, and each"
        " process takes what comes first: the first has the answer to the second’s question.",  # noqa: RUF001
    )
    for row, (name, asked, got) in enumerate([("parent", "1", "2"), ("forked child", "2", "1")]):
        y = 24 + row * 220
        box(canvas, 10, y, 290, 170, name, "soft", note="a copy of the engine", size=30)
        canvas.line((300, y + 54), (420, y + 54), (420, 190), (470, 190), thick=5)
        canvas.arrow((470, 244), (360, 244), (360, y + 124), (308, y + 124), stroke=HOT, thick=5)
        numeral(canvas, 384, y + 54, asked)
        numeral(canvas, 384, y + 124, got, HOT)
    bar(canvas, 470, 160, 380, 114, "idle")
    canvas.text(660, 218, "one socket", 30, weight=700, anchor="middle")
    canvas.arrow((850, 190), (884, 190), thick=5)
    canvas.line((884, 244), (850, 244), stroke=HOT, thick=5)
    box(canvas, 890, 120, 260, 194, "PostgreSQL", note="answers in turn", size=30)
    return canvas.svg()
