"""The room in figures, for its operator: who is here, what waits, how long keeping takes.

They are counted in plain numbers all the time, and made into Prometheus' metrics only when somebody
asks (`slides.serve.metrics`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slides.room.hub import Hub

# Seconds: from what a page does not notice to what nobody waits for.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Durations:
    """How long something took, as a histogram counts it; in seconds."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        """It took so long once more."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> list[tuple[str, int]]:
        """How many took no longer than each bound."""
        names = [*map(str, BOUNDS), "+Inf"]
        return [(name, sum(self.counts[: place + 1])) for place, name in enumerate(names)]


Figure = tuple[str, str, float]  # name, what it tells, value


def gauges(hub: "Hub") -> Iterator[Figure]:
    """What goes up and down."""
    yield "room_followers", "Followers connected to this process", len(hub.followers)
    yield "room_speakers", "Speaker's pages connected to this process", len(hub.speakers)
    yield "room_here", "Followers of all processes of the room", hub.here
    yield "room_version", "Version of the talk that followers see", hub.talk.version
    queued = hub.followers.queued + hub.speakers.queued
    yield "room_queued_bytes", "Bytes that wait for connections that read slowly", queued
    yield "room_store_waiting", "Messages that wait to be kept", hub.store.waiting
    yield "room_store_failing", "1 while messages cannot be kept", hub.store.is_failing
    yield "room_bus_connected", "1 while other processes can be told", hub.bus.connected


def counters(hub: "Hub") -> Iterator[Figure]:
    """What only grows, from the start of the process."""
    told = hub.followers.deliveries + hub.speakers.deliveries
    dropped = hub.followers.dropped + hub.speakers.dropped
    yield "room_deliveries", "Messages told, times the connections that were told", told
    yield "room_dropped", "Connections dropped as they read too slowly", dropped
    yield "room_refused", "Messages that were refused, with a reason", hub.refused
    yield "room_unkept", "Messages that could not be kept", hub.unkept


def metrics(hub: "Hub") -> Iterable[Any]:
    """All of it, as prometheus-client has it."""
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
    )

    yield from (GaugeMetricFamily(*each) for each in gauges(hub))
    yield from (CounterMetricFamily(*each) for each in counters(hub))
    told = "Seconds until a message was kept"
    yield HistogramMetricFamily("room_kept_seconds", told, hub.kept.buckets(), hub.kept.sum)
