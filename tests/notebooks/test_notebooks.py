"""The talk's own notebooks: they keep the rules, run, link to what exists, and fill 45 minutes."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from demos.catalog import demos
from slides.notebook import ROOT, Chapter, chapters
from slides.rules import problems
from slides.schedule import minutes

CHAPTERS = list(chapters())
TALK = [
    "00_welcome",
    "10_life_is_evented",
    "20_hello",
    "30_templates",
    "40_json",
    "50_fetch",
    "60_websocket",
    "80_more",
    "90_production",
    "99_fin",
]
DIVES = ["55_waiting", "56_pools", "65_this_room"]
by_stem = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)


def test_the_talk_has_its_chapters() -> None:
    """The core talk is these; a deep dive that goes missing is noticed, and more may come."""
    assert [chapter.stem for chapter in CHAPTERS if not chapter.is_deep_dive] == TALK
    assert {chapter.stem for chapter in CHAPTERS if chapter.is_deep_dive} >= set(DIVES)


@by_stem
def test_every_slide_keeps_to_the_rules(chapter: Chapter) -> None:
    """Slide types, notes, minutes, columns, lines and words."""
    assert list(problems(chapter)) == []


@by_stem
def test_a_chapter_opens_with_a_question_and_closes_with_what_to_remember(chapter: Chapter) -> None:
    """The reader knows what to listen for, and what to keep."""
    assert chapter.question.endswith("?") or chapter.stem == TALK[-1]
    if chapter.stem not in (TALK[0], TALK[-1]):
        assert chapter.slides[-1].title == "Remember"


@by_stem
def test_a_notebook_is_committed_without_outputs(chapter: Chapter) -> None:
    """Outputs come from a run, never from the repository."""
    for cell in chapter.document["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None


def test_the_core_talk_fills_45_minutes() -> None:
    """The sum of the minutes on its slides; the deep dives are told apart."""
    assert sum(minutes(chapter) for chapter in CHAPTERS if not chapter.is_deep_dive) == 45


@by_stem
def test_every_link_on_every_slide_resolves(chapter: Chapter) -> None:
    """A relative link or picture leads to a file of the repository; a picture has words for it."""
    for cell in chapter.cells:
        if cell.kind != "markdown":
            continue
        for words, target in re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", cell.source):
            if not target.startswith("https://"):
                assert (chapter.path.parent / target).resolve().is_file(), target
            assert words, f"{target} has no text"


@by_stem
def test_a_notebook_runs_from_top_to_bottom(chapter: Chapter) -> None:
    """In a kernel of its own, as stock Jupyter would run it."""
    notebook = nbformat.read(chapter.path, as_version=4)
    resources = {"metadata": {"path": str(chapter.path.parent)}}
    NotebookClient(notebook, timeout=60, resources=resources).execute()


def test_every_demo_is_on_a_slide_and_has_a_test() -> None:
    """The map: no program without a place in the talk and a proof that it works."""
    text = "\n".join(cell.source for chapter in CHAPTERS for cell in chapter.cells)
    sources = {
        cell.metadata["source"]["file"]
        for chapter in CHAPTERS
        for cell in chapter.cells
        if "source" in cell.metadata
    }
    for demo in demos():
        path = Path(demo.path).relative_to(ROOT).as_posix()
        path = path.removesuffix("__init__.py")  # a demo that is a package: any of its files
        shown = any(source.startswith(path) for source in sources)
        assert shown or path in text, f"{demo.name} is on no slide"
        proof = ROOT / "tests" / "demos"
        tests = [*proof.glob(f"test_{demo.name}.py"), *proof.glob(f"{demo.name}/test_*.py")]
        assert tests, f"{demo.name}: no test"
