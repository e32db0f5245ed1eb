"""How often somebody may speak: so many at once, then so many a second.

The leaky bucket as a meter (the generic cell rate algorithm of ATM, ITU-T I.371): all that is kept
of somebody is the time at which what they said so far would be due at the even rate. Who is ahead
of that by more than the burst has to wait. A room shares one address, so what an address may say is
far more than what a follower may.
"""

import ipaddress
import time
from collections.abc import Callable
from typing import NamedTuple

KEPT = 50_000  # of whom it is known what they said


class Rate(NamedTuple):
    """How much may be said: at once, and a second after that."""

    burst: int
    per_second: float


FOLLOWER = Rate(burst=10, per_second=1)
ADDRESS = Rate(burst=5000, per_second=1000)


class Limit:
    """One rate, for each of many."""

    def __init__(self, rate: Rate, now: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._now = now
        self._due: dict[str, float] = {}  # who spoke last is last

    def __len__(self) -> int:
        return len(self._due)

    def wait(self, who: str) -> float:
        """Seconds that somebody has to wait before they may speak; 0: now."""
        ahead = self._due.get(who, 0.0) - self._now()
        return max(0.0, ahead - (self.rate.burst - 1) / self.rate.per_second)

    def count(self, who: str) -> None:
        """Somebody spoke."""
        self._due[who] = max(self._due.pop(who, 0.0), self._now()) + 1 / self.rate.per_second
        if len(self._due) > KEPT:
            self._forget()

    def _forget(self) -> None:
        """Forget who may say a whole burst again; if too few can, who has been quiet longest."""
        now = self._now()
        self._due = {who: due for who, due in self._due.items() if due > now}
        for who in list(self._due)[: len(self._due) - KEPT * 9 // 10]:
            del self._due[who]


class Limits:
    """What a follower may say, and what all at one address may."""

    def __init__(
        self,
        follower: Rate = FOLLOWER,
        address: Rate = ADDRESS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.followers = Limit(follower, now)
        self.addresses = Limit(address, now)

    def wait(self, follower: str, address: str) -> float:
        """Seconds to wait, or 0, and it counts. What is refused costs nothing more."""
        network = neighbours(address)
        seconds = max(self.followers.wait(follower), self.addresses.wait(network))
        if not seconds:
            self.followers.count(follower)
            self.addresses.count(network)
        return seconds


def neighbours(address: str) -> str:
    """Whom one address stands for: in IPv6 a household has a /64 to itself."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network(f"{ip.packed.hex(':', 2)}/64", strict=False))
