"""Tornado's own tests, run in a browser's tab: all pass but those of `cannot_pass.toml`."""

import itertools
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import tornado

from .conftest import Files, Program, Ran, Tab
from .suite_runner import reason

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
LISTED: dict[str, Any] = tomllib.loads((HERE / "cannot_pass.toml").read_text())
NUMBERS = ROOT / "build" / "tab-suite.json"
TIMEOUT = 400  # seconds; a tenth of it is usual
# Two processes share them, one for each core.
SHARES = (
    ("httpclient", "iostream", "simple_httpclient", "tcpclient", "tcpserver"),
    (
        "gen",
        "http1connection",
        "ioloop",
        "locks",
        "queues",
        "routing",
        "template",
        "web",
        "websocket",
    ),
)
BINARY = (".pyc", ".so")  # for this machine
OUTCOME = re.compile(r'^\{"test": .*\}$', re.MULTILINE)

pytestmark = pytest.mark.timeout(TIMEOUT + 60)


class Test(NamedTuple):
    """What became of one test of Tornado's."""

    __test__ = False

    test: str
    outcome: str  # passed, failed or skipped
    why: str


def files() -> Files:
    """Tornado with its tests, as it is installed, and what runs them."""
    folder = Path(tornado.__file__).parent
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in BINARY]
    return {
        **{f"tornado/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths},
        "suite_runner.py": (HERE / "suite_runner.py").read_text(),
        "cannot_pass.json": json.dumps(LISTED),
    }


@pytest.fixture(scope="module")
def suite(tab: Tab) -> dict[str, list[Test]]:
    """What became of each test, of those that are listed (`only`) and of all others (`but`).

    The listed ones have a process of their own: they leave behind what others would trip over.
    """
    shares = [[f"tornado.test.{name}_test" for name in share] for share in SHARES]
    runs = [["but", *share] for share in shares] + [["only", *itertools.chain(*shares)]]
    *but, only = map(found, tab.run_all(*map(program, runs)))
    tests = [*itertools.chain(*but)]
    # Some give themselves two tenths of a second: who fails beside others may try again alone.
    if failed := [each.test for each in tests if each.outcome == "failed"]:
        again = found(*tab.run_all(program(["but", *failed])))
        tests = [each for each in tests if each.outcome != "failed"] + again
    return {"but": tests, "only": only}


def program(run: list[str]) -> Program:
    """What runs some of the tests."""
    return Program("suite_runner", run, files(), timeout=TIMEOUT)


def found(ran: Ran) -> list[Test]:
    """The tests that a run has told of."""
    return [Test(**json.loads(line)) for line in OUTCOME.findall(ran.output)]


def named(tests: list[Test], outcome: str) -> str:
    """Those with an outcome, and why."""
    return "\n".join(f"{each.test}: {each.why}" for each in tests if each.outcome == outcome)


def test_what_is_not_listed_passes(suite: dict[str, list[Test]]) -> None:
    """Each test that is not in the list passes, or is skipped by itself."""
    assert not (failed := named(suite["but"], "failed")), failed


def test_what_is_listed_cannot_pass(suite: dict[str, list[Test]]) -> None:
    """No test in the list passes: it would have to be taken off."""
    assert not (passed := named(suite["only"], "passed")), passed


def test_each_entry_of_the_list_is_of_use(suite: dict[str, list[Test]]) -> None:
    """Each reason has tests that fail for it."""
    failed = {reason(each.test, LISTED) for each in suite["only"] if each.outcome == "failed"}
    assert failed == set(LISTED)


def test_the_share_that_passes_is_told(
    suite: dict[str, list[Test]], tell: Callable[[str], None]
) -> None:
    """It is said at the end, and written where it can be quoted from."""
    numbers = share([*suite["but"], *suite["only"]])
    NUMBERS.parent.mkdir(exist_ok=True)
    NUMBERS.write_text(json.dumps(numbers, indent=1) + "\n")
    tell(f"Tornado's own tests in a tab: {numbers}")
    assert numbers["run"] > 1000


def share(tests: list[Test]) -> dict[str, Any]:
    """How many tests were run, and what became of them; those that skip themselves are not."""
    outcomes = Counter(each.outcome for each in tests)
    run = outcomes["passed"] + outcomes["failed"]
    failed = Counter(reason(each.test, LISTED) for each in tests if each.outcome == "failed")
    return {
        "tornado": tornado.version,
        "run": run,
        "passed": outcomes["passed"],
        "share": f"{outcomes['passed'] / run:.1%}",
        "skipped": outcomes["skipped"],
        "failed": {str(name): count for name, count in failed.most_common()},
    }
