"""Runs test files with pytest, in a tab as anywhere; the last line tells how each test ended.

A tab has no pytest: there, an archive of it lies beside this file.
"""

import json
import sys
from pathlib import Path
from typing import Any

ARCHIVE = Path(__file__).with_name("pytest.zip")
PLAIN = ["--capture=sys", "--tb=short", "--timeout=0", "-p", "no:cacheprovider", "-v"]


class Outcomes:
    """Notes each test's outcome, what it said when it failed, and why it may not run in a tab."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, str]] = {}

    def pytest_itemcollected(self, item: Any) -> None:
        mark = item.get_closest_marker("process")
        needs = mark.args[0] if mark else ""
        self.tests[item.nodeid] = {"outcome": "passed", "needs": needs, "why": ""}

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            failed = {"outcome": "failed", "needs": "", "why": report.longreprtext}
            self.tests[report.nodeid] = failed

    def pytest_runtest_logreport(self, report: Any) -> None:
        if not report.passed:
            self.tests[report.nodeid] |= {"outcome": report.outcome, "why": report.longreprtext}


def main() -> int:
    """Run what the arguments name; give pytest's exit status."""
    if ARCHIVE.exists():
        sys.path.insert(0, str(ARCHIVE))
    import pytest

    noted = Outcomes()
    status = pytest.main([*PLAIN, *sys.argv[1:]], plugins=[noted])
    print(json.dumps(noted.tests))
    return status


if __name__ == "__main__":
    sys.exit(main())
