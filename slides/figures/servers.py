"""Servers and their many clients: a thread for each, or one loop for all."""

from slides.figures.canvas import ACCENT, MUTED, PAPER, Canvas
from slides.figures.shapes import Kind, bar, box, browser, numeral

COLUMNS = [86 + 164.6 * turn for turn in range(7)]
STATES: dict[bool, tuple[str, Kind]] = {True: ("works", "work"), False: ("asleep", "plain")}
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
        label, kind = STATES[works]
        box(canvas, x - 70, 134, 140, 62, label, kind)
        stack(canvas, x, works)
    told = "a stack of memory for each, and nearly all of them wait"
    canvas.text(580, 408, told, 30, anchor="middle", weight=700)
    return canvas.svg()


def stack(canvas: Canvas, x: float, works: bool) -> None:
    """The memory under a thread, most of it only reserved."""
    for row in range(4):
        kind: Kind = "idle"
        if row < (3 if works else 1):
            kind = "soft" if works else "plain"
        bar(canvas, x - 70, 206 + row * 41, 140, 34, kind)


def one_loop() -> str:
    """Many sockets, one thread, one loop that calls whoever is ready."""
    canvas = Canvas(
        "One loop for all clients",
        "Seven clients are connected to one thread. Its loop asks the system who is ready, and"
        " calls the callbacks of those two, one after the other.",
    )
    bar(canvas, 10, 134, 1140, 240, "soft")
    clients(canvas, 128, READY)
    for turn, x in enumerate(COLUMNS):
        ready = turn in READY
        canvas.circle(x, 134, 11, ACCENT if ready else PAPER, ACCENT if ready else MUTED)
    box(canvas, 60, 184, 330, 104, "Who is ready?", size=32)
    for start, left, client in ((390, 520, READY[0]), (780, 830, READY[1])):
        box(canvas, left, 184, 260, 104, "callback", "work", note=f"of client {client + 1}")
        canvas.arrow((start, 236), (left - 6, 236), stroke=ACCENT, thick=5)
    canvas.arrow((960, 288), (960, 344), (225, 344), (225, 294), stroke=ACCENT, thick=5)
    canvas.text(580, 412, "one thread, and it only ever works", 30, anchor="middle", weight=700)
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
        (30, 20, "Register interest", "“when this is readable …”"),
        (670, 20, "Wait for events", "epoll · kqueue · select"),
        (670, 270, "Call each one back", "everybody who is ready"),
        (30, 270, "Run the timers due", "“in three seconds …”"),
    ]
    for step, (x, y, label, note) in enumerate(stations, 1):
        box(canvas, x, y, 460, 150, label, "soft" if step != 2 else "plain", note=note, size=30)
        numeral(canvas, x if x < 500 else x + 460, y + 75, str(step))
    canvas.arrow((500, 95), (662, 95), stroke=ACCENT, thick=6)
    canvas.arrow((900, 182), (900, 260), stroke=ACCENT, thick=6)
    canvas.arrow((660, 345), (498, 345), stroke=ACCENT, thick=6)
    canvas.arrow((260, 258), (260, 180), stroke=ACCENT, thick=6)
    canvas.text(580, 220, "round and round,\none thread", 30, weight=700, anchor="middle")
    return canvas.svg()
