"""`evented`: waiting at the same time takes as long as the longest wait."""

import itertools

import pytest

from demos import evented


@pytest.mark.gen_test
async def test_one_after_the_other_nobody_overlaps():
    """Each begins when the one before it has ended."""
    spans = await evented.one_after_the_other(minute=0.01)
    assert [span.name for span in spans] == ["kettle", "toast", "shower"]
    for before, after in itertools.pairwise(spans):
        assert before.end <= after.start


@pytest.mark.gen_test
async def test_all_at_once_everybody_overlaps():
    """All have begun before the first has ended."""
    spans = await evented.all_at_once(minute=0.02)
    assert max(span.start for span in spans) < min(span.end for span in spans)
    assert [span.name for span in spans] == ["toast", "kettle", "shower"]


@pytest.mark.gen_test
async def test_the_evented_morning_is_shorter():
    """It takes about as long as the shower, not as long as the sum."""
    long = (await evented.one_after_the_other(minute=0.05))[-1].end
    short = (await evented.all_at_once(minute=0.05))[-1].end
    assert long >= 13
    assert 6 <= short < 0.75 * long


def test_the_timeline_draws_a_bar_from_start_to_end():
    """Four columns a minute, in the order of beginning."""
    spans = [evented.Span("toast", 1, 3), evented.Span("tea", 0, 1)]
    assert evented.timeline("Breakfast", spans).splitlines() == [
        "Breakfast: ready after 3 minutes",
        "  tea     ████",
        "  toast       ████████",
    ]


@pytest.mark.gen_test
async def test_running_it_prints_both_mornings(capsys):
    """The sum of the waits first, then the longest of them."""
    await evented.main(minute=0.005)
    printed = capsys.readouterr().out
    assert printed.index("One after the other: ready") < printed.index("All at once: ready")
    assert printed.count("█") >= 2 * 13 * 4 - 6
