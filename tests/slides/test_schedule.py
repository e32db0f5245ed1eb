"""The core talk and its deep dives: the schedule, the road, and where the arrows lead."""

import json
import re
from pathlib import Path

import pytest

from slides import schedule
from slides.__main__ import main
from slides.notebook import chapters, read
from slides.present.folder import dress


def write(folder: Path, stem: str, minutes: float, part: str = "") -> None:
    """A chapter of two slides that takes so many minutes."""
    metadata = {"talk": {"part": part}} if part else {}
    cells = []
    for number, kind in enumerate(("#", "##"), 1):
        texts = {
            "slide": f"{kind} {stem[3:]} {number}",
            "notes": f"Minutes: {minutes / 2}\n\n- Say",
        }
        for slide_type, text in texts.items():
            shown = {"slideshow": {"slide_type": slide_type}}
            one = {"cell_type": "markdown", "metadata": shown, "source": text}
            cells.append(one | {"id": f"{slide_type}-{number}"})
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{stem}.ipynb").write_text(json.dumps(document))


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Two chapters of the core talk with two deep dives between them."""
    write(tmp_path, "10_first", 3)
    write(tmp_path, "20_deep", 8, "deep dive")
    write(tmp_path, "30_deeper", 6, "deep dive")
    write(tmp_path, "40_last", 2)
    return tmp_path


def test_a_notebook_says_that_it_is_a_deep_dive(talk: Path) -> None:
    """In its metadata; every other one is of the core talk."""
    dives = [chapter.stem for chapter in chapters(talk) if chapter.is_deep_dive]
    assert dives == ["20_deep", "30_deeper"]


def test_the_schedule_sums_the_core_talk_and_tells_each_dive_apart(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The clock of the talk does not count a dive, and a dive's begins at zero."""
    assert main(["schedule", "--notebooks", str(talk)]) == 0
    core, *dives = capsys.readouterr().out.split("\n\n")
    assert [line.split()[:2] for line in core.splitlines()[1:]] == [
        ["0:00", "3:00"],
        ["3:00", "2:00"],
        ["5:00", "4"],
    ]
    assert core.endswith("in all")
    assert [dive.split()[:2] for dive in dives] == [["0:00", "8:00"], ["0:00", "6:00"]]
    assert all("a deep dive" in dive for dive in dives)


def test_the_slides_of_a_schedule_start_where_those_before_them_end(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --slides every slide has its line, those of the dives too."""
    main(["schedule", "--slides", "--notebooks", str(talk)])
    said = capsys.readouterr().out
    assert re.search(r"4:00 +1:00 +last 2", said)
    assert re.search(r"4:00 +4:00 +deep 2", said)


@pytest.mark.parametrize(
    ("stem", "previous", "following"),
    [
        ("10_first", None, "40_last"),
        ("20_deep", "10_first", "30_deeper"),
        ("30_deeper", "20_deep", "40_last"),
        ("40_last", "10_first", None),
    ],
)
def test_the_arrows_keep_to_the_core_talk_and_lead_back_to_it(
    talk: Path, stem: str, previous: str | None, following: str | None
) -> None:
    """Walking on from the core talk passes the dives by; from a dive the next chapter comes."""
    dress(talk, "lab")
    dress(talk, "lab")  # as a kept copy is, each time
    ways = read(talk / f"{stem}.ipynb").document["metadata"]["talk"]
    names = [ways[way] and ways[way]["file"] for way in ("previous", "next")]
    assert names == [name and f"{name}.ipynb" for name in (previous, following)]


def test_a_dressed_dive_is_still_one(talk: Path) -> None:
    """The way to the other chapters stands beside what the notebook says of itself."""
    dress(talk, "lab")
    assert read(talk / "20_deep.ipynb").is_deep_dive
    assert not read(talk / "40_last.ipynb").is_deep_dive


def test_the_road_of_the_talk_has_its_core_chapters() -> None:
    """The map on the first slide names none of the dives, and its minutes are the talk's."""
    road = Path(__file__).parents[2].joinpath("notebooks/figures/map.svg").read_text("utf-8")
    told = re.findall(r", ([\d.]+) min", road)
    core = [chapter for chapter in chapters() if not chapter.is_deep_dive]
    assert [float(each) for each in told] == [schedule.minutes(chapter) for chapter in core]


def test_the_contents_of_the_deck_mark_the_dives_and_count_the_core_talk(talk: Path) -> None:
    """All chapters are there in order, two of them marked; the talk's minutes leave those out."""
    from slides.build.site import write_pages

    write_pages(talk / "deck", [(chapter, "") for chapter in chapters(talk)])
    html = (talk / "deck" / "index.html").read_text("utf-8")
    assert "A talk of 5 minutes" in html
    titles = re.findall(r'<span class="chapter">(\w+) 1( <span class="part">deep dive)?', html)
    assert [(title, bool(part)) for title, part in titles] == [
        ("first", False),
        ("deep", True),
        ("deeper", True),
        ("last", False),
    ]


def test_a_dive_is_presented_by_its_name() -> None:
    """With or without its number, as any chapter."""
    from slides.present import find_chapter

    stems = [chapter.stem for chapter in chapters()]
    assert find_chapter(stems, "55_waiting") == find_chapter(stems, "waiting") == "55_waiting"
