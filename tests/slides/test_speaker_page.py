"""What the speaker's page knows of the talk, and who may have it."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from slides.build.convert import ConvertError, mark
from slides.build.speaker import PollError, as_json, facts, notes, poll
from slides.notebook import Cell, Chapter, Slide
from slides.room.access import Access
from slides.room.limits import Limit, Rate
from slides.room.pages import audience_url, speaker_pages
from slides.serve import make_app

TOKEN = "a-token-for-the-tests"
GOOD = {"question": "Which?", "choices": ["a", "b"]}


def a_cell(source, slide_type="slide", **metadata):
    """A cell as a notebook has it."""
    shown = {"slideshow": {"slide_type": slide_type}, **metadata}
    return {"cell_type": "markdown", "source": source, "metadata": shown, "id": source[:8]}


def a_chapter(name, *minutes, **talk):
    """A chapter with a slide for each number of minutes."""
    cells = []
    for number, each in enumerate(minutes):
        cells += [a_cell(f"# {name} {number}"), a_cell(f"Minutes: {each}", "notes")]
    return Chapter(Path(f"10_{name}.ipynb"), {"cells": cells, "metadata": {"talk": talk}})


def a_slide(*cells):
    """One slide."""
    made = [Cell(1, each["cell_type"], each["source"], each["metadata"], "x") for each in cells]
    return Slide("10_x", 1, made)


def test_the_page_knows_every_slides_minutes_and_which_are_a_deep_dive():
    """Its clock reckons with them; `tests/browser/speaker/test_clock.py` shows how."""
    chapters = [
        a_chapter("one", 1, 2),
        a_chapter("deep", 10, 5, part="deep dive"),
        a_chapter("two", 3, 0.5),
    ]
    told = facts((each, [f"{each.topic}-{n}" for n in range(2)]) for each in chapters)
    assert [each["seconds"] for each in told] == [60, 120, 600, 300, 180, 30]
    assert [each["deep"] for each in told] == [False, False, True, True, False, False]


def test_notes_are_items_with_their_kind():
    """The minutes are the clock's; what goes on in the next line belongs to its item."""
    text = "Minutes: 2\n\n- Say: one\n  and two\n- Demo: `run`\n\nPlain."
    assert notes(a_slide(a_cell("# X"), a_cell(text, "notes"))) == [
        {"kind": "Say", "text": "one and two"},
        {"kind": "Demo", "text": "`run`"},
        {"kind": "", "text": "Plain."},
    ]


def test_nothing_that_is_written_in_notes_ends_the_page():
    """Text is text in a script element, too."""
    text = as_json([{"text": "</script><script>alert(1)</script>"}])
    assert "<" not in text and json.loads(text)[0]["text"].startswith("</script>")


@pytest.mark.parametrize(("answer", "place"), [("b", 1), (0, 0), (None, None)])
def test_a_polls_answer_is_a_choice_or_its_place(answer, place):
    """It has the name of its slide."""
    asked = poll(a_slide(a_cell("# X", poll=GOOD | {"answer": answer})), "x-x")
    assert asked == {"poll": "x-x", **GOOD, "answer": place}
    assert poll(a_slide(a_cell("# X")), "x-x") is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("Which?", "not 'Which\\?'"),
        ({"question": "Which?"}, "choices must be"),
        (GOOD | {"choices": ["a"]}, "choices must be"),
        (GOOD | {"choices": ["a", "a"]}, "must differ"),
        (GOOD | {"question": ""}, "question is empty"),
        (GOOD | {"answer": "c"}, "none of its choices"),
        (GOOD | {"answer": 7}, "answer must be"),
    ],
)
def test_a_poll_that_cannot_be_asked_is_not_built(wrong, why):
    """What is wrong is told with the chapter and the slide."""
    with pytest.raises(PollError, match=why):
        poll(a_slide(a_cell("# X", poll=wrong)), "x")
    chapter = Chapter(Path("10_x.ipynb"), {"cells": [a_cell("# X", poll=wrong)], "metadata": {}})

    cells = [SimpleNamespace(metadata=each["metadata"]) for each in chapter.document["cells"]]
    with pytest.raises(ConvertError, match=r"10_x\.ipynb, slide 1.*" + why):
        mark(chapter, SimpleNamespace(cells=cells))


@pytest.fixture
def refusals():
    """Refusals are logged, as they should be; here they are expected."""
    logs = [logging.getLogger(name) for name in ("tornado.access", "tornado.general")]
    for log in logs:
        log.setLevel(logging.ERROR)
    yield
    for log in logs:
        log.setLevel(logging.NOTSET)


@pytest.fixture
def ask(tmp_path, io_loop):
    """Asks the speaker's pages: `response = await ask("/speaker/")`."""
    (tmp_path / "speaker.html").write_text("the page")
    (tmp_path / "index.html").write_text("x" * 5000)
    (tmp_path / "talk.html").write_text("slides")
    routes = speaker_pages(tmp_path, "http://127.0.0.1:8000/", Access(TOKEN), Limit(Rate(5, 1)))
    server = HTTPServer(make_app(tmp_path, routes))
    sock, port = bind_unused_port()
    server.add_socket(sock)

    async def fetch(path, token=TOKEN, **headers):
        own = {"Cookie": f"speaker-{port}={token}"} if token else {}
        url = f"http://127.0.0.1:{port}{path}"
        return await AsyncHTTPClient().fetch(
            url, headers=own | headers, raise_error=False, follow_redirects=False
        )

    yield fetch
    server.stop()
    io_loop.run_sync(server.close_all_connections)


PAGES = ["/speaker/", "/speaker/talk.html", "/speaker/code.svg", "/speaker/audience.json"]


@pytest.mark.gen_test
async def test_who_has_no_token_has_none_of_it(ask, refusals):
    """Nor who asks under another name, or from another page."""
    for path in PAGES:
        assert (await ask(path)).code == 200
        assert (await ask(path, token="")).code == 401
        assert (await ask(path, Host="attacker.example")).code == 403
        assert (await ask(path, Origin="http://attacker.example")).code == 403
    assert (await ask("/speaker/../speaker.py")).code in (400, 403, 404)
    assert (await ask("/speaker/%2e%2e/%2e%2e/etc/passwd")).code in (400, 403, 404)


@pytest.mark.gen_test
async def test_the_token_leaves_the_address(ask, refusals):
    """It is a cookie from then on, and the page's own address has none."""
    answer = await ask(f"/speaker/?token={TOKEN}", token="")
    assert (answer.code, answer.headers["Location"]) == (302, "/speaker/")
    assert TOKEN in answer.headers["Set-Cookie"] and "HttpOnly" in answer.headers["Set-Cookie"]
    assert (await ask("/speaker/?token=wrong", token="")).code == 401


@pytest.mark.gen_test
async def test_the_page_and_the_deck_are_under_one_address(ask):
    """So that what is relative in them is the same with a server and without."""
    answer = await ask("/speaker/", **{"Accept-Encoding": "gzip"})
    assert answer.body == b"the page"
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert (await ask("/speaker/talk.html")).body == b"slides"
    assert (await ask("/speaker")).headers["Location"] == "/speaker/"


@pytest.mark.gen_test
async def test_the_code_is_a_picture_and_the_address_says_who_can_reach_it(ask):
    """A QR code as SVG."""
    answer = await ask("/speaker/code.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml" and answer.body.startswith(b"<svg")
    told = json.loads((await ask("/speaker/audience.json")).body)
    assert told == {"address": "http://127.0.0.1:8000/", "open": False}


def test_the_audiences_address_is_one_that_a_phone_can_open():
    """A server that listens everywhere is not at 0.0.0.0 for others."""
    assert audience_url("192.0.2.7", 8000) == "http://192.0.2.7:8000/"
    assert audience_url("::1", 8000) == "http://[::1]:8000/"
    assert audience_url("0.0.0.0", 80, ["talk.example"]) == "http://talk.example:80/"
    assert "0.0.0.0" not in audience_url("0.0.0.0", 8000)
