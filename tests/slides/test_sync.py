"""Synchronising: shown code equals its region, and a difference is noticed."""

import json
from pathlib import Path

from slides import sync
from slides.notebook import read


def test_a_cell_that_drifted_is_noticed_and_mended(tmp_path: Path) -> None:
    """The cell gets the region back, to the letter, and nothing else is touched."""
    path = tmp_path / "10_sample.ipynb"
    source = {"file": "demos/hello.py", "name": "make_app"}
    drifted = {"cell_type": "code", "metadata": {"source": source}, "source": "old = 1"}
    own = {"cell_type": "code", "metadata": {}, "source": "mine = 1"}
    path.write_text(json.dumps({"nbformat": 4, "cells": [drifted, own]}))
    [(cell, text)] = sync.drifts(read(path))
    assert cell["source"] == "old = 1"
    assert text.startswith("def make_app(")


def test_a_page_is_shown_as_a_fenced_block() -> None:
    """A markdown cell holds the region between fences that name its language."""
    text = sync.shown({"file": "nginx.conf", "name": "upstream"}, "markdown")
    assert text.startswith("```nginx\n") and text.endswith("\n```")


def test_nothing_in_the_talk_has_drifted() -> None:
    """Every shown region, picture and style is what `make sync` would write."""
    assert [*sync._notebooks(write=False), *sync._files(write=False)] == []
