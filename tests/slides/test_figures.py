"""The pictures are sound SVG, legible, in the theme's colours, and true to their data."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from slides import figures
from slides.figures import prices
from slides.figures.lettering import measure, wrap

SVG = "{http://www.w3.org/2000/svg}"
THEME = Path(figures.__file__).parents[1] / "theme" / "theme.css"
TOKEN = re.compile(r"var\((--[a-z-]+), ([^()]+)\)")


@dataclass
class Span:
    """What a program records of something that ran."""

    name: str
    start: float
    end: float


CHAPTERS = [(f"A chapter with a long title, {turn}", 1.5 * turn) for turn in range(1, 13)]
SPANS = [Span("kettle", 10.0, 10.4), Span("toast", 10.1, 10.2), Span("shower", 10.0, 10.8)]


def price(cpu_us: float, **more: float) -> dict[str, float]:
    """What a server's runs came to."""
    said = {"burst_cpu_us": cpu_us / 2, "last_p50_ms": 31.4, "last_p99_ms": 62.81, "kb": 15.1}
    return {"alone_cpu_us": cpu_us, "steady_cpu_us": cpu_us, **said, **more}


SERVERS: dict[str, Any] = {
    prices.PLAIN: price(40, last_p99_ms=480, kb=120),
    "aiohttp": price(16),
    "aiohttp, uvloop": price(12),
    prices.OURS: price(9),
    prices.FLOOR: price(7.5),
    "Node, ws": {"runs": [], "failed": ["it was not there"]},
}
ROOM = prices.Prices(
    {
        "followers": {"100": {prices.OURS: price(5)}, "10000": SERVERS, "20000": {prices.OURS: {}}},
        "rounds": 5,
        "bytes": 200,
        "burst": 4,
        "date": "2026-11-21",
        "python": "3.11.7",
        "platform": "Linux 6.1 x86_64",
        "cores": 2,
        "versions": {"tornado": "6.6.1"},
    }
)


def _timeline(spans: list[Span]) -> str:
    return figures.timeline(spans).svg


PICTURES: dict[str, Callable[[], str]] = {
    **figures.DRAWINGS,
    "map": partial(figures.map_of, CHAPTERS),
    "timeline": partial(_timeline, SPANS),
    "prices": lambda: ROOM.chart().svg,
}


@pytest.fixture(params=PICTURES)
def picture(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Each picture there is, by what draws it."""
    return PICTURES[request.param]


def bars(svg: str) -> list[dict[str, float]]:
    """The bars of a timeline, in the order in which they are drawn."""
    rects = ET.fromstring(svg).findall(f"{SVG}g/{SVG}rect")
    return [{key: float(rect.get(key, "nan")) for key in ("x", "y", "width")} for rect in rects]


def texts(svg: str) -> list[str]:
    """What is written in a picture."""
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]


def test_every_picture_is_well_formed_and_says_what_it_shows(picture: Callable[[], str]) -> None:
    """It parses as an SVG image that has a title and a description."""
    root = ET.fromstring(picture())
    assert root.tag == f"{SVG}svg"
    assert (root.get("class"), root.get("role")) == ("figure", "img")
    assert root.findtext(f"{SVG}title")
    assert len(root.findtext(f"{SVG}desc") or "") > 40


def test_every_picture_is_drawn_the_same_twice(picture: Callable[[], str]) -> None:
    """Drawing again gives the same text, so that a difference in the repository is a change."""
    assert picture() == picture()


def test_pictures_can_stand_in_one_page_together(picture: Callable[[], str]) -> None:
    """No element has an id or a style sheet that would reach another picture."""
    for element in ET.fromstring(picture()).iter():
        assert element.tag not in (f"{SVG}style", f"{SVG}defs")
        assert "id" not in element.attrib


def test_every_colour_is_one_of_the_themes(picture: Callable[[], str]) -> None:
    """Each fill and stroke is a token with the theme's own value to fall back on."""
    light = THEME.read_text(encoding="utf-8").partition("}")[0]
    theme = dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]{6});", light))
    used: set[str] = set()
    for element in ET.fromstring(picture()).iter():
        used |= {element.get("fill", "none"), element.get("stroke", "none")} - {"none"}
    assert used
    for colour in used:
        token = TOKEN.fullmatch(colour)
        assert token, colour
        assert theme[token[1]] == token[2]


def test_every_text_is_large_and_inside_its_picture(picture: Callable[[], str]) -> None:
    """Set in the widest face of the theme, no text is small or leaves the view box."""
    root = ET.fromstring(picture())
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for text in root.iter(f"{SVG}text"):
        size, x, y = (float(text.get(key, "nan")) for key in ("font-size", "x", "y"))
        mono = "font-family" in text.attrib
        wide = measure(text.text or "", size, int(text.get("font-weight", 400)), mono)
        left = x - wide * {"middle": 0.5, "end": 1}.get(text.get("text-anchor", "start"), 0)
        assert size >= 22, text.text
        assert left >= 0, text.text
        assert left + wide <= width, text.text
        assert size * 0.7 <= y <= height - size * 0.2, text.text


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A page in a real Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        told = "chromium is not installed: sudo apt-get install chromium"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install -e .[test]")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1160, "height": 800})
        browser.close()


def test_texts_do_not_overlap_in_a_real_browser(page: Any) -> None:
    """In Chromium every text of every picture is inside it, and none lies on another."""
    page.set_content(
        "".join(f"<div data-name={name}>{draw()}</div>" for name, draw in PICTURES.items())
    )
    boxes = page.evaluate(
        """() => [...document.querySelectorAll("div")].map(div => {
            const rect = shape => {
                const box = shape.getBBox()
                return [box.x, box.y, box.x + box.width, box.y + box.height]
            }
            const svg = div.querySelector("svg"), view = svg.viewBox.baseVal
            const texts = [...svg.querySelectorAll("text")]
            return {name: div.dataset.name, all: rect(svg), view: [view.width, view.height],
                    texts: texts.map(text => [text.textContent, ...rect(text)])}
        })"""
    )
    assert len(boxes) == len(PICTURES)
    for drawn in boxes:
        width, height = drawn["view"]
        left, top, right, bottom = drawn["all"]
        assert left >= 0, drawn["name"]
        assert top >= 0, drawn["name"]
        assert right <= width, drawn["name"]
        assert bottom <= height, drawn["name"]
        for one, other in combinations(drawn["texts"], 2):
            apart = (
                one[3] <= other[1] + 2
                or other[3] <= one[1] + 2
                or one[4] <= other[2] + 6  # the boxes of two lines share the descenders' room
                or other[4] <= one[2] + 6
            )
            assert apart, (drawn["name"], one, other)


def test_a_timeline_has_a_lane_for_each_name_in_order_of_first_start() -> None:
    """Lanes go down in the order in which the spans started, however they are given."""
    spans = [Span("last", 0.3, 0.4), Span("first", 0.0, 0.1), Span("second", 0.1, 0.3)]
    again = [*spans, Span("first", 0.5, 0.6)]
    written = texts(figures.timeline(again).svg)
    assert [text for text in written if text in ("first", "second", "last")] == [
        "first",
        "second",
        "last",
    ]
    heights = [bar["y"] for bar in bars(figures.timeline(again).svg)]
    assert heights[0] == heights[1] < heights[2] < heights[3]


def test_a_timelines_bars_are_as_long_as_what_ran() -> None:
    """Bars start and end in proportion to the spans, whatever the clock's zero."""
    kettle, shower, toast = bars(figures.timeline(SPANS).svg)
    whole = shower["width"]
    assert kettle["width"] / whole == pytest.approx(0.5, abs=0.01)
    assert toast["width"] / whole == pytest.approx(0.125, abs=0.01)
    assert (toast["x"] - kettle["x"]) / whole == pytest.approx(0.125, abs=0.01)


def test_two_timelines_on_one_axis_have_one_scale() -> None:
    """A shorter run, drawn until the end of a longer one, has bars of the longer one's scale."""
    short = bars(figures.timeline([Span("kettle", 0, 4)], until=8).svg)[0]
    long = bars(figures.timeline([Span("kettle", 0, 8)]).svg)[0]
    assert short["x"] == long["x"]
    assert short["width"] / long["width"] == pytest.approx(0.5, abs=0.01)


def test_a_timeline_says_durations_and_the_total_in_its_unit() -> None:
    """The numbers come from the spans, and the unit says what they count."""
    assert {"0.40 s", "0.10 s", "0.80 s", "0.80 s in all"} <= set(
        texts(figures.timeline(SPANS).svg)
    )
    assert "0.80 min in all" in texts(figures.timeline(SPANS, unit="min").svg)


def test_spans_of_one_name_that_overlap_do_not_hide_each_other() -> None:
    """Two at once get two lanes, two in turn share one."""
    at_once = bars(figures.timeline([Span("fetch", 0, 2), Span("fetch", 1, 3)]).svg)
    in_turn = bars(figures.timeline([Span("fetch", 0, 2), Span("fetch", 2, 3)]).svg)
    assert len({bar["y"] for bar in at_once}) == 2
    assert len({bar["y"] for bar in in_turn}) == 1


def test_a_cell_that_ends_in_a_timeline_shows_it() -> None:
    """A notebook takes the figure's SVG as the HTML of its output."""
    figure = figures.timeline(SPANS)
    assert figure._repr_html_() == figure.svg
    assert figure.svg.startswith("<svg")


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        ([], "at least one span"),
        ([Span("kettle", 2, 1)], "kettle ends before it starts"),
    ],
)
def test_a_timeline_refuses_what_it_cannot_draw(spans: list[Span], told: str) -> None:
    """Nothing to draw, and a span that ends first, are named."""
    with pytest.raises(ValueError, match=told):
        figures.timeline(spans)


def test_an_instant_and_a_long_name_still_make_a_picture() -> None:
    """A span of no length is a thin bar; a name too long for its column is cut."""
    svg = figures.timeline([Span("a name that goes on and on and on and on and on", 1, 1)]).svg
    assert bars(svg)[0]["width"] > 0
    assert any(text.endswith("…") for text in texts(svg))


def test_prices_are_those_of_the_most_followers_that_were_held() -> None:
    """A number at which the room itself failed does not count."""
    assert ROOM.followers == 10_000
    assert "<strong>10,000 followers</strong>" in ROOM.held()


def test_a_bar_of_the_prices_is_as_long_as_the_price() -> None:
    """From the cheapest to the dearest; joined messages have a bar, a failed server has none."""
    drawn = bars(ROOM.chart().svg)
    assert [bar["y"] for bar in drawn] == sorted(bar["y"] for bar in drawn)
    lengths = [bar["width"] / drawn[-1]["width"] for bar in drawn]
    assert lengths == pytest.approx([4.5 / 40, 7.5 / 40, 9 / 40, 12 / 40, 1], abs=0.001)
    names = ["this room, 4 joined", "C, a loop of send", "this room", "aiohttp"]
    assert [each for each in texts(ROOM.chart().svg) if each in names] == names


def test_prices_are_told_as_multiples_of_the_floor_and_of_the_room() -> None:
    """Nothing is typed: each figure is divided from two that were measured."""
    assert {"× 1.0", "× 1.2", "× 5.3"} <= set(texts(ROOM.chart().svg))  # noqa: RUF001
    assert "<strong>1.2 times</strong>" in ROOM.against()
    assert "<code>write_message</code>: 4.4 times this room" in ROOM.against()


def test_a_table_of_prices_has_the_dearest_first_and_the_room_last() -> None:
    """A server that was not measured is left out; the caption tells how the others were."""
    table = ROOM.table("aiohttp", prices.PLAIN, "Node, ws", "picows").svg
    heads = re.findall(r"<tr><th>([^<]+)</th>(.+?)</tr>", table)
    assert [name for name, _ in heads] == ["Tornado, write_message", "aiohttp", "this room"]
    assert re.findall(r"<td>(.+?)</td>", heads[0][1]) == ["480", "120", "40", "5.3"]
    assert re.findall(r"<td>(.+?)</td>", heads[2][1]) == ["63", "15", "9.0", "1.2"]
    assert "200 bytes to each of 10,000, 5 rounds; 2026-11-21, Linux, 2 cores" in table


def test_prices_know_the_servers_that_the_benchmark_measures() -> None:
    """The names in the recorded result are those that the slides ask for."""
    measured = prices.room()
    assert prices.FLOOR in measured.servers
    assert measured.times(prices.OURS, of=prices.OURS) == 1


def test_the_map_names_every_chapter_and_its_minutes() -> None:
    """Titles and minutes stand on the road in the talk's order."""
    told = ET.fromstring(figures.map_of([("Hello", 5), ("Push & pull", 7.5)])).findtext(
        f"{SVG}desc"
    )
    assert told == "Stations in order: Hello, 5 min; Push & pull, 7.5 min."
    written = texts(figures.map_of([("Hello", 5), ("Push & pull", 7.5)]))
    assert written == ["1", "Hello", "5 min", "2", "Push & pull", "7.5 min"]


def test_wrapped_lines_keep_every_word_and_fit() -> None:
    """Wrapping loses no word, and only a single word may be wider than asked for."""
    lines = wrap("the answer is as long as the slowest of them", 200, 24)
    assert " ".join(lines) == "the answer is as long as the slowest of them"
    assert len(lines) > 1
    assert all(measure(line, 24) <= 200 for line in lines)
    assert wrap("unbreakable", 10, 24) == ["unbreakable"]
