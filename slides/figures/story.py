"""The story around the code: where Tornado comes from, where it sits, and the road of the talk."""

from slides.figures.canvas import ACCENT, INK, LINE, MUTED, PAPER, Canvas
from slides.figures.lettering import measure
from slides.figures.shapes import bar

YEARS = [
    ("2009", "FriendFeed’s server, opened by Facebook"),
    ("2011", "2.1: callbacks, as in this talk’s first version"),
    ("2013", "3.0: futures and coroutines"),
    ("2015", "4.3: async and await"),
    ("2018", "5.0: on asyncio’s loop"),
    ("2019", "6.0: Python 3 only, no callback arguments"),
    ("today", "6.6: small, fast, still simple"),
]


def history() -> str:
    """Tornado's years on a line."""
    told = "; ".join(f"{year}, {what}" for year, what in YEARS)
    canvas = Canvas("Tornado’s history", f"A line of years: {told}.")
    canvas.line((12, 220), (1148, 220), stroke=LINE, thick=8)
    canvas.line((12, 220), (1060, 220), stroke=ACCENT, thick=8)
    for turn, (year, what) in enumerate(YEARS):
        x, above = 110 + turn * 156.6, turn % 2 == 0
        marked = year in ("2011", "today")
        canvas.circle(x, 220, 17 if marked else 13, ACCENT if marked else PAPER, ACCENT, thick=5)
        canvas.line((x, 196 if above else 244), (x, 172 if above else 268), stroke=MUTED, thick=3)
        canvas.text(x, 146 if above else 294, year, 34, ACCENT, weight=700, anchor="middle")
        canvas.text(x, 84 if above else 362, what, 23, anchor="middle", width=218)
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
    canvas.text(1018, 360, "server + event loop", 24, PAPER, weight=700, anchor="middle")
    return canvas.svg()


def map_of(chapters: list[tuple[str, float]]) -> str:
    """The talk's chapters, (title, minutes) each, as stations on a winding road."""
    told = "; ".join(f"{title}, {_minutes(minutes)}" for title, minutes in chapters)
    rows = max(1, -(-len(chapters) // 4))
    canvas = Canvas("The road of this talk", f"Stations in order: {told}.", height=rows * 146 + 12)
    places = []
    for turn in range(len(chapters)):
        row, column = divmod(turn, 4)
        places.append((145 + 290 * (column if row % 2 == 0 else 3 - column), 30 + row * 146.0))
    road(canvas, places)
    for turn, ((x, y), (title, minutes)) in enumerate(zip(places, chapters, strict=True), 1):
        canvas.circle(x, y, 24, ACCENT, PAPER, thick=6)
        canvas.text(x, y, str(turn), 24, PAPER, weight=700, anchor="middle")
        size = 26 if measure(title, 26, 700) <= 270 else 23
        canvas.text(x, y + 50, title, size, weight=700, anchor="middle")
        canvas.text(x, y + 82, _minutes(minutes), 22, MUTED, anchor="middle")
    return canvas.svg()


def road(canvas: Canvas, places: list[tuple[float, float]]) -> None:
    """The road through the places, turning outwards at the end of each row."""
    d = ""
    for (x, y), (next_x, next_y) in zip(places, places[1:], strict=False):
        d += f"M{x:g} {y:g} "
        if next_y == y:
            d += f"H{next_x:g} "
            continue
        out = 205 if x > 580 else -205
        d += f"C{x + out:g} {y:g} {x + out:g} {next_y:g} {next_x:g} {next_y:g} "
    if d:
        canvas.path(d.strip(), LINE, thick=14)


def _minutes(minutes: float) -> str:
    return f"{minutes:g} min"
