"""The slide rules: each refuses a notebook that breaks it."""

import json
from pathlib import Path
from typing import Any

import pytest

from slides.notebook import NotebookError, read
from slides.rules import problems


def cell(source: str, slide_type: str | None = "-", kind: str = "markdown", **extra: Any) -> dict:
    """A cell as it stands in a notebook file."""
    metadata = {} if slide_type is None else {"slideshow": {"slide_type": slide_type}}
    return {
        "cell_type": kind,
        "id": f"c{hash(source)}",
        "metadata": metadata,
        "source": source,
    } | extra


def broken(tmp_path: Path, *cells: dict) -> list[str]:
    """The problems of a chapter with a proper opening and these cells on a second slide."""
    path = tmp_path / "10_sample.ipynb"
    opening = [cell("# Title\n\nA question?", "slide"), cell("Minutes: 1\n\n- Say: a", "notes")]
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": opening + list(cells)})
    )
    return list(problems(read(path)))


NOTES = cell("Minutes: 2\n\n- Say: b", "notes")


def test_a_proper_slide_breaks_no_rule(tmp_path: Path) -> None:
    """The sample that the other tests spoil one thing of."""
    slide = [cell("## One\n\nA sentence.", "slide"), cell("x = 1", kind="code"), NOTES]
    assert broken(tmp_path, *slide) == []


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ([cell("## One", "slid"), NOTES], "slide_type is 'slid'"),
        ([cell("## One", "slide"), cell("text", None), NOTES], "slide_type is None"),
        ([cell("## One", "slide", id=""), NOTES], "has no id"),
        ([cell("## One", "slide", id="c1"), NOTES | {"id": "c1"}], "share an id"),
        ([cell("## One", "slide"), cell("x" * 73, kind="code"), NOTES], "73 columns"),
        ([cell("## One", "slide"), cell("x\n" * 16, kind="code"), NOTES], "16 lines of code"),
        ([cell("## One", "slide"), cell("!curl x", kind="code"), NOTES], "await sh"),
        ([cell("## One", "slide"), cell("requests.get(x)", kind="code"), NOTES], "await sh"),
        ([cell("## One\n\n" + "word " * 56, "slide"), NOTES], "56 words"),
        ([cell("no heading", "slide"), NOTES], "has no heading"),
        ([cell("## One", "slide")], "must end with a notes cell"),
        ([cell("## One", "slide"), cell("- Say: b", "notes")], "Minutes: 1.5"),
    ],
)
def test_a_spoilt_slide_is_refused(tmp_path: Path, cells: list[dict], problem: str) -> None:
    """The sentence says what is wrong, and where."""
    found = [each for each in broken(tmp_path, *cells) if problem in each]
    assert found and "10_sample.ipynb" in found[0]


def test_a_broken_file_is_an_error_in_words(tmp_path: Path) -> None:
    """A file that is no notebook is named, with what to do."""
    path = tmp_path / "10_sample.ipynb"
    path.write_text("{")
    with pytest.raises(NotebookError, match="is not JSON"):
        read(path)
    path.write_text('{"nbformat": 3}')
    with pytest.raises(NotebookError, match="not a version 4 notebook"):
        read(path)
