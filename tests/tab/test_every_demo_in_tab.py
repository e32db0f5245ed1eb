"""Every demo that says `tab`, started in one: it answers and ends as the real process does."""

import re
import signal
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest

from demos.catalog import Demo, demos

from ..demos.conftest import Program
from .conftest import Tab
from .test_net import settled, theirs

SESSION = "async job => (await import('./demo.js')).session(job)"
PASSED = re.compile(r"\b\d+\.\d+ms\b")  # in a log
VARIES = '": …'  # what depends on the clock, or on the machine
OF_THE_BODY = re.compile(r"(?m)^(Etag|Content-Length): .*")
LENGTHS = re.compile(r" *█+|\d+ (?=minutes)")

Command = tuple[list[str], int | None]  # the words after `python -m demos`, and its port
Result = tuple[int, str, str]  # exit status, output, complaints
Results = tuple[list[Result], list[Result]]  # of each line, and of each program


class Start(NamedTuple):
    """A way to start a demo: what stands beside it is in the same program, or apart."""

    demo: Demo
    is_apart: bool = False

    @property
    def lines(self) -> list[str]:
        """What the demo says to try, with the heads of the answers."""
        return [re.sub(r"^curl (-i )?", "curl -i ", line) for line in self.demo.tries]

    @property
    def ports(self) -> list[int]:
        """Those that it listens on, unless it is told others."""
        return [8888, *dict(self.demo.beside).values()]

    def commands(self, ports: dict[int, int]) -> list[Command]:
        """The programs to start, one after the other, on other ports."""
        name, beside = self.demo.name, self.demo.beside
        own = [name, f"--port={ports[8888]}", *(f"--beside={n}={ports[p]}" for n, p in beside)]
        if not self.is_apart:
            return [(own, ports[8888])]
        others = [([other, f"--port={ports[port]}"], ports[port]) for other, port in beside]
        return [*others, ([*own, "--alone"], ports[8888])]


DEMOS = [demo for demo in demos() if "tab" in demo.where]
SERVERS = [demo for demo in DEMOS if any("8888" in line for line in demo.tries)]
OTHERS = [demo for demo in DEMOS if demo not in SERVERS]
STARTS = [Start(demo) for demo in SERVERS]
STARTS += [Start(demo, is_apart=True) for demo in SERVERS if demo.beside]


@pytest.fixture
def in_process(
    needs: Callable[[str], None], free_port: Callable[[], int], tmp_path: Path
) -> Callable[[Start], Results]:
    """What becomes of a demo in processes, and of its lines in this machine's shell."""
    needs("curl")

    def run(start: Start) -> Results:
        ports = {port: free_port() for port in start.ports}
        lines = [line.replace("8888", str(ports[8888])) for line in start.lines]
        with ExitStack() as stack:
            programs = [
                stack.enter_context(closing(Program("demos", *argv))).until_it_listens(port)
                for argv, port in start.commands(ports)
            ]
            answers = [same(*theirs(line, tmp_path)) for line in lines]
            return answers, [same(*program.end(signal.SIGINT)) for program in programs[::-1]]

    return run


def in_tab(tab: Tab, commands: list[Command], lines: list[str]) -> Results:
    """What becomes of programs in a tab, and of lines in the page's shell; nothing is left."""
    ran = tab.page.evaluate(SESSION, {"commands": commands, "lines": lines})
    assert ran["left"] == 0
    return [same(*each) for each in ran["answers"]], [same(*each) for each in ran["ends"]]


def same(status: int, out: str, err: str) -> Result:
    """Without what another run does not have: ports, dates, and how long something took."""
    status, out, err = settled((status, out, err))
    out = OF_THE_BODY.sub(r"\1: …", out) if VARIES in out else out
    return status, out, PASSED.sub("…ms", err)


def test_the_tab_of_these_tests_has_the_files_of_the_built_deck(
    tab_site: str, real_deck: Path
) -> None:
    """What runs here is what a reader of the deck runs."""
    paths = [path for path in (real_deck / "assets" / "tab").rglob("*") if path.is_file()]
    assert paths
    for path in paths:
        with urlopen(tab_site + path.relative_to(real_deck).as_posix()) as answer:
            assert answer.read() == path.read_bytes(), path


@pytest.mark.parametrize("start", STARTS, ids=lambda it: it.demo.name + "-apart" * it.is_apart)
def test_a_demo_answers_and_ends_in_a_tab_as_in_a_process(
    start: Start, tab: Tab, in_process: Callable[[Start], Results]
) -> None:
    """What it says to try has the same answers, its log is the same, and its end by Ctrl-C."""
    expected, ends = in_process(start)
    answers, own_ends = in_tab(
        tab, start.commands({port: port for port in start.ports}), start.lines
    )
    for line, answer, wanted in zip(start.lines, answers, expected, strict=True):
        assert answer == wanted, line
    assert own_ends == ends


@pytest.mark.parametrize("demo", OTHERS, ids=lambda demo: demo.name)
def test_a_demo_that_serves_nothing_says_in_a_tab_what_it_says_in_a_process(
    demo: Demo, tab: Tab
) -> None:
    """The same lines, but for the lengths of what takes its time, and the same status."""
    with closing(Program("demos", demo.name)) as program:
        expected = program.result()
    _, [own] = in_tab(tab, [([demo.name], None)], [])
    assert drawn(*own) == drawn(*expected)


def drawn(status: int, out: str, err: str) -> tuple[int, list[str], str]:
    """Without how long it took; and a tab's clock may see two bars begin at once."""
    return status, sorted(LENGTHS.sub("… ", out).splitlines()), err
