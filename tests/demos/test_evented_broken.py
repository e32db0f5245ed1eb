"""`evented_broken`: coroutines that block are no faster, whatever they are called."""

import itertools

import pytest

from demos import evented, evented_broken


@pytest.mark.gen_test
async def test_blocking_coroutines_do_not_overlap():
    """gather starts them together, and each keeps the loop until it is done."""
    spans = await evented_broken.all_at_once(minute=0.01)
    assert [span.name for span in spans] == ["kettle", "toast", "shower"]
    for before, after in itertools.pairwise(spans):
        assert before.end <= after.start
    assert spans[-1].end >= 13


@pytest.mark.gen_test
async def test_awaiting_is_what_makes_the_difference():
    """The same morning is shorter where the coroutines await."""
    blocked = (await evented_broken.all_at_once(minute=0.05))[-1].end
    awaited = (await evented.all_at_once(minute=0.05))[-1].end
    assert awaited < 0.75 * blocked


@pytest.mark.gen_test
async def test_running_it_prints_the_blocked_morning(capsys):
    """The title says that it was blocked."""
    await evented_broken.main(minute=0.005)
    assert "All at once, blocked: ready after" in capsys.readouterr().out
