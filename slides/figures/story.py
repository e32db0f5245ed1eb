# ruff: noqa: RUF001 - the apostrophes are typographic, as on the slides
"""The story around the code: where Tornado comes from, where it sits, and the road of the talk."""

from itertools import pairwise

from slides.figures.canvas import ACCENT, INK, LINE, MUTED, PAPER, Canvas, Point, rounded
from slides.figures.lettering import wrap
from slides.figures.shapes import bar

COLUMNS = 5

YEARS = [
    ("2009", "FriendFeed’s server, opened by Facebook"),
    ("2011", "2.1: callbacks, as in this talk’s first version"),
    ("2013", "3.0: futures and coroutines"),
    ("2015", "4.3: async and await"),
    ("2018", "5.0: on asyncio’s loop"),
    ("2019", "6.0: Python 3 only, no callback arguments"),
    ("today", "6.6: still small and simple"),
]


def history() -> str:
    """Tornado's years on a line."""
    told = "; ".join(f"{year}, {what}" for year, what in YEARS)
    canvas = Canvas("Tornado’s history", f"A line of years: {told}.")
    canvas.line((12, 220), (1148, 220), stroke=LINE, thick=8)
    canvas.line((12, 220), (1040, 220), stroke=ACCENT, thick=8)
    for turn, (year, what) in enumerate(YEARS):
        x, side = 122 + turn * 153, -1 if turn % 2 == 0 else 1
        marked = year in ("2011", "today")
        canvas.circle(x, 220, 17 if marked else 13, ACCENT if marked else PAPER, ACCENT, thick=5)
        canvas.line((x, 220 + side * 26), (x, 220 + side * 44), stroke=MUTED, thick=3)
        canvas.text(x, 220 + side * 70, year, 34, ACCENT, weight=700, anchor="middle")
        away = 98 + 15 * len(wrap(what, 240, 24))
        canvas.text(x, 220 + side * away, what, 24, anchor="middle", width=240)
    return canvas.svg()


FRAMEWORKS = [
    ("Django", ["models", "forms", "admin"]),
    ("Flask", ["routes", "templates", "a small core"]),
    ("FastAPI", ["a typed API", "validation", "its own docs"]),
    ("Tornado", ["routes, templates", "websockets", "an HTTP client"]),
]


def where_it_sits() -> str:
    """What four frameworks bring, and what serves them."""
    canvas = Canvas(
        "What each framework brings",
        "Django: models, forms, admin. Flask: routes, templates. FastAPI: a typed API. All three"
        " run in a server from elsewhere. Tornado brings websockets and a client, and the server"
        " and its event loop are included.",
    )
    for turn, (name, brings) in enumerate(FRAMEWORKS):
        x, ours = 10 + turn * 292, name == "Tornado"
        canvas.text(x + 132, 30, name, 34, ACCENT if ours else INK, weight=700, anchor="middle")
        for row, what in enumerate(brings):
            bar(canvas, x, 66 + row * 76, 264, 64, "soft" if ours else "plain")
            canvas.text(x + 132, 98 + row * 76, what, 26, anchor="middle")
    bar(canvas, 10, 318, 848, 84, "idle")
    canvas.text(434, 360, "a server from elsewhere, WSGI or ASGI", 28, MUTED, anchor="middle")
    bar(canvas, 886, 318, 264, 84, "work")
    canvas.text(1018, 360, "the server\nand its loop", 28, PAPER, weight=700, anchor="middle")
    return canvas.svg()


def map_of(chapters: list[tuple[str, float]]) -> str:
    """The talk's chapters, (title, minutes) each, as stations on a winding road."""
    told = "; ".join(f"{title}, {_minutes(minutes)}" for title, minutes in chapters)
    rows = max(1, -(-len(chapters) // COLUMNS))
    canvas = Canvas("The road of this talk", f"Stations in order: {told}.", height=rows * 206 + 6)
    places: list[Point] = []
    for turn in range(len(chapters)):
        row, column = divmod(turn, COLUMNS)
        steps = column if row % 2 == 0 else COLUMNS - 1 - column
        places.append((152.0 + 214 * steps, 36.0 + row * 206))
    road(canvas, places)
    for turn, ((x, y), (title, minutes)) in enumerate(zip(places, chapters, strict=True), 1):
        canvas.circle(x, y, 27, ACCENT, PAPER, thick=7)
        canvas.text(x, y, str(turn), 26, PAPER, weight=700, anchor="middle")
        lines = len(wrap(title, 200, 24, 700))
        canvas.text(x, y + 42 + 15 * lines, title, 24, weight=700, anchor="middle", width=200)
        canvas.text(x, y + 60 + 30 * lines, _minutes(minutes), 22, MUTED, anchor="middle")
    return canvas.svg()


def road(canvas: Canvas, places: list[Point]) -> None:
    """The road through the places, turning back outside the last one of each row."""
    through: list[Point] = []
    for here, there in pairwise(places):
        through.append(here)
        if there[1] != here[1]:
            outside = 1142.0 if here[0] > 580 else 18.0
            through += [(outside, here[1]), (outside, there[1])]
    if through:
        canvas.path(rounded((*through, places[-1]), 60), LINE, thick=14)


def _minutes(minutes: float) -> str:
    return f"{minutes:g} min"
