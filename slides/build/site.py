"""Puts the deck together: the talk, the front page, a page for each program, and the assets."""

import datetime
import importlib
import json
import platform
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound

from demos.catalog import Demo, demos
from slides.build import assets, speaker, tab
from slides.build.cache import used_demos
from slides.build.convert import linked_files, page_of, pages, slide_ids
from slides.build.kept import replacing
from slides.build.programs import as_json, modules
from slides.notebook import NOTEBOOKS, ROOT, Chapter
from slides.schedule import minutes

PANEL = r'(?=<figure class="recording" data-program="(\w+)")(<figure .*?</figure>)'
TITLE = "Asynchronous Python, told with Tornado"


@dataclass
class Section:
    """A chapter as the pages' templates want it."""

    chapter: Chapter
    html: Markup

    def __post_init__(self) -> None:
        self.topic = self.chapter.topic
        self.title = self.chapter.title
        self.question = self.chapter.question
        self.minutes = minutes(self.chapter)
        self.is_deep_dive = self.chapter.is_deep_dive
        ids = slide_ids(self.chapter)
        self.slides, self.first = len(ids), ids[0] if ids else ""


def write_site(
    out: Path, chapters: list[tuple[Chapter, str]], events: str = "", snapshot: bool = False
) -> None:
    """Write the whole deck to the folder `out`, in the place of the old one.

    `chapters` are in the talk's order, each with its sections. The pages listen to the
    address `events`, if there is one: that of `make watch`. With `snapshot` a program in a tab
    starts from a process's memory.
    """
    with replacing(out) as new:
        write_pages(new, chapters, events)
        shutil.copytree(assets.bundled(), new, dirs_exist_ok=True)
        tab.write(new, snapshot)


def write_pages(out: Path, chapters: list[tuple[Chapter, str]], events: str = "") -> None:
    """Write the pages, and none of the assets."""
    sections = [Section(chapter, Markup(html)) for chapter, html in chapters]
    welcome = NOTEBOOKS / "figures" / "welcome.svg"
    common: dict[str, Any] = {
        "title": TITLE,
        "language": "en",
        "events": events,
        "chapters": sections,
        "demos": demos(),
        "minutes": sum(section.minutes for section in sections if not section.is_deep_dive),
        "slides": sum(section.slides for section in sections),
        "versions": {"python": platform.python_version(), "tornado": version("tornado")},
        "date": datetime.date.today().isoformat(),
        "welcome": Markup(welcome.read_text(encoding="utf-8")) if welcome.exists() else "",
    }
    write_page(out / "talk.html", "talk.html", programs=as_json(common["demos"]), **common)
    # Apart from the page: only who can run a package needs its modules.
    (out / "modules.json").write_text(json.dumps(modules(common["demos"])), encoding="utf-8")
    slides = speaker.facts((chapter, slide_ids(chapter)) for chapter, _ in chapters)
    write_page(out / "speaker.html", "speaker.html", told=speaker.as_json(slides), **common)
    panels = recorded_panels(html for _, html in chapters)
    write_page(out / "index.html", "index.html", **common)
    for demo in common["demos"]:
        shown = {"demo": demo, "source": highlighted(demo.path), "files": demo_files(demo)}
        shown |= {"programs": as_json([demo]), "panel": panels.get(demo.name) or bare_panel(demo)}
        write_page(out / page_of(f"demos/{demo.name}.py"), "demo.html", **common | shown)
    for name in sorted(set().union(*(linked_files(chapter) for chapter, _ in chapters))):
        path = ROOT / name
        shown = {"demo": None, "name": name, "source": highlighted(path), "files": []}
        write_page(out / page_of(name), "demo.html", **common | shown)


def recorded_panels(sections: Iterable[str]) -> dict[str, Markup]:
    """The panel of each program that the talk runs, by the program's name: the first one."""
    panels: dict[str, Markup] = {}
    for html in sections:
        for name, panel in re.findall(PANEL, html, re.DOTALL):
            panels.setdefault(name, Markup(re.sub(r' data-region="[\d-]+"', "", panel, count=1)))
    return panels


def bare_panel(demo: Demo) -> Markup:
    """The panel of a program that no slide runs."""
    said = transcript(demo)
    return Markup(pages().get_template("unrecorded.html").render(demo=demo, said=said))


def transcript(demo: Demo) -> str:
    """What a program that cannot be run for the deck said when its author ran it, if he kept it."""
    if demo.name == demo.path.stem:
        return ""
    package = importlib.import_module(f"demos.{demo.name}")
    return package.transcript() if hasattr(package, "transcript") else ""


def write_page(path: Path, template: str, **context: Any) -> None:
    """Render one template to a file; the template is told the way back to the deck's top."""
    path.parent.mkdir(parents=True, exist_ok=True)
    up = "../" if path.parent.name in ("demos", "files") else ""
    path.write_text(pages().get_template(template).render(up=up, **context), encoding="utf-8")


def demo_files(demo: Demo) -> list[tuple[str, Markup]]:
    """A demo's other modules and its pages, each with its name and its highlighted text."""
    used = used_demos([f"demos.{demo.name}"])
    pages = [path for path in used if path.suffix == ".html"]
    return [(path.name, highlighted(path)) for path in (*demo.modules, *pages)]


def highlighted(path: Path) -> Markup:
    """A file's text with its syntax marked."""
    return _marked(path.name, path.read_text(encoding="utf-8"))


@cache  # `make watch` asks again at every save
def _marked(name: str, text: str) -> Markup:
    try:
        lexer = get_lexer_for_filename(name)
    except ClassNotFound:
        lexer = TextLexer()
    return Markup(highlight(text, lexer, HtmlFormatter()))
