"""Servers and their many clients: a thread for each, or one loop for all."""

from slides.figures.canvas import ACCENT, MUTED, PAPER, Canvas
from slides.figures.shapes import bar, box, browser, numeral

COLUMNS = [86 + 164.6 * turn for turn in range(7)]
READY = (2, 5)
"""Which of the clients have something to say at the moment of the picture."""


def clients(canvas: Canvas, down_to: float, ready: tuple[int, ...]) -> None:
    """A row of clients on top, each with its connection; those that speak are in accent."""
    for turn, x in enumerate(COLUMNS):
        colour = ACCENT if turn in ready else MUTED
        browser(canvas, x, 40, colour)
        if turn in ready:
            canvas.arrow((x, 80), (x, down_to), stroke=ACCENT, thick=5)
        else:
            canvas.line((x, 82), (x, down_to), stroke=MUTED, dash="2 9")


def threads_each() -> str:
    """A thread for each client, nearly all of them asleep."""
    canvas = Canvas(
        "A thread for each client",
        "Seven clients, and a thread with a stack of memory for each of them. One thread works;"
        " the others are asleep, waiting for their client.",
    )
    clients(canvas, 128, READY[:1])
    for turn, x in enumerate(COLUMNS):
        works = turn in READY[:1]
        box(
            canvas,
            x - 70,
            134,
            140,
            62,
            "works" if works else "asleep",
            "work" if works else "wait" if False else "plain",
        )
        stack(canvas, x, works)
    canvas.text(
        580,
        408,
        "a stack of memory for each, and nearly all of them wait",
        30,
        anchor="middle",
        weight=700,
    )
    return canvas.svg()


def stack(canvas: Canvas, x: float, works: bool) -> None:
    """The memory under a thread, most of it only reserved."""
    for row in range(4):
        used = (works and row < 3) or row == 0
        bar(
            canvas,
            x - 70,
            206 + row * 41,
            140,
            34,
            ("soft" if works else "plain") if used else "idle",
        )


def one_loop() -> str:
    """Many sockets, one thread, one loop that calls whoever is ready."""
    canvas = Canvas(
        "One loop for all clients",
        "Seven clients are connected to one thread. Its loop asks the system who is ready, and calls"
        " the callbacks of those two, one after the other.",
    )
    clients(canvas, 134, READY)
    bar(canvas, 10, 140, 1140, 224, "soft")
    for turn, x in enumerate(COLUMNS):
        canvas.circle(
            x, 140, 11, ACCENT if turn in READY else PAPER, ACCENT if turn in READY else MUTED
        )
    box(canvas, 60, 202, 330, 104, "Who is ready?", size=32)
    for turn, (left, client) in enumerate(zip((520, 830), READY, strict=True)):
        box(canvas, left, 202, 260, 104, "callback", "work", note=f"of client {client + 1}")
        canvas.arrow((390 if not turn else 780, 254), (left - 8, 254), stroke=ACCENT, thick=5)
    canvas.arrow((960, 306), (960, 338), (225, 338), (225, 312), stroke=ACCENT, thick=5)
    canvas.text(580, 408, "one thread, and it only ever works", 30, anchor="middle", weight=700)
    return canvas.svg()


def event_loop() -> str:
    """The four stations of an event loop."""
    canvas = Canvas(
        "The event loop",
        "A cycle of four stations: register interest in sockets; wait for events, which the"
        " operating system does with epoll, kqueue or select; call the callback of each that is"
        " ready; call the timers that are due; and round again.",
    )
    stations = [
        (10, 20, "Say what you care about", "“this socket, when readable”"),
        (690, 20, "Wait for events", "epoll · kqueue · select"),
        (690, 270, "Call each one back", "everybody who is ready"),
        (10, 270, "Run the timers due", "“in three seconds …”"),
    ]
    for step, (x, y, label, note) in enumerate(stations, 1):
        box(canvas, x, y, 460, 150, label, "soft" if step != 2 else "plain", note=note, size=30)
        numeral(canvas, x + 4 if x < 500 else x + 456, y + 75, str(step))
    canvas.arrow((484, 95), (680, 95), stroke=ACCENT, thick=6)
    canvas.arrow((920, 182), (920, 258), stroke=ACCENT, thick=6)
    canvas.arrow((676, 345), (482, 345), stroke=ACCENT, thick=6)
    canvas.arrow((240, 258), (240, 182), stroke=ACCENT, thick=6)
    canvas.text(580, 220, "round and round,\none thread", 30, weight=700, anchor="middle")
    return canvas.svg()
