"""The build: kernels that share nothing, only what changed is done again, errors name the cell."""

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import psutil
import pytest

from demos.catalog import find
from slides.build import cache, forks
from slides.build.convert import ConvertError, convert, slide_ids
from slides.build.deck import Build
from slides.build.execute import CellFailed, execute
from slides.build.kernels import Kernels
from slides.build.site import bare_panel, demo_files, replacing
from slides.build.strip import lag_strip
from slides.build.watch import Events
from slides.notebook import ROOT, chapters, read

OPENING = {"markdown": "# Title\n\nA question?", "type": "slide"}
NOTES = {"markdown": "Minutes: 1\n\n- Say: this.", "type": "notes"}


def cell(number: int, markdown: str = "", code: str = "", type: str = "-", **metadata: Any) -> dict:
    """One cell of a notebook file."""
    kind = "code" if code else "markdown"
    extra = {"outputs": [], "execution_count": None} if code else {}
    return {
        "cell_type": kind,
        "id": f"c{number}",
        "source": code or markdown,
        "metadata": {"slideshow": {"slide_type": type}, **metadata},
    } | extra


def write(folder: Path, stem: str, *cells: dict) -> Path:
    """Write a chapter that opens properly and goes on with these cells."""
    numbered = [cell(n, **each) for n, each in enumerate([OPENING, NOTES, *cells])]
    path = folder / f"{stem}.ipynb"
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": numbered}
    path.write_text(json.dumps(notebook))
    return path


def run(folder: Path, *stems: str) -> list[Any]:
    """Execute chapters in turn with one set of kernels, as a build does."""

    async def all_of_them() -> list[Any]:
        async with Kernels(forks.zygote()) as kernels:
            return [await execute(read(folder / f"{stem}.ipynb"), kernels) for stem in stems]

    return asyncio.run(all_of_them())


def sections(path: Path) -> str:
    """A chapter's sections, executed and converted."""
    return convert(read(path), run(path.parent, path.stem)[0])


def test_a_notebook_never_sees_the_names_of_another(tmp_path: Path) -> None:
    """Nor its modules, its environment or its folder: kernels are forks of a process with none."""
    write(tmp_path, "10_first", {"code": "import os, wave\nmine = 1\nos.environ['MINE'] = '1'"})
    code = "import sys, os\nprint('mine' in dir(), 'wave' in sys.modules, 'MINE' in os.environ)"
    write(tmp_path, "20_second", {"code": code})
    second = run(tmp_path, "10_first", "20_second")[1]
    assert second.cells[-1].outputs[0].text == "False False False\n"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import os\nos.kill(os.getpid(), 9)", "its kernel died"),
        ("while True:\n    pass", "did not end in time"),
    ],
)
def test_a_cell_that_fails_is_named_with_the_reason(tmp_path: Path, code: str, reason: str) -> None:
    """Notebook, number of the cell as a reader counts, its first line, and the error."""
    path = write(tmp_path, "10_sample", {"code": code})

    async def fail() -> None:
        async with Kernels(forks.zygote()) as kernels:
            await execute(read(path), kernels, limit=2)

    with pytest.raises(CellFailed) as failed:
        asyncio.run(fail())
    first = code.splitlines()[0]
    assert str(failed.value).startswith(f"10_sample.ipynb, cell 3 ({first}): {reason}")


def test_no_process_is_left_when_the_kernels_close(tmp_path: Path) -> None:
    """Neither the warm process nor a kernel that is still busy."""
    path = write(tmp_path, "10_sample", {"code": "import time\ntime.sleep(60)"})
    before = set(psutil.Process().children(recursive=True))

    async def leave_early() -> set[psutil.Process]:
        async with Kernels(forks.zygote()) as kernels, kernels.kernel(path.parent):
            return set(psutil.Process().children(recursive=True)) - before

    started = asyncio.run(leave_early())
    assert len(started) == 2
    _, alive = psutil.wait_procs(started, timeout=10)
    assert not alive


def command(notebooks: Path, out: Path) -> list[str]:
    """The command line that builds a deck."""
    paths = ["--notebooks", str(notebooks), "--out", str(out)]
    return [sys.executable, "-m", "slides", "deck", *paths]


def build(folder: Path) -> tuple[Build, list[str]]:
    """Build what is stale, and give what was said about it."""
    cache.forget_files()
    said: list[str] = []
    made = Build.of(folder, folder / "out")
    asyncio.run(made.refresh(said.append))
    return made, [" ".join(line.split()[:2]) for line in said]


def test_only_what_changed_is_done_again(tmp_path: Path) -> None:
    """Changed code is executed, changed prose only converted, the rest is left alone."""
    write(tmp_path, "10_first", {"code": "print('one')"})
    write(tmp_path, "20_second", {"code": "print('two')"})
    assert sorted(build(tmp_path)[1]) == ["10_first executed", "20_second executed"]
    assert build(tmp_path)[1] == []
    write(tmp_path, "10_first", {"code": "print('one')"}, {"markdown": "More prose."})
    made, said = build(tmp_path)
    assert said == ["10_first converted"]
    assert "More prose." in made.sections()[0][1] and "one" in made.sections()[0][1]
    write(tmp_path, "20_second", {"code": "print('three')"})
    made, said = build(tmp_path)
    assert said == ["20_second executed"]
    assert "three" in made.sections()[1][1]


def test_a_chapter_depends_on_the_demos_it_names_and_on_their_pages() -> None:
    """By import, by `load`, by command; a page through the demo that serves it."""
    names = [path.name for path in cache.used_demos(['load("demos.nap_broken")'])]
    assert "nap_broken.py" in names and "nap.html" in names and "hello.py" not in names
    names = [path.name for path in cache.used_demos(["from demos import search"])]
    assert names == ["search.py"]
    names = [path.name for path in cache.used_demos(['load("demos.fetch")'])]
    assert names == ["fetch.py", "search.py"], "what runs beside a demo is used too"
    every = cache.used_demos(['await sh("python -m demos")'])
    assert len(every) > 10


def test_a_new_measurement_makes_the_outputs_that_draw_it_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chart of a benchmark's result is drawn again when the benchmark was run again."""
    chapter = read(write(tmp_path, "10_sample", {"code": "1 + 1"}))
    monkeypatch.setattr(cache, "BENCH", tmp_path)
    (result := tmp_path / "room" / "result.json").parent.mkdir()
    keys = []
    for figures in ("{}", "{}", '{"followers": {}}'):
        result.write_text(figures)
        cache.forget_files()
        keys.append(cache.outputs_key(chapter))
    cache.forget_files()
    assert keys[0] == keys[1] != keys[2]


def test_a_failed_build_leaves_the_old_deck_as_it_was(tmp_path: Path) -> None:
    """The error is on stderr, the exit status is 1."""
    out = tmp_path / "deck"
    out.mkdir()
    (out / "talk.html").write_text("old")
    write(tmp_path, "10_sample", {"code": "1 / 0"})
    command = [sys.executable, "-m", "slides", "deck", "--notebooks", tmp_path, "--out", out]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "10_sample.ipynb, cell 3 (1 / 0): ZeroDivisionError" in done.stderr
    assert [path.name for path in out.iterdir()] == ["talk.html"]
    assert (out / "talk.html").read_text() == "old"


def test_the_old_deck_stays_where_the_new_one_cannot_take_its_place(tmp_path: Path) -> None:
    """Neither an error while writing nor one at the exchange loses what was there."""
    out = tmp_path / "deck"
    out.mkdir()
    (out / "talk.html").write_text("old")
    with pytest.raises(OSError), replacing(out) as new:
        shutil.rmtree(new)  # so that it cannot be renamed
    assert (out / "talk.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["deck"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_stopped_leaves_no_process(tmp_path: Path, number: int) -> None:
    """Ctrl-C and SIGTERM end kernels in the middle of a cell."""
    started = tmp_path / "started"
    code = f"import time\nopen({str(started)!r}, 'w').close()\ntime.sleep(60)"
    write(tmp_path, "10_sample", {"code": code})
    process = subprocess.Popen(
        command(tmp_path, tmp_path / "deck"), cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        _wait_for(started, process)
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130 and "stopped" in said
        assert len(family) >= 2
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive
    finally:
        process.kill()
        process.wait()


def _wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a file appears; fail if the process ends first."""
    from watchfiles import watch

    if not path.exists():
        for _ in watch(path.parent, yield_on_timeout=True, rust_timeout=200):
            if path.exists() or process.poll() is not None:
                break
    assert path.exists(), process.communicate()


def test_ids_come_from_the_headings_and_are_unique() -> None:
    """A link to a slide stays good when the slides before it change."""
    every = [ident for chapter in chapters() for ident in slide_ids(chapter)]
    assert len(set(every)) == len(every)
    assert "life-is-evented-life-is-evented-2" in every


def test_a_slide_has_its_title_minutes_and_notes(tmp_path: Path) -> None:
    """Notes are in the slide they belong to, and openers are marked."""
    html = sections(write(tmp_path, "10_sample"))
    assert html.count("<section") == html.count("</section>") == 1
    assert 'id="sample-title"' in html and 'data-timing="60"' in html and 'class="opener"' in html
    assert '<aside class="notes">' in html


def test_set_up_is_executed_and_not_shown(tmp_path: Path) -> None:
    """A skip cell runs; a hidden input shows its output only."""
    hidden = {"source_hidden": True}
    html = sections(
        write(
            tmp_path,
            "10_sample",
            {"code": "secret = 'shown'", "type": "skip"},
            {"code": "print(secret)", "jupyter": hidden},
        )
    )
    assert "shown" in html and "secret" not in html


def test_pictures_are_in_line_and_links_lead_to_pages(tmp_path: Path) -> None:
    """Nothing points out of the deck; a picture keeps its words."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "one.svg").write_text("<svg viewBox='0 0 1 1'><title>t</title></svg>")
    text = "![A picture](figures/one.svg)\n\n[a](../demos/hello.py) [b](../nginx.conf)"
    html = sections(write(tmp_path, "10_sample", {"markdown": text}))
    assert "<svg" in html and 'aria-label="A picture"' in html
    assert 'href="demos/hello.html"' in html and 'href="files/nginx.conf.html"' in html


def test_a_picture_that_comes_twice_has_ids_of_its_own(tmp_path: Path) -> None:
    """What a drawing refers to is in that drawing, and no id is there twice."""
    (tmp_path / "one.svg").write_text(
        '<svg><g id="a"/><g id="ab"/><use href="#a" fill="url(#ab)"/></svg>'
    )
    twice = {"markdown": "![A picture](one.svg)\n\n![A picture](one.svg)"}
    html = sections(write(tmp_path, "10_sample", twice))
    ids = re.findall(r'<g id="([^"]+)"', html)
    assert len(set(ids)) == 4
    assert re.findall(r'<use href="#([^"]+)" fill="url\(#([^)]+)\)', html) == [
        (ids[0], ids[1]),
        (ids[2], ids[3]),
    ]


def test_a_photograph_is_carried_along(tmp_path: Path) -> None:
    """A picture that is no drawing is in the page itself."""
    (tmp_path / "dot.png").write_bytes(b"not looked at")
    html = sections(write(tmp_path, "10_sample", {"markdown": "See ![A dot](dot.png) here."}))
    assert 'src="data:image/png;base64,bm90IGxvb2tlZCBhdA=="' in html


def test_a_link_to_a_file_that_is_gone_is_an_error_in_words(tmp_path: Path) -> None:
    """The author reads which notebook, and which file."""
    path = write(tmp_path, "10_sample", {"markdown": "[a](../demos/nowhere.py)"})
    with pytest.raises(ConvertError, match=r"10_sample\.ipynb: links to demos/nowhere\.py"):
        sections(path)


def test_a_missing_picture_or_slide_type_is_an_error_in_words(tmp_path: Path) -> None:
    """The author reads what to do."""
    path = write(tmp_path, "10_sample", {"markdown": "![A picture](figures/none.svg)"})
    with pytest.raises(ConvertError, match="make sync"):
        sections(path)
    path = write(tmp_path, "10_sample", {"markdown": "text", "type": "slid"})
    with pytest.raises(ConvertError, match="cell 3: slide_type is 'slid'"):
        sections(path)


def test_a_served_application_becomes_a_recorded_panel(tmp_path: Path) -> None:
    """With its page, its log and its address, labelled as recorded."""
    code = 'from slides.live import load, serve\nload("demos.hello")\nawait serve(make_app())'
    html = sections(write(tmp_path, "10_sample", {"code": code}))
    assert "http://localhost:8888/" in html and "Hello, world" in html
    assert "recorded" in html.lower()


def test_a_blocked_loop_is_a_gap_in_the_strip() -> None:
    """As wide as the time it lasted, and said in words too."""
    even = [[n / 20, 1.0] for n in range(20)]
    assert "ticked evenly" in lag_strip(even) and "blocked" not in lag_strip(even)
    strip = lag_strip([*even, [3.0, 2000.0]])
    assert "blocked 2.0 s" in strip


def test_words_over_gaps_that_are_close_do_not_overlap() -> None:
    """The longer gap has its words, the other one only its bar."""
    strip = lag_strip([[0.5, 450.0], [1.1, 600.0], [9.0, 1.0]])
    assert "blocked 0.6 s" in strip and "blocked 0.5 s" not in strip
    assert strip.count("var(--hot") == 3  # two bars, and the words of one


def test_a_page_hears_of_what_it_missed() -> None:
    """It was built before the last save, or opened while the talk is broken."""
    events = Events()
    events.reload("first")
    assert events.join("first").empty()
    assert "event: reload" in events.join("older").get_nowait()
    events.fail("cell 4 fails")
    assert "cell 4 fails" in events.join("first").get_nowait()
    events.reload("second")
    assert "event: reload" in events.join("first").get_nowait()
    assert events.join("second").empty()


def test_the_page_of_a_package_shows_its_modules_and_what_it_said_once() -> None:
    """A program that needs a database is read, and seen as it was recorded."""
    waiting = find("waiting")
    shown = dict(demo_files(waiting))
    assert set(shown) == {path.name for path in waiting.modules}
    assert "SELECT pg_sleep" in unescape(re.sub(r"<[^>]+>", "", shown["tornado_app.py"]))
    panel = bare_panel(waiting)
    assert "gunicorn sync" in panel
    assert "make demo NAME=waiting" in panel
    assert "recorded" not in bare_panel(find("loop")).replace("recording", "")
