"""Runs Tornado's own tests in a tab, as Tornado runs them; prints one JSON object for each.

The arguments are whether to run `only` those that are listed in `cannot_pass.json`, or all `but`
those, and the names of modules with tests, or of tests. Tornado lies beside this file.
"""

import json
import os
import sys
import unittest
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tornado.test import runtests

HERE = Path(__file__).parent
TESTS = "tornado.test."


def reason(test: str, listed: Mapping[str, Any]) -> str | None:
    """The name of the entry, among those that are listed, that fits a test."""
    short = test.removeprefix(TESTS)
    for name, entry in listed.items():
        but = any(fnmatchcase(short, pattern) for pattern in entry.get("but", ()))
        if not but and any(fnmatchcase(short, pattern) for pattern in entry["tests"]):
            return name
    return None


class Result(unittest.TextTestResult):
    """Prints the outcome of each test when it is known."""

    def startTest(self, test: unittest.TestCase) -> None:
        self.before = len(self.failures), len(self.errors), len(self.skipped)
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        failures, errors, skipped = self.before
        if found := self.failures[failures:] + self.errors[errors:]:
            tell(test, "failed", found[0][1])
        elif found := self.skipped[skipped:]:
            tell(test, "skipped", found[0][1])
        else:
            tell(test, "passed")


class Suite(unittest.TestSuite):
    """Has no other tests than were asked for."""

    listed: Mapping[str, Any] = {}
    only = False

    def addTest(self, test: unittest.TestCase | unittest.TestSuite) -> None:
        is_listed = isinstance(test, unittest.TestCase) and reason(test.id(), self.listed)
        if isinstance(test, unittest.TestSuite) or bool(is_listed) == self.only:
            super().addTest(test)


def tell(test: unittest.TestCase, outcome: str, why: str = "") -> None:
    print(json.dumps({"test": test.id(), "outcome": outcome, "why": why}))


def main() -> None:
    which, *names = sys.argv[1:]
    Suite.listed = json.loads((HERE / "cannot_pass.json").read_text())
    Suite.only = which == "only"
    os.environ["ASYNC_TEST_TIMEOUT"] = "0.2" if Suite.only else "20"  # who fails, waits in vain
    unittest.TestLoader.suiteClass = Suite
    unittest.TextTestResult = Result  # type: ignore[misc]
    sys.argv[1:] = ["--quiet", *names]
    runtests.main()


if __name__ == "__main__":
    main()
