"""The client: what it prints, what it draws, what it says when nobody answers."""

import re
from xml.etree import ElementTree as ET

import pytest

from demos.waiting import chart, client
from demos.waiting.child import free_port
from demos.waiting.client import Answer, burst
from demos.waiting.experiment import served
from demos.waiting.modes import MODES

SVG = "{http://www.w3.org/2000/svg}"
IN_LINE = [Answer("python", 0.0, turn, turn + 1, 200) for turn in range(3)]
AT_ONCE = [Answer("postgres", 0.0, 0.0, 1.0, 200) for _ in range(3)]


@pytest.fixture(scope="module")
def threads(postgres):
    """The URL of Tornado waiting in threads."""
    mode = next(mode for mode in MODES if mode.name == "threads")
    with served(mode, postgres, 10) as (url, _):
        yield url


def test_the_report_has_each_answer_each_total_and_the_sum(threads, capsys):
    """As the experiment has always reported."""
    assert client.main([threads, "--requests", "3", "--sleep", "0.1"]) == 0
    said = capsys.readouterr().out
    assert len(re.findall(r"\t@ +\d+\.\d\ds got response \[200\]\n", said)) == 6
    assert re.findall(r"Sending 3 requests for \S+/sleep/(\w+)/", said) == ["python", "postgres"]
    totals = [float(each) for each in re.findall(r"\t= +(\d+\.\d\d)s TOTAL\n", said)]
    whole = float(re.search(r"SUM TOTAL = (\d+\.\d\d)s", said)[1])
    assert whole == pytest.approx(sum(totals), abs=0.02)


def test_both_routes_at_once_are_a_third_burst(threads, capsys):
    """Which the sum of the two leaves out."""
    assert client.main([threads, "--requests", "2", "--sleep", "0", "--both"]) == 0
    assert "Sending 4 requests for" in capsys.readouterr().out


def test_the_chart_is_drawn_in_the_terminal(threads, capsys):
    """A line a request and one that explains it."""
    client.main([threads, "--requests", "2", "--sleep", "0.1", "--chart"])
    said = capsys.readouterr().out
    assert len(re.findall(r"^(?:python|postgres) +\|.*█.* \d+\.\d\ds$", said, re.M)) == 4
    assert "░ queued  █ served" in said


def test_the_chart_is_drawn_to_a_file(threads, tmp_path):
    """SVG that a browser can show."""
    path = tmp_path / "waterfall.svg"
    client.main([threads, "--requests", "2", "--sleep", "0", "--chart", str(path)])
    assert ET.parse(path).getroot().tag == f"{SVG}svg"


def test_an_answer_knows_when_the_server_took_it_up(threads):
    """Between being sent and being done."""
    for answer in burst(threads, ["python"] * 3, 0.1):
        assert 0 <= answer.sent <= answer.began <= answer.done - 0.1


def test_a_status_is_told_as_it_is(threads):
    """A refused request is an answer too."""
    assert {each.status for each in burst(threads, ["nothing"], 0)} == {404}


def test_a_server_that_is_not_there_is_a_sentence(capsys):
    """It says what to start, and is a failure."""
    assert client.main([f"http://127.0.0.1:{free_port()}"]) == 2
    assert "nobody answers at http://127.0.0.1" in (said := capsys.readouterr().err)
    assert "start it: python -m demos.waiting serve" in said


@pytest.mark.parametrize(
    "option", [["--requests", "0"], ["--requests", "many"], ["--sleep", "-1"], ["--sleep", "nan"]]
)
def test_a_bad_number_is_refused(option, capsys):
    """With what is allowed."""
    with pytest.raises(SystemExit) as ended:
        client.main(option)
    assert ended.value.code == 2
    assert re.search(r"is not from [01] to \d+", capsys.readouterr().err)


def test_requests_in_line_are_a_staircase():
    """In the terminal: each bar is queued for as long as those before it took."""
    lines = chart.terminal(IN_LINE, columns=30).splitlines()
    assert [line.count("░") for line in lines[:3]] == [0, 10, 20]
    assert [line.count("█") for line in lines[:3]] == [10, 10, 10]


def test_the_picture_has_a_light_and_a_full_bar_a_request():
    """In the proportions of the seconds."""
    boxes = ET.fromstring(chart.svg(IN_LINE)).iter(f"{SVG}rect")
    queued, served = {}, {}
    for turn, box in enumerate(boxes):
        (served if turn % 2 else queued)[turn // 2] = float(box.get("width"))
    assert queued[2] == pytest.approx(2 * queued[1], abs=0.2)
    assert served[0] == pytest.approx(served[2], abs=0.2)
    assert queued[0] == 0


def test_two_pictures_can_share_a_scale():
    """`until` makes a second the same length in both."""
    wide = [
        float(next(ET.fromstring(picture).iter(f"{SVG}path")).get("d")[1:6])
        for picture in (chart.svg(IN_LINE), chart.svg(AT_ONCE, until=3))
    ]
    assert wide[0] == wide[1]
    last = [list(ET.fromstring(p).iter(f"{SVG}rect"))[1] for p in (chart.svg(IN_LINE),)]
    same = list(ET.fromstring(chart.svg(AT_ONCE, until=3)).iter(f"{SVG}rect"))[1]
    assert float(last[0].get("width")) == pytest.approx(float(same.get("width")), abs=0.2)
