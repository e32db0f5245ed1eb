"""The deck in WebKit, the engine of Safari, and whether programs can run there."""

import pytest

from slides.build.convert import slide_ids
from slides.notebook import chapters

IDS = [ident for chapter in chapters() for ident in slide_ids(chapter)]
SHOWN = 'document.querySelector(".slides > section.present > section.present").id'


def test_the_arrows_walk_in_webkit(webkit, site):
    """The deck opens at its first slide, and the arrows lead on and back."""
    webkit.goto(f"{site}/talk.html")
    webkit.wait_for(f"{SHOWN} === '{IDS[0]}'")
    webkit.press("ArrowRight")
    webkit.wait_for(f"{SHOWN} === '{IDS[1]}'")
    webkit.press("ArrowLeft")
    webkit.wait_for(f"{SHOWN} === '{IDS[0]}'")
    assert webkit.evaluate(f"document.getElementById('{IDS[0]}').checkVisibility()")


def test_the_whole_talk_is_a_document_in_webkit(webkit, site):
    """`r` leads from a slide to the document, where all slides can be read."""
    webkit.goto(f"{site}/talk.html#/{IDS[5]}")
    webkit.wait_for(f"{SHOWN} === '{IDS[5]}'")
    webkit.press("r")
    webkit.wait_for("location.search === '?reading' && document.readyState === 'complete'")
    every = '[...document.querySelectorAll(".slides > section > section")]'
    assert webkit.evaluate(f"{every}.filter((e) => e.checkVisibility()).map((e) => e.id)") == IDS


def test_a_program_can_wait_in_webkit(webkit, site):
    """A program in a tab waits by JSPI; a browser without it shows the recorded run."""
    webkit.goto(f"{site}/index.html")
    if webkit.evaluate("typeof WebAssembly.Suspending") == "undefined":
        pytest.xfail("this WebKit has no WebAssembly.Suspending")
    assert webkit.evaluate("typeof WebAssembly.promising") == "function"
