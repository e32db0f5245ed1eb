"""Every mode, with short sleeps: the proportions that the slides tell."""

from itertools import pairwise

import pytest

from demos.waiting.client import total
from demos.waiting.experiment import Skipped, measure
from demos.waiting.modes import MODES, Mode
from demos.waiting.results import load

SLEEP, REQUESTS = 0.25, 5
# How many sleeps a mode needs for the five of Python, the five of PostgreSQL, and all ten at once.
EXPECTED = {
    "sync": (5, 5, 10),
    "blocking": (5, 5, 10),
    "gevent": (1, 5, 5),
    "psycogreen": (1, 1, 1),
    "psycopg3": (1, 1, 1),
    "gthread": (1, 1, 1),
    "threads": (1, 1, 1),
    "processes": (1, 1, 1),
    "await": (1, 1, 1),
}
# The next proportion that there is: what takes less than that, on a busy machine too, is not it.
LESS_THAN = {1: 5, 5: 10, 10: 15}


def test_every_mode_is_expected_to_do_something():
    """The list below forgets none."""
    assert list(EXPECTED) and set(EXPECTED) == {mode.name for mode in MODES}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_a_mode_takes_as_many_sleeps_as_it_must(mode, postgres):
    """One where the waits overlap, five or ten where they queue."""
    result = measure(mode, postgres, REQUESTS, SLEEP)
    found = (result.python, result.postgres, result.both)
    for answers, sleeps in zip(found, EXPECTED[mode.name], strict=True):
        assert {answer.status for answer in answers} == {200}
        assert sleeps <= total(answers) / SLEEP < LESS_THAN[sleeps]


def test_gevent_with_a_driver_that_blocks_serves_postgres_in_line(postgres):
    """The bars of a waterfall: each begins when the one before is done."""
    gevent = next(mode for mode in MODES if mode.name == "gevent")
    answers = sorted(measure(gevent, postgres, 3, SLEEP).postgres, key=lambda each: each.began)
    for before, after in pairwise(answers):
        assert after.began >= before.began + SLEEP


def test_a_mode_whose_package_is_missing_says_what_to_install():
    """By name, with the command."""
    mode = Mode("x", "gunicorn", "sync", "psycopg2", "psycopg2", ("no_such_package",))
    with pytest.raises(Skipped, match=r"it needs no_such_package: pip install -e '\.\[waiting\]'"):
        measure(mode, "postgresql:///", 1, 0)


def test_a_server_that_does_not_start_says_why():
    """What it wrote to its standard error is in the sentence."""
    mode = Mode("x", "gunicorn", "no_such_worker", "psycopg2", "psycopg2")
    with pytest.raises(Skipped, match=r"did not serve.*no_such_worker"):
        measure(mode, "postgresql:///", 1, 0)


def test_the_price_is_measured(postgres):
    """A process pool is many processes, and takes more memory than threads."""
    threads, processes = (
        measure(mode, postgres, 2, 0) for mode in MODES if mode.name in ("threads", "processes")
    )
    assert threads.processes == 1
    assert processes.processes > 4
    assert processes.memory > 2 * threads.memory


def test_the_recorded_run_shows_five_to_three_to_one():
    """The proportion of the experiment's first telling, recorded with its own five seconds."""
    run = load()
    assert (run.requests, run.sleep) == (5, 5)
    assert run.skipped == {}
    sums = [run.result(name).seconds["sum"] / 10 for name in ("sync", "gevent", "psycogreen")]
    assert [round(each) for each in sums] == [5, 3, 1]
    for name, sleeps in EXPECTED.items():
        seconds = run.result(name).seconds
        found = [seconds[burst] for burst in ("python", "postgres", "both")]
        assert [round(each / run.sleep) for each in found] == list(sleeps)
