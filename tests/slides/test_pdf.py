"""`make pdf`: a page for every slide, and a sentence where something is missing."""

import re
import subprocess
import sys
from pathlib import Path

import pypdf

from slides.notebook import ROOT, chapters


def print_deck(deck: Path, out: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m slides pdf` to its end."""
    command = [sys.executable, "-m", "slides", "pdf", "--deck", str(deck), "--out", str(out)]
    return subprocess.run(
        command, cwd=ROOT, env=env or None, capture_output=True, text=True, check=False
    )


def letters(text: str) -> str:
    """A text without what a PDF does to its spaces, ligatures and punctuation."""
    return re.sub(r"[^a-z0-9]", "", text.replace("ﬁ", "fi").replace("ﬂ", "fl").lower())


def test_the_pdf_has_a_page_for_every_slide_in_order(real_deck, needs, tmp_path):
    """Each page holds the title of its slide, and no page is without one."""
    needs("chromium")
    done = print_deck(real_deck, tmp_path / "talk.pdf")
    assert done.returncode == 0, done.stderr
    pages = pypdf.PdfReader(tmp_path / "talk.pdf").pages
    slides = [slide for chapter in chapters() for slide in chapter.slides]
    assert len(pages) == len(slides)
    wrong = [
        f"page {page.page_number + 1}: no {slide.title!r}"
        for page, slide in zip(pages, slides, strict=True)
        if letters(slide.title) not in letters(page.extract_text())
    ]
    assert wrong == []
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in pages} == {
        (960, 540)  # points: 1280 by 720 pixels
    }


def test_without_a_browser_a_sentence_says_what_to_install(real_deck, tmp_path):
    """Nothing is written, and the exit status is 2."""
    done = print_deck(real_deck, tmp_path / "talk.pdf", PATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "pdf: there is no Chromium; run: apt-get install chromium\n"
    assert list(tmp_path.iterdir()) == []


def test_without_a_deck_a_sentence_says_how_to_build_one(tmp_path):
    """Nothing is written, and the exit status is 2."""
    done = print_deck(tmp_path / "deck", tmp_path / "talk.pdf")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"pdf: there is no deck in {tmp_path / 'deck'}; run: make deck\n"
    assert list(tmp_path.iterdir()) == []
