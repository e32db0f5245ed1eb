"""What the tests in a browser share: three browsers, and the talk as `make present` opens it."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, sync_playwright

from .firefox import Firefox
from .webkit import WebKit

ROOT = Path(__file__).parents[2]


def cell(source: str, slide_type: str = "-", kind: str = "code", **metadata: object) -> dict:
    """One cell of a notebook."""
    shown = {"slideshow": {"slide_type": slide_type}, **metadata}
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": shown, "source": source, **code}


def slide(*cells: dict, title: str) -> list[dict]:
    """A slide with its heading and its notes."""
    notes = cell("Minutes: 1\n\n- Say: this is for the speaker alone.", "notes", "markdown")
    return [cell(title, "slide", "markdown"), *cells, notes]


CODE_OF_72_COLUMNS = f"wide = '{'x' * 56}'  # end"
FIRST = [
    cell("import asyncio, time\nfrom slides.live import load, serve\nload('demos.hello')", "skip"),
    *slide(title="# First\n\nIs it *open*?"),
    *slide(cell("await asyncio.sleep(0.01)\nf'{6 * 7} awaited'"), title="## Await"),
    *slide(cell("await serve(make_app())"), cell("time.sleep(1.5)"), title="## Serve"),
    *slide(cell(CODE_OF_72_COLUMNS), cell("'h' + 'idden'", jupyter={"source_hidden": True}),
           title="## Wide\n\n[the program](../demos/program.py)"),
]  # fmt: skip
SECOND = [cell("", "skip"), *slide(cell("21 * 2"), title="## Second")]


class Talk:
    """`make present` as a process, and where it said the talk is."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            ["make", "present", *arguments],
            cwd=ROOT,
            env=os.environ
            # Its kernels hand ports over to each other there, and not to those of another talk.
            | {"TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder), "BROWSER": self.browser()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = ""
        while not (found := re.search(r"http://\S+", self.said)):
            line = self.process.stdout.readline()
            assert line, f"make present ended, and said: {self.said}"
            self.said += line
        self.url = found[0]

    def browser(self) -> str:
        """A browser that only notes which address it was asked to open."""
        program = self.folder / "browser"
        program.write_text(f'#!/bin/sh\necho "$1" >{self.folder}/opened\n')
        program.chmod(0o755)
        return str(program)

    def end(self, number: int = signal.SIGINT) -> dict[psutil.Process, str]:
        """Press Ctrl-C in its terminal; give the processes that there were, and their commands."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        family = {process: " ".join(process.cmdline()) for process in family}
        os.killpg(self.process.pid, number)
        self.process.communicate(timeout=30)
        return family


@pytest.fixture(scope="module")
def chromium(needs: Callable[[str], None]) -> Iterator[Browser]:
    """A headless Chromium for this module."""
    needs("chromium")
    path = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def firefox(needs: Callable[[str], None]) -> Iterator[Firefox]:
    """A headless Firefox for this module, as Debian has it."""
    needs("firefox-esr")
    with Firefox.open() as browser:
        yield browser


@pytest.fixture(scope="module")
def webkit(needs: Callable[[str], None]) -> Iterator[WebKit]:
    """A page in a WebKit for this module, on a screen in memory."""
    needs("webkit2gtk-driver")
    needs("xvfb")
    with WebKit.open() as page:
        yield page


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A talk of two chapters, with the style of the real one."""
    folder = tmp_path_factory.mktemp("talk") / "notebooks"
    folder.mkdir()
    for name, cells in {"10_first": FIRST, "20_second": SECOND}.items():
        write_notebook(folder / f"{name}.ipynb", cells)
    shutil.copy(ROOT / "notebooks" / "rise.css", folder)
    program = folder.parent / "demos" / "program.py"
    program.parent.mkdir()
    program.write_text("print('the whole program')\n")
    return folder


def write_notebook(path: Path, cells: list[dict]) -> None:
    """Write a notebook as the repository has them, without outputs."""
    numbered = [each | {"id": f"cell-{number}"} for number, each in enumerate(cells)]
    document = {"cells": numbered, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def present(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Talk]]:
    """Starts `make present`: `present("CHAPTER=hello")`; what still runs at the end is ended."""
    talks: list[Talk] = []

    def start(*arguments: str) -> Talk:
        talks.append(Talk(tmp_path_factory.mktemp("stage"), *arguments))
        return talks[-1]

    yield start
    for talk in talks:
        if talk.process.poll() is None:
            talk.end()
