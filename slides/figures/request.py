"""A request's way through Tornado, and three ways to write down a wait."""

from slides.figures.canvas import ACCENT, HOT, INK, MUTED, Canvas
from slides.figures.shapes import bar, box, browser, pill


def hello_parts() -> str:
    """The parts a request passes, and the loop under all of them."""
    canvas = Canvas(
        "The parts of hello",
        "A request goes from the browser to the HTTP server, to the application, which finds its"
        " route, to the get method of a request handler, which writes; the response goes back."
        " Under all of them is the event loop.",
    )
    browser(canvas, 66, 86, INK, 112, 84)
    parts = [
        (290, 220, "HTTPServer", "reads it"),
        (560, 220, "Application", "finds the route"),
        (830, 320, "RequestHandler", "its method get"),
    ]
    for x, wide, name, note in parts:
        box(canvas, x, 20, wide, 132, name, note=note, size=28)
    for start, end in [(130, 282), (516, 552), (786, 822)]:
        canvas.arrow((start, 86), (end, 86), stroke=ACCENT, thick=6)
    canvas.arrow((990, 158), (990, 256), (66, 256), (66, 140), stroke=ACCENT, thick=6)
    canvas.text(200, 56, "request", 26, ACCENT, weight=700, anchor="middle")
    canvas.text(200, 224, "response", 26, ACCENT, weight=700, anchor="middle")
    canvas.text(675, 224, 'self.write("Hello, world")', 26, INK, mono=True, anchor="middle")
    box(canvas, 10, 318, 1140, 100, "the event loop", "work", note="calls each of them", size=34)
    return canvas.svg()


ROWS = {"ask": 66.0, "wait": 186.0, "go on": 306.0}


def callback_generator_await() -> str:
    """Three ways to write one wait, along one axis of time."""
    canvas = Canvas(
        "Callback, generator, await",
        "Three columns along one axis of time: ask, wait, go on. With a callback the story jumps to"
        " another function. A generator pauses at its yield, and a runner wakes it. With await the"
        " function pauses and goes on, the story in one piece.",
    )
    for name, y in ROWS.items():
        canvas.text(10, y + 50, name, 26, MUTED, weight=700)
    for y in (178, 298):
        canvas.line((10, y), (1150, y), stroke=MUTED, thick=2, dash="2 9")
    callback(canvas, 130)
    generator(canvas, 470)
    awaiting(canvas, 800)
    return canvas.svg()


def callback(canvas: Canvas, x: float) -> None:
    """The story ends, and another function has to take it up."""
    canvas.text(x + 90, 28, "callback", 30, weight=700, anchor="middle")
    box(canvas, x, ROWS["ask"], 180, 100, "get", "soft", mono=True)
    box(canvas, x + 80, ROWS["go on"], 230, 100, "on_response", "soft", mono=True)
    canvas.curve(
        (x + 186, ROWS["ask"] + 50),
        (x + 290, ROWS["ask"] + 50),
        (x + 270, ROWS["wait"] + 60),
        (x + 215, ROWS["go on"] - 6),
        stroke=HOT,
        thick=5,
        dash="2 10",
    )
    canvas.text(x + 96, ROWS["wait"] + 50, "jumps", 26, HOT, weight=700, anchor="middle")


def generator(canvas: Canvas, x: float) -> None:
    """The story pauses, and a runner wakes it."""
    canvas.text(x + 90, 28, "generator", 30, weight=700, anchor="middle")
    pausing(canvas, x, "yield")
    runner, y = x + 262, ROWS["wait"] + 50
    canvas.circle(runner, y, 52, "none", INK)
    canvas.text(runner, y, "runner", 22, anchor="middle")
    canvas.arrow((runner, ROWS["ask"] + 50), (runner, y - 58), stroke=INK)
    canvas.line((x + 186, ROWS["ask"] + 50), (runner, ROWS["ask"] + 50))
    canvas.line((runner, y + 56), (runner, ROWS["go on"] + 50))
    canvas.arrow((runner, ROWS["go on"] + 50), (x + 188, ROWS["go on"] + 50))


def awaiting(canvas: Canvas, x: float) -> None:
    """The story pauses by itself."""
    canvas.text(x + 90, 28, "await", 30, weight=700, anchor="middle")
    pausing(canvas, x, "await")
    canvas.text(x + 200, ROWS["wait"] + 50, "one piece", 26, ACCENT, weight=700)


def pausing(canvas: Canvas, x: float, word: str) -> None:
    """One function over all three rows, at rest in the middle one."""
    bar(canvas, x, ROWS["ask"], 180, ROWS["go on"] + 100 - ROWS["ask"], "soft")
    canvas.text(x + 90, ROWS["ask"] + 50, "get", 26, weight=700, mono=True, anchor="middle")
    pill(canvas, x + 90, ROWS["wait"] + 50, word, MUTED)
    canvas.text(x + 90, ROWS["go on"] + 50, "…", 34, weight=700, anchor="middle")
