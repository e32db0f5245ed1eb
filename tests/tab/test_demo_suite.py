"""The demos' own tests, run in a browser's tab: each ends there as it does in a process."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from demos.catalog import demos

from .conftest import Tab

ROOT = Path(__file__).parents[2]
RUNNER = "tests/tab/outcomes.py"
TIMEOUT = 240  # seconds; fifty are usual
# The other files of the folder are about processes and browsers from their first import on.
SUITES = ["command", *(demo.name for demo in demos() if "tab" in demo.where)]
FILES = [f"tests/demos/test_{name}.py" for name in SUITES]
BESIDE = ["pyproject.toml", RUNNER, "tests/conftest.py", "tests/demos/conftest.py"]

PACKAGES = (
    "iniconfig",
    "packaging",
    "pluggy",
    "pygments",
    "pytest",
    "pytest-timeout",
    "pytest-tornado",
)
ABOUT = ("METADATA", "entry_points.txt")
# Pygments is imported for the colours of a terminal: these are enough.
PAINTED = ("pygments/formatters/", "pygments/lexers/", "pygments/styles/")
PAINT = ("__init__.py", "_mapping.py", "diff.py", "python.py", "terminal.py")
# All that pytest-tornado wants of setuptools.
PARSER = "from packaging.version import parse as parse_version\n"

pytestmark = pytest.mark.timeout(2 * TIMEOUT)  # the first test waits for all files


class Outcome(NamedTuple):
    """How a test ended, why, and what it needs that a tab does not have."""

    outcome: str
    needs: str
    why: str


Outcomes = dict[str, Outcome]
MISSING = Outcome("missing", "", "there is no such test")


def archive_of_pytest() -> bytes:
    """What a tab needs for running pytest, from what is installed here."""
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("pkg_resources.py", PARSER)
        for package in PACKAGES:
            for path in distribution(package).files or []:
                name = path.as_posix()
                is_paint = name.startswith(PAINTED) and path.name not in PAINT
                if (path.suffix == ".py" or path.name in ABOUT) and not is_paint:
                    archive.writestr(name, path.read_binary())
    return packed.getvalue()


def parsed(status: int, output: str) -> Outcomes:
    """The outcome of each test, from the last line of `outcomes.py`."""
    assert status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), output
    told = next(line for line in reversed(output.splitlines()) if line.startswith("{"))
    return {test: Outcome(**facts) for test, facts in json.loads(told).items()}


@pytest.fixture(scope="module")
def process() -> Iterator["subprocess.Popen[str]"]:
    """The tests on this machine, under way while they run in the tab, too."""
    command = [sys.executable, "-m", "tests.tab.outcomes", *FILES]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


@pytest.fixture(scope="module")
def in_process(process: "subprocess.Popen[str]") -> Outcomes:
    """How the tests end on this machine."""
    output, _ = process.communicate(timeout=TIMEOUT)
    return parsed(process.returncode, output)


@pytest.fixture(scope="module")
def in_tab(tab: Tab, process: "subprocess.Popen[str]") -> Outcomes:
    """How they end in a tab: the same files, with the same settings."""
    files: dict[str, str | bytes] = {
        name: (ROOT / name).read_text(encoding="utf-8") for name in [*FILES, *BESIDE]
    }
    files["tests/tab/pytest.zip"] = archive_of_pytest()
    ran = tab.run("tests.tab.outcomes", FILES, files, timeout=TIMEOUT)
    return parsed(ran.status, ran.output)


@pytest.mark.parametrize("name", SUITES)
def test_a_demos_own_tests_end_in_a_tab_as_in_a_process(
    name: str, in_tab: Outcomes, in_process: Outcomes
) -> None:
    """The same pass, but for those that are marked as in need of a process, which all fail."""
    file = f"tests/demos/test_{name}.py"
    tests = [test for test in {**in_process, **in_tab} if test.startswith(file)]
    assert tests
    found = [difference(in_process.get(test, MISSING), in_tab.get(test, MISSING)) for test in tests]
    told = [f"{test} {what}" for test, what in zip(tests, found, strict=True) if what]
    assert not told, "\n\n".join(told)


def difference(process: Outcome, tab: Outcome) -> str:
    """What is wrong with a pair of outcomes of one test; nothing, if all is well."""
    does_pass = tab.outcome == "passed"
    if process.outcome != "passed":
        return f"passes in a tab alone; in a process:\n{process.why}" * does_pass
    if process.needs:
        return f"passes in a tab, though it is marked: {process.needs}" * does_pass
    return "" if does_pass else f"passes in a process; in a tab:\n{tab.why}"
