"""Converts an executed chapter to the sections of the deck, with nbconvert."""

import base64
import json
import mimetypes
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML

from slides.build.programs import note_regions
from slides.build.speaker import PollError, poll
from slides.build.strip import lag_strip
from slides.notebook import ROOT, SLIDE_TYPES, Chapter, Slide

THEME = ROOT / "slides" / "theme"
RECORDING = "application/vnd.slides.recording+json"


class ConvertError(Exception):
    """A notebook that cannot become slides; the text says which cell, and why."""


def convert(chapter: Chapter, notebook: Any) -> str:
    """Give the chapter's slides as HTML sections; `notebook` is the chapter with its outputs.

    The ids of the sections are the same as long as chapter and headings are.
    """
    exporter = _exporter()
    mark(chapter, notebook)
    note_regions(notebook.cells)
    links = Links(chapter.path)
    exporter.register_filter("deck_links", links)
    exporter.register_filter("recording", recording_panel)
    html, _ = exporter.from_notebook_node(notebook)
    return html


def mark(chapter: Chapter, notebook: Any) -> None:
    """Note on each cell what the template needs: its role, and where a slide begins or ends."""
    last = None
    slides = iter(zip(chapter.slides, slide_ids(chapter), strict=True))
    for number, cell in enumerate(notebook.cells, 1):
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if kind not in SLIDE_TYPES:
            raise ConvertError(
                f"{chapter.path.name}, cell {number}: slide_type is {kind!r}; "
                f"write one of {', '.join(SLIDE_TYPES)}"
            )
        cell.metadata["role"] = kind
        if kind in ("slide", "subslide"):
            slide, ident = next(slides)
            cell.metadata["slide"] = {
                "id": ident,
                "title": slide.title or chapter.title,
                "seconds": round((slide.minutes or 0) * 60),
                "poll": public_poll(chapter, slide, ident),
                "opener": slide.shown[0].source.startswith("# "),
            }
            if last is not None:
                last.metadata["slide_end"] = True
        elif last is None:
            # What stands before the first slide belongs to none.
            cell.metadata["role"] = "skip"
            continue
        last = cell
    if last is not None:
        last.metadata["slide_end"] = True


def public_poll(chapter: Chapter, slide: Slide, ident: str) -> str:
    """A slide's poll without its answer, as JSON; empty where there is none."""
    try:
        asked = poll(slide, ident)
    except PollError as error:
        raise ConvertError(f"{chapter.path.name}, slide {slide.number}: {error}") from None
    return json.dumps({**asked, "answer": None}, ensure_ascii=False) if asked else ""


def slide_ids(chapter: Chapter) -> list[str]:
    """The ids of the chapter's slides, such as `hello-first-step-hello-world`."""
    ids: list[str] = []
    for slide in chapter.slides:
        plain = unicodedata.normalize("NFKD", slide.title).encode("ascii", "ignore").decode()
        words = re.findall(r"[a-z0-9]+", plain.lower())
        base = "-".join([chapter.topic.replace("_", "-"), *words])
        again = sum(each == base or re.fullmatch(rf"{base}-\d+", each) is not None for each in ids)
        ids.append(f"{base}-{again + 1}" if again else base)
    return ids


class Links:
    """A filter that turns a notebook's links and pictures into the deck's."""

    def __init__(self, notebook: Path) -> None:
        self.notebook = notebook
        self.drawn = 0

    def __call__(self, html: str) -> str:
        """Put pictures in line and lead links on files to their pages in the deck."""
        html = re.sub(r'<p><img src="([^":]+\.svg)" alt="([^"]*)" ?/?></p>', self._drawing, html)
        html = re.sub(r'(?<=<img src=")([^":]+)(?=")', self._image, html)
        return re.sub(r'<a href="\.\./([^"#]+)"', self._link, html)

    def _drawing(self, found: re.Match[str]) -> str:
        svg = self._file(found[1]).read_text(encoding="utf-8")
        svg = re.sub(r"<\?xml.*?\?>\s*", "", svg)
        self.drawn += 1
        svg = apart(svg, f"{self.notebook.stem}-{self.drawn}-")
        return f'<figure role="img" aria-label="{found[2]}">{svg}</figure>'

    def _image(self, found: re.Match[str]) -> str:
        path = self._file(found[1])
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"

    def _file(self, name: str) -> Path:
        path = self.notebook.parent / unquote(name)
        if not path.is_file():
            raise ConvertError(f"{self.notebook.name}: there is no picture {name}; run: make sync")
        return path

    def _link(self, found: re.Match[str]) -> str:
        path = unquote(found[1])
        if not (ROOT / path).is_file():
            raise ConvertError(f"{self.notebook.name}: links to {path}, which does not exist")
        return f'<a href="{page_of(path)}"'


def apart(svg: str, prefix: str) -> str:
    """The drawing with `prefix` before its ids, so that no other on the page has the same."""
    for name in set(re.findall(r'\bid="([^"]+)"', svg)):
        pattern = rf'(\bid="|#|\baria-(?:labelledby|describedby)="){re.escape(name)}(?=["\')])'
        svg = re.sub(pattern, rf"\g<1>{prefix}{name}", svg)
    return svg


def page_of(path: str) -> str:
    """The deck's page about a file of the repository: `demos/hello.py` → `demos/hello.html`."""
    if path.startswith("demos/"):
        return f"demos/{Path(path).with_suffix('').parts[1]}.html"
    return f"files/{Path(path).name}.html"


def linked_files(chapter: Chapter) -> set[str]:
    """The files of the repository that the chapter links to, demos left out."""
    links = {
        target
        for cell in chapter.cells
        if cell.kind == "markdown"
        for target in re.findall(r"\]\(\.\./([^)#]+)\)", cell.source)
    }
    return {target for target in links if not target.startswith("demos/")}


def recording_panel(recording: dict[str, Any]) -> Markup:
    """The static panel of a recorded run."""
    template = pages().get_template("recording.html")
    strip = Markup(lag_strip(recording["ticks"]))
    return Markup(template.render(recording=recording, strip=strip))


@cache
def pages() -> Environment:
    """The templates of the deck's pages."""
    return Environment(
        loader=FileSystemLoader(THEME / "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class SectionExporter(HTMLExporter):
    """nbconvert's HTML, without its last pass, which parses the whole page anew."""

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> Any:
        """Give the HTML and nbconvert's resources."""
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="python", parent=self))
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)


@cache
def _exporter() -> HTMLExporter:
    exporter = SectionExporter(
        extra_template_basedirs=[str(THEME / "templates")],
        template_name="slides",
        preprocessors=[],
        default_preprocessors=[],
        exclude_anchor_links=True,
    )
    exporter.environment.globals["recording_type"] = RECORDING
    return exporter
