"""The server that the audience looks at: its two faces, its ways to a follower, its processes."""

from slides.figures.canvas import ACCENT, HOT, INK, MUTED, PAPER, Canvas
from slides.figures.shapes import Kind, bar, box, browser, cross, numeral, person

FOLLOWERS = (92.0, 205.0, 318.0)


def two_faces() -> str:
    """The audience's port, the speaker's port, and the one talk behind both."""
    canvas = Canvas(
        "Two faces of one server",
        "Followers reach port 8000, which is open to the network: they read, ask and vote. The"
        " speaker reaches port 8001, on this machine only and with a token: it shows slides, runs"
        " demos and opens polls. Behind both is one hub, which has the talk.",
    )
    for y in FOLLOWERS:
        browser(canvas, 56, y)
        canvas.arrow((108, y), (170, 205 + (y - 205) * 0.8), thick=5)
    face(canvas, 180, ":8000", ["read", "ask", "vote"], "soft")
    face(canvas, 690, ":8001", ["show slides", "run demos", "open polls"], "plain")
    canvas.text(325, 412, "for everybody", 28, ACCENT, weight=700, anchor="middle")
    canvas.text(835, 412, "with a token, from here", 28, weight=700, anchor="middle")
    for start, end, y in ((474, 506, 190), (686, 654, 190), (508, 476, 222), (652, 684, 222)):
        canvas.arrow((start, y), (end, y), stroke=ACCENT, thick=5)
    box(canvas, 512, 120, 136, 170, "hub", "work", note="one talk", size=34)
    canvas.arrow((1040, 205), (992, 205), thick=5)
    person(canvas, 1100, 268, tall=130, hands=((1052, 205),))
    return canvas.svg()


def face(canvas: Canvas, x: float, port: str, verbs: list[str], kind: Kind) -> None:
    """One port, and what can be done there."""
    bar(canvas, x, 30, 290, 350, kind)
    canvas.text(x + 145, 78, port, 34, ACCENT, weight=700, mono=True, anchor="middle")
    for row, verb in enumerate(verbs):
        y = 158 + row * 76
        canvas.circle(x + 46, y, 10, ACCENT if kind == "soft" else INK)
        canvas.text(x + 76, y, verb, 30)


def three_ways() -> str:
    """A frame on its way to a follower who keeps up, one who lags, and one who does not read."""
    canvas = Canvas(
        "Three ways to a follower",
        "One frame goes to three followers. The first one's socket is free: it is sent at once. The"
        " second one's is busy: it waits in a line, and all that waits is sent together when its"
        " turn comes. The third one's line is full: the connection is closed.",
    )
    box(canvas, 10, 160, 176, 120, "a frame", "work", note="made once", size=30)
    for turn, (y, name) in enumerate(
        [(78, "free: straight to the socket"), (220, "busy: in line"), (362, "full: goodbye")]
    ):
        colour = HOT if turn == 2 else ACCENT
        start = 188 + turn * 32
        canvas.line((190, start), (250, start), (250, y), (296, y), stroke=colour, thick=6)
        canvas.text(296, y - 54, name, 28, INK if turn < 2 else HOT, weight=700)
        browser(canvas, 1090, y, colour, 108, 78)
    canvas.arrow((290, 78), (1028, 78), stroke=ACCENT, thick=6)
    for slots, y in ((4, 220), (14, 362)):
        for slot in range(slots):
            bar(canvas, 300 + slot * 41, y - 28, 34, 56, "wait")
    canvas.arrow((474, 220), (1028, 220), stroke=ACCENT, thick=6)
    canvas.text(750, 256, "all of it at once, when its turn comes", 24, MUTED, anchor="middle")
    canvas.line((882, 362), (920, 362), stroke=HOT, thick=6, dash="2 11")
    cross(canvas, 962, 362, 22)
    return canvas.svg()


def news_on_the_bus() -> str:
    """Two processes, the store that both read, and the bus that only says that there is news."""
    canvas = Canvas(
        "News on the bus",
        "Two processes. A vote reaches the first one (1), which keeps it in the store (2) and says"
        " on the bus that there is news, number 18 (3). The second process reads what it lacks from"
        " the store (4), and tells its followers (5).",
    )
    bar(canvas, 330, 8, 500, 76, "work")
    canvas.text(580, 46, "bus: “there is 18”", 30, PAPER, weight=700, anchor="middle")
    bar(canvas, 330, 346, 500, 86, "plain")
    canvas.text(580, 389, "store: 1, 2, 3 … 17, 18", 30, weight=700, anchor="middle")
    for x, name in ((210, "process 1"), (710, "process 2")):
        box(canvas, x, 146, 240, 130, name, "soft", note="its copy of the talk", size=30)
    browser(canvas, 60, 211, INK, 96, 70)
    for y in (121, 211, 301):
        browser(canvas, 1100, y, INK, 96, 70)
        canvas.arrow((956, 211 + (y - 211) * 0.3), (1044, y), stroke=ACCENT, thick=5)
    canvas.arrow((114, 211), (204, 211), thick=6)
    canvas.arrow((390, 280), (390, 338), stroke=ACCENT, thick=6)
    canvas.arrow((390, 142), (390, 92), stroke=ACCENT, thick=6)
    canvas.arrow((770, 92), (770, 140), stroke=ACCENT, thick=6)
    canvas.arrow((770, 340), (770, 284), stroke=ACCENT, thick=6)
    steps = [(158, 176), (430, 310), (430, 115), (730, 310), (985, 128)]
    for step, (x, y) in enumerate(steps, 1):
        numeral(canvas, x, y, str(step))
    return canvas.svg()
