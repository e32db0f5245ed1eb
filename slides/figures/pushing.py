"""Telling clients what is new: asking again and again, or being told."""

from slides.figures.canvas import ACCENT, HOT, INK, MUTED, Canvas
from slides.figures.shapes import bar, box, browser, cross, pill


def polling_vs_pushing() -> str:
    """Clients that keep asking, and a server that tells them."""
    canvas = Canvas(
        "Polling and pushing",
        "Left, polling: the client asks again and again whether there is anything new, and hears"
        " no, no, and at last yes. Right, pushing: the connection stays open and quiet, and the"
        " server tells the client the moment there is news.",
    )
    polling(canvas, 10)
    pushing(canvas, 630)
    canvas.line((580, 30), (580, 420), stroke=MUTED, thick=3, dash="2 10")
    return canvas.svg()


def ends(canvas: Canvas, x: float, name: str) -> None:
    """The client's and the server's side of one half."""
    canvas.text(x + 260, 24, name, 32, weight=700, anchor="middle")
    bar(canvas, x, 60, 108, 370, "plain")
    bar(canvas, x + 412, 60, 108, 370, "soft")
    browser(canvas, x + 54, 112, INK, 74, 54)
    canvas.text(x + 466, 112, "server", 24, ACCENT, weight=700, anchor="middle")


def polling(canvas: Canvas, x: float) -> None:
    """Three questions and their answers."""
    ends(canvas, x, "polling")
    for row, answer in enumerate(["no", "no", "yes!"]):
        y = 112 + row * 114
        colour = ACCENT if answer == "yes!" else HOT
        canvas.text(x + 260, y - 22, "anything new?", 24, anchor="middle")
        canvas.arrow((x + 116, y), (x + 404, y))
        canvas.arrow((x + 404, y + 58), (x + 116, y + 58), stroke=colour)
        canvas.text(x + 260, y + 35, answer, 24, colour, weight=700, anchor="middle")


def pushing(canvas: Canvas, x: float) -> None:
    """One open connection, quiet until there is news."""
    ends(canvas, x, "pushing")
    canvas.text(x + 260, 90, "I am listening", 24, anchor="middle")
    canvas.arrow((x + 116, 112), (x + 404, 112))
    for start, end in ((136, 190), (274, 316), (400, 426)):
        canvas.line((x + 260, start), (x + 260, end), stroke=MUTED, thick=5, dash="1 12")
    for y, word in ((252, "news!"), (378, "more news!")):
        pill(canvas, x + 260, y - 36, word)
        canvas.arrow((x + 404, y), (x + 116, y), stroke=ACCENT, thick=6)


def broadcast() -> str:
    """A tick, one fetch, and the same message to everybody who keeps up."""
    canvas = Canvas(
        "A broadcast",
        "A periodic callback ticks; the news is fetched once; the same message goes to every client"
        " of the set. One slow client, whose buffer is full, is dropped.",
    )
    clock(canvas, 76, 170)
    canvas.text(76, 262, "every three seconds", 24, anchor="middle", width=150)
    canvas.arrow((142, 170), (222, 170), stroke=ACCENT, thick=6)
    box(canvas, 232, 110, 210, 120, "fetch", "soft", note="once", size=30)
    canvas.arrow((446, 170), (522, 170), stroke=ACCENT, thick=6)
    box(canvas, 532, 110, 230, 120, "broadcast", "work", note="for client in …", size=30)
    for turn in range(4):
        y = 40 + turn * 86
        canvas.arrow((770, 146 + turn * 16), (1010, y), stroke=ACCENT, thick=5)
        browser(canvas, 1066, y, ACCENT, 92, 64)
    slow_client(canvas, 398)
    return canvas.svg()


def slow_client(canvas: Canvas, y: float) -> None:
    """Messages queued for a client that does not read them, until it is let go."""
    canvas.line((647, 238), (647, y), (688, y), stroke=HOT, thick=5, dash="2 10")
    for slot in range(5):
        bar(canvas, 704 + slot * 33, y - 26, 27, 52, "wait")
    canvas.line((884, y), (924, y), stroke=HOT, thick=5, dash="2 10")
    cross(canvas, 950, y, 16)
    browser(canvas, 1066, y, HOT, 92, 64)
    canvas.text(610, y, "buffer full: dropped", 28, HOT, weight=700, anchor="end")


def clock(canvas: Canvas, x: float, y: float) -> None:
    """A clock's face."""
    canvas.circle(x, y, 54, "none", INK, thick=7)
    canvas.line((x, y - 32), (x, y), thick=7)
    canvas.line((x, y), (x + 22, y + 14), thick=7)
