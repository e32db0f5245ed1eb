"""`make watch`: what is saved shows in the open page, and so does a mistake."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from slides.notebook import ROOT

from ...conftest import find_free_ports

PRESENT = ".slides > section.present > section.present"
SLIDE = "second-the-slide"
OVERLAY = "pre.failure"


def cell(source, slide_type="-", kind="markdown"):
    """One cell of a notebook file."""
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    shown = {"slideshow": {"slide_type": slide_type}}
    return {"cell_type": kind, "metadata": shown, "source": source, **code}


def write(folder: Path, stem: str, *cells: dict) -> None:
    """Write a chapter, all at once as an editor does."""
    numbered = [each | {"id": f"cell-{number}"} for number, each in enumerate(cells)]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": numbered}
    new = folder / f".{stem}.new"
    new.write_text(json.dumps(notebook))
    new.replace(folder / f"{stem}.ipynb")


def save(
    folder: Path, prose: str = "Some words.", code: str = "6 * 7", title: str = "The slide"
) -> float:
    """Write the second chapter with this prose, code and title; give the time."""
    write(
        folder,
        "20_second",
        cell("# Second\n\nWhat comes next?", "slide"),
        cell("Minutes: 1", "notes"),
        cell(f"## {title}\n\n{prose}", "slide"),
        cell(code, kind="code"),
        cell("Minutes: 1", "notes"),
    )
    return time.perf_counter()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two small chapters."""
    folder = tmp_path_factory.mktemp("watched") / "notebooks"
    folder.mkdir()
    write(folder, "10_first", cell("# First\n\nWhat is it?", "slide"), cell("Minutes: 1", "notes"))
    save(folder)
    return folder


@pytest.fixture(scope="module")
def watch(folder):
    """`make watch` as a process, and the address it gave."""
    command = [sys.executable, "-m", "slides", "watch", "--notebooks", str(folder)]
    command += ["--out", str(folder.parent / "deck"), "--port", str(find_free_ports())]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = ""
    while not (found := re.search(r"http://\S+", said)):
        line = process.stdout.readline()
        assert line, f"make watch ended, and said: {said}"
        said += line
    yield process, found[0]
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.fixture
def page(visit, watch, folder):
    """The second chapter's slide, open and as it was at the start."""
    page = visit(f"{watch[1]}#/{SLIDE}")
    expect(page.locator(PRESENT)).to_have_attribute("id", SLIDE)
    yield page
    save(folder)
    expect(output(page)).to_have_text("42")
    expect(page.locator(PRESENT)).to_contain_text("Some words.")


def output(page):
    """What the code of the slide has said."""
    return page.locator(PRESENT).locator(".output")


def test_saved_prose_shows_on_the_slide_that_is_open(page, folder):
    """The page comes again by itself, to the same slide."""
    saved = save(folder, prose="Other words.")
    expect(page.locator(PRESENT)).to_contain_text("Other words.")
    print(f"prose on the screen after {time.perf_counter() - saved:.2f} s")
    expect(page.locator(PRESENT)).to_have_attribute("id", SLIDE)
    expect(output(page)).to_have_text("42")


def test_a_slide_whose_heading_is_changed_stays_open(page, folder):
    """Its address is another one now; its place is not."""
    save(folder, title="Another title")
    expect(page.locator(PRESENT)).to_have_attribute("id", "second-another-title")
    page.wait_for_url("**#/second-another-title")


def test_saved_code_shows_its_new_output(page, folder):
    """The cell is executed, and the slide is the same."""
    saved = save(folder, code="7 * 9")
    expect(output(page)).to_have_text("63")
    print(f"output on the screen after {time.perf_counter() - saved:.2f} s")
    expect(page.locator(PRESENT)).to_have_attribute("id", SLIDE)


def test_a_mistake_is_shown_over_the_old_page_until_it_is_mended(page, folder):
    """Notebook, cell and error are told; the slides can still be walked; then all is well."""
    save(folder, code="1 / 0")
    overlay = page.locator(OVERLAY)
    expect(overlay).to_be_visible()
    for told in ("20_second.ipynb", "cell 4", "ZeroDivisionError: division by zero"):
        expect(overlay).to_contain_text(told)
    assert "\\n" not in overlay.inner_text()
    expect(output(page)).to_have_text("42")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(PRESENT)).to_have_attribute("id", "second-second")
    page.keyboard.press("ArrowRight")
    expect(page.locator(PRESENT)).to_have_attribute("id", SLIDE)
    save(folder, code="8 * 8")
    expect(output(page)).to_have_text("64")
    expect(overlay).to_have_count(0)


def test_a_file_that_is_no_notebook_is_a_mistake_too(page, folder):
    """Half a file, as a full disk leaves it, is named; the watch goes on."""
    (folder / "20_second.ipynb").write_text('{"cells": [')
    expect(page.locator(OVERLAY)).to_contain_text("20_second.ipynb")
    save(folder, prose="Mended words.")
    expect(page.locator(PRESENT)).to_contain_text("Mended words.")
    expect(page.locator(OVERLAY)).to_have_count(0)


def test_a_busy_port_is_a_sentence_with_the_next_free_one(watch, folder):
    """A second watch on the same port does not start."""
    port = re.search(r":(\d+)/", watch[1])[1]
    command = [sys.executable, "-m", "slides", "watch", "--notebooks", str(folder), "--port", port]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(rf"watch: port {port} is in use; the next free one is \d+\n", done.stderr)


def test_ctrl_c_ends_it_and_leaves_no_process(watch, chromium):
    """With a page open, the exit status is 0 and every kernel is gone."""
    process, address = watch
    page = chromium.new_page()
    page.goto(address)
    expect(page.locator(PRESENT)).to_be_visible()
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    page.close()
    assert process.returncode == 0, said
    assert re.search(r"deck: [\d.]+ s\n$", said), said
    assert [each for each in family if each.is_running()] == []
