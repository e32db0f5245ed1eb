"""The traps: each is fallen into, and each has a way around it."""

import asyncio
import json
import re
import subprocess
import sys

import pytest

from demos.waiting import fork_broken, fork_fixed, too_many, traps


@pytest.fixture(autouse=True)
def beside(postgres, monkeypatch):
    """The programs find the tests' own PostgreSQL."""
    monkeypatch.setenv("DATABASE_URL", postgres)


def told(program):
    """How many answers were of each kind.

    It is a process of its own: those it forks end by an alarm, for which pytest has a handler.
    """
    command = [sys.executable, "-m", program.__name__]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return {kind: int(count) for count, kind in re.findall(r"(\d+) (\w+)", ran.stdout)}


def test_a_fork_with_a_used_engine_gives_wrong_answers():
    """Some answers are another's; none of it is an error that anybody would see."""
    counts = told(fork_broken)
    assert counts["right"] < fork_broken.PROCESSES * fork_broken.QUESTIONS
    assert counts["wrong"] + counts["failed"] + counts["never"] > 0


def test_a_fork_that_forgets_its_connections_gives_right_ones():
    """All of them."""
    right = fork_fixed.PROCESSES * fork_fixed.QUESTIONS
    assert told(fork_fixed) == {"right": right, "wrong": 0, "failed": 0, "never": 0}


def test_a_pool_larger_than_the_server_has_requests_refused(capsys):
    """One that is smaller serves the same requests, in waves."""
    large, small = asyncio.run(too_many.main())
    refused = [outcome for outcome in large if "too many clients" in outcome]
    assert sum(large[outcome] for outcome in refused) >= too_many.MORE - 5
    assert small == {"answered": large.total()}


def test_what_the_traps_say_is_kept(postgres, tmp_path, monkeypatch, capsys):
    """With the machine, the versions and the date."""
    monkeypatch.setattr(traps, "TRAPS", ("fork_fixed",))
    traps.run(postgres, tmp_path / "traps.json")
    facts = json.loads((tmp_path / "traps.json").read_text())
    assert facts["said"]["fork_fixed"] in capsys.readouterr().out
    assert facts["machine"] and facts["date"] and facts["versions"]["sqlalchemy"]


def test_the_recorded_traps_show_what_they_should():
    """The slides show these transcripts."""
    assert "too many clients" in traps.recorded("too_many")
    assert " 0 wrong, 0 failed, 0 never" in traps.recorded("fork_fixed")
    assert " 0 wrong" not in traps.recorded("fork_broken")
    assert traps.recorded("too_many").startswith("$ python -m demos.waiting.too_many\n")
