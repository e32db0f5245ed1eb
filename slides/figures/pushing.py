"""Telling clients what is new: asking again and again, or being told."""

from slides.figures.canvas import ACCENT, HOT, INK, MUTED, Canvas
from slides.figures.shapes import bar, box, browser, cross, pill


def polling_vs_pushing() -> str:
    """Clients that keep asking, and a server that tells them."""
    canvas = Canvas(
        "Polling and pushing",
        "Left, polling: the client asks again and again whether there is anything new, and hears no,"
        " no, and at last yes. Right, pushing: the connection stays open and quiet, and the server"
        " tells the client the moment there is news.",
    )
    polling(canvas, 10)
    pushing(canvas, 630)
    canvas.line((580, 30), (580, 420), stroke=MUTED, thick=3, dash="2 10")
    return canvas.svg()


def ends(canvas: Canvas, x: float, name: str) -> None:
    """The client's and the server's side of one half."""
    canvas.text(x + 260, 24, name, 32, weight=700, anchor="middle")
    bar(canvas, x, 60, 100, 370, "plain")
    bar(canvas, x + 420, 60, 100, 370, "soft")
    browser(canvas, x + 50, 110, INK, 70, 52)
    canvas.text(x + 470, 110, "server", 24, ACCENT, weight=700, anchor="middle")


def polling(canvas: Canvas, x: float) -> None:
    """Three questions and their answers."""
    ends(canvas, x, "polling")
    for row, answer in enumerate(["no", "no", "yes!"]):
        y = 112 + row * 114
        colour = ACCENT if answer == "yes!" else HOT
        canvas.text(x + 260, y - 22, "anything new?", 24, anchor="middle")
        canvas.arrow((x + 110, y), (x + 410, y))
        canvas.arrow((x + 410, y + 58), (x + 110, y + 58), stroke=colour)
        canvas.text(x + 260, y + 35, answer, 24, colour, weight=700, anchor="middle")


def pushing(canvas: Canvas, x: float) -> None:
    """One open connection, quiet until there is news."""
    ends(canvas, x, "pushing")
    canvas.text(x + 260, 90, "I am listening", 24, anchor="middle")
    canvas.arrow((x + 110, 112), (x + 410, 112))
    for y in range(146, 420, 14):
        canvas.circle(x + 260, y, 3.5, MUTED)
    for y, word in ((250, "news!"), (370, "more news!")):
        pill(canvas, x + 260, y - 36, word)
        canvas.arrow((x + 410, y), (x + 110, y), stroke=ACCENT, thick=6)


def broadcast() -> str:
    """A tick, one fetch, and the same message to everybody who keeps up."""
    canvas = Canvas(
        "A broadcast",
        "A periodic callback ticks; the news is fetched once; the same message goes to every client"
        " of the set. One slow client, whose buffer is full, is dropped.",
    )
    clock(canvas, 80, 190)
    canvas.text(80, 282, "every three seconds", 24, anchor="middle", width=150)
    canvas.arrow((146, 190), (222, 190), stroke=ACCENT, thick=6)
    box(canvas, 232, 130, 210, 120, "fetch", "soft", note="once", size=30)
    canvas.arrow((446, 190), (522, 190), stroke=ACCENT, thick=6)
    box(canvas, 532, 130, 230, 120, "broadcast", "work", note="for client in …", size=30)
    for turn in range(5):
        y = 42 + turn * 89
        slow = turn == 3
        end = (1010.0, y) if not slow else (906.0, y - 28)
        if slow:
            canvas.line((766, 210), end, stroke=HOT, thick=5, dash="2 10")
            cross(canvas, 922, y - 22, 14)
        else:
            canvas.arrow((768, 164 + turn * 13), end, stroke=ACCENT, thick=5)
        browser(canvas, 1066, y, HOT if slow else ACCENT, 92, 64)
    full_buffer(canvas, 560, 330)
    return canvas.svg()


def full_buffer(canvas: Canvas, x: float, y: float) -> None:
    """Messages queued for a client that does not read them."""
    for slot in range(5):
        bar(canvas, x + slot * 30, y - 22, 24, 44, "wait")
    canvas.text(x + 75, y + 52, "buffer full: dropped", 24, HOT, weight=700, anchor="middle")
    canvas.line((x + 160, y), (890, 310), stroke=HOT, thick=3, dash="2 9")


def clock(canvas: Canvas, x: float, y: float) -> None:
    """A clock's face."""
    canvas.circle(x, y, 54, "none", INK, thick=7)
    canvas.line((x, y - 32), (x, y), (x + 22, y + 14), thick=7)
