# ruff: noqa: PLR0917 - x, y, width, height and a colour are best read in their place
"""A canvas for SVG pictures that take their colours and their type from the theme.

No element has an id: the same picture may stand twice in a deck, once on a hidden slide, and a
reference to the hidden one would draw nothing. So arrow heads and hatching are plain shapes.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from xml.etree import ElementTree as ET

from slides.figures.lettering import wrap

PAPER = "var(--paper, #fbfaf7)"
INK = "var(--ink, #14213d)"
MUTED = "var(--muted, #55617a)"
ACCENT = "var(--accent, #0b6b82)"
HOT = "var(--hot, #b4430c)"
LINE = "var(--line, #d9d4c7)"
CARD = "var(--code-paper, #f1efe8)"
SANS = (
    "var(--sans, 'Avenir Next', 'Segoe UI', 'Helvetica Neue', 'Noto Sans',"
    " 'DejaVu Sans', sans-serif)"
)
MONO = "var(--mono, ui-monospace, 'Cascadia Code', Menlo, Consolas, 'DejaVu Sans Mono', monospace)"

Point = tuple[float, float]


class Canvas:
    """A picture of `width` by `height` units; `title` names it and `desc` tells what it shows."""

    def __init__(self, title: str, desc: str, width: float = 1160, height: float = 440) -> None:
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "class": "figure",
                "viewBox": f"0 0 {number(width)} {number(height)}",
                "role": "img",
                "aria-label": title,
                "font-family": SANS,
                "stroke-linecap": "round",
                "stroke-linejoin": "round",
            },
        )
        ET.SubElement(self.root, "title").text = title
        ET.SubElement(self.root, "desc").text = desc
        self._parent = self.root

    def svg(self) -> str:
        """The picture as text, one element a line."""
        ET.indent(self.root)
        return ET.tostring(self.root, encoding="unicode") + "\n"

    @contextmanager
    def group(self, name: str, opacity: float | None = None) -> Iterator[None]:
        """What is drawn inside belongs together, under the class `name`."""
        outer = self._parent
        self._parent = self._add("g", **{"class": name, "opacity": opacity})
        yield
        self._parent = outer

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str = "none",
        stroke: str | None = None,
        *,
        radius: float = 14,
        thick: float = 3,
        tint: float | None = None,
        dash: str | None = None,
    ) -> None:
        """A rounded rectangle; `tint` is the opacity of its fill."""
        radius = min(radius, width / 2, height / 2)
        where = {"x": x, "y": y, "width": width, "height": height, "rx": radius}
        self._shape("rect", where, fill, stroke, thick, tint, dash)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        fill: str = "none",
        stroke: str | None = None,
        *,
        thick: float = 3,
        tint: float | None = None,
        dash: str | None = None,
    ) -> None:
        """A circle around (x, y)."""
        self._shape("circle", {"cx": x, "cy": y, "r": radius}, fill, stroke, thick, tint, dash)

    def path(
        self,
        d: str,
        stroke: str | None = INK,
        fill: str = "none",
        *,
        thick: float = 4,
        tint: float | None = None,
        dash: str | None = None,
    ) -> None:
        """A path, drawn as a line unless it has a fill."""
        self._shape("path", {"d": d}, fill, stroke, thick, tint, dash)

    def line(
        self, *points: Point, stroke: str = INK, thick: float = 4, dash: str | None = None
    ) -> None:
        """A line through the points, its corners rounded."""
        self.path(rounded(points), stroke, thick=thick, dash=dash)

    def arrow(
        self, *points: Point, stroke: str = INK, thick: float = 4, dash: str | None = None
    ) -> None:
        """A line through the points with a head at the last one."""
        end = self._head(points[-2], points[-1], stroke, thick)
        self.line(*points[:-1], end, stroke=stroke, thick=thick, dash=dash)

    def curve(
        self,
        start: Point,
        bend: Point,
        bend_again: Point,
        end: Point,
        *,
        stroke: str = INK,
        thick: float = 4,
        dash: str | None = None,
    ) -> None:
        """A curved arrow: a cubic from start to end with its two control points."""
        neck = self._head(bend_again, end, stroke, thick)
        d = f"M{_at(start)} C{_at(bend)} {_at(bend_again)} {_at(neck)}"
        self.path(d, stroke, thick=thick, dash=dash)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 24,
        colour: str = INK,
        *,
        weight: int = 400,
        anchor: str = "start",
        mono: bool = False,
        width: float | None = None,
    ) -> None:
        """Text whose block is centred on the height y, in lines of at most `width`."""
        lines = wrap(text, width or math.inf, size, weight, mono)
        leading = size * 1.25
        first = y - leading * (len(lines) - 1) / 2 + size * 0.36
        for row, line in enumerate(lines):
            face = {"font-family": MONO if mono else None, "text-anchor": anchor, "fill": colour}
            at = {"x": x, "y": first + row * leading, "font-size": size, "font-weight": weight}
            self._add("text", **at, **face).text = line

    def _head(self, before: Point, tip: Point, colour: str, thick: float) -> Point:
        """Draw an arrow head at `tip`, coming from `before`; return where its line should end."""
        long = 8 + thick * 2.4
        angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
        back = (tip[0] - long * math.cos(angle), tip[1] - long * math.sin(angle))
        wide = (long * 0.52 * math.sin(angle), -long * 0.52 * math.cos(angle))
        left = (back[0] + wide[0], back[1] + wide[1])
        right = (back[0] - wide[0], back[1] - wide[1])
        self.path(f"M{_at(tip)} L{_at(left)} L{_at(right)} Z", colour, colour, thick=2)
        return back

    def _shape(
        self,
        tag: str,
        where: Mapping[str, object],
        fill: str,
        stroke: str | None,
        thick: float,
        tint: float | None,
        dash: str | None,
    ) -> None:
        paint: dict[str, object] = {"fill": fill, "fill-opacity": tint, "stroke": stroke}
        if stroke is not None:
            paint |= {"stroke-width": thick, "stroke-dasharray": dash}
        self._add(tag, **where, **paint)

    def _add(self, tag: str, **attributes: object) -> ET.Element:
        given = {key: value for key, value in attributes.items() if value is not None}
        texts = {
            key: number(value) if isinstance(value, int | float) else str(value)
            for key, value in given.items()
        }
        return ET.SubElement(self._parent, tag, texts)


def number(value: float) -> str:
    """A length as SVG writes it: a tenth of a unit is fine enough, opacities aside."""
    return f"{round(value, 1) + 0.0:g}" if abs(value) >= 1 else f"{round(value, 2) + 0.0:g}"


def rounded(points: tuple[Point, ...], radius: float = 16) -> str:
    """The path through the points, with each corner cut by an arc of about `radius`."""
    d = f"M{_at(points[0])}"
    for (before, corner), (_, after) in pairwise(pairwise(points)):
        d += f" L{_at(_towards(corner, before, radius))}"
        d += f" Q{_at(corner)} {_at(_towards(corner, after, radius))}"
    return d + f" L{_at(points[-1])}"


def _towards(start: Point, end: Point, length: float) -> Point:
    distance = math.dist(start, end)
    share = min(length, distance / 2) / distance if distance else 0
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)


def _at(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"
