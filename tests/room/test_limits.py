"""How often somebody may speak."""

from hypothesis import given, settings
from hypothesis import strategies as st

from slides.room import limits
from slides.room.limits import Limit, Limits, Rate, neighbours

often = settings(max_examples=200, deadline=None, database=None)


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


def test_a_burst_is_let_through_and_then_so_many_a_second():
    """Who is refused is told for how long, and may speak after that."""
    clock = Clock()
    limit = Limits(Rate(3, 2), Rate(100, 100), clock)
    assert [limit.wait("ada", "::1") for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    clock.seconds += 0.5
    assert [limit.wait("ada", "::1") for _ in range(2)] == [0, 0.5]
    clock.seconds += 60
    assert [limit.wait("ada", "::1") == 0 for _ in range(4)] == [True, True, True, False]


def test_one_who_floods_does_not_silence_another():
    """Nor does who asks for more than they may pay for it later."""
    limit = Limits(Rate(2, 1), Rate(1000, 1), Clock())
    assert sum(limit.wait("ada", "10.0.0.1") == 0 for _ in range(500)) == 2
    assert limit.wait("bob", "10.0.0.1") == 0


def test_many_names_at_one_address_are_limited_together():
    """Though each is new: names are free."""
    limit = Limits(Rate(2, 1), Rate(5, 1), Clock())
    assert sum(limit.wait(f"name {number}", "10.0.0.1") == 0 for number in range(50)) == 5
    assert limit.wait("somebody else", "10.0.0.2") == 0


@often
@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 5), st.integers(1, 4))
def test_nobody_says_more_than_the_rate_allows(pauses, burst, per_second):
    """In no stretch of time: the burst, and the rate times its length."""
    clock = Clock()
    limit = Limit(Rate(burst, per_second), clock)
    allowed = []
    for pause in pauses:
        clock.seconds += pause
        if not limit.wait("ada"):
            limit.count("ada")
            allowed.append(clock.seconds)
    for first, begin in enumerate(allowed):
        for last in range(first, len(allowed)):
            most = burst + (allowed[last] - begin) * per_second
            assert last - first + 1 <= most + 1e-6


def test_what_is_known_of_strangers_is_bounded(monkeypatch):
    """Whoever makes up names without end fills no memory, and who spoke last is still known."""
    monkeypatch.setattr(limits, "KEPT", 100)
    clock = Clock()
    limit = Limit(Rate(1, 0.1), clock)
    for number in range(1000):
        limit.count(f"name {number}")
        assert len(limit) <= 100
    assert limit.wait("name 999") == 10
    clock.seconds += 11
    for number in range(101):
        limit.count(f"another {number}")
    assert limit.wait("name 999") == 0


def test_a_network_of_ipv6_counts_as_one_address():
    """Its owner has as many addresses as they like; one of IPv4 written as IPv6 is itself."""
    assert (
        neighbours("2001:db8:1:2:a::1") == neighbours("2001:db8:1:2:ffff::") == "2001:db8:1:2::/64"
    )
    assert neighbours("2001:db8:1:3::1") != neighbours("2001:db8:1:2::1")
    assert neighbours("::ffff:10.0.0.1") == neighbours("10.0.0.1") == "10.0.0.1"
    assert neighbours("unknown") == "unknown"
