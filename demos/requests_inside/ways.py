"""The ways to call the library: the rows of the table."""

from dataclasses import dataclass

THREADS = "asyncio.to_thread, "
BRIDGE = "greenlet bridge, max_clients="
AWAIT = "AsyncHTTPClient, max_clients="


@dataclass(frozen=True)
class Way:
    """A handler, and which limit is raised to the number of calls."""

    name: str
    path: str
    words: str
    raised: str = ""

    def title(self, calls: int) -> str:
        """What it says in the table."""
        return self.words.format(calls=calls)

    def limits(self, calls: int) -> dict[str, int]:
        """The limits that are not the defaults."""
        return {self.raised: calls} if self.raised else {}


WAYS = (
    Way("blocking", "/blocking", "requests.post in the handler"),
    Way("threads-default", "/threads", THREADS + "default executor"),
    Way("threads", "/threads", THREADS + "{calls} threads", "threads"),
    Way("bridge-10", "/bridge", BRIDGE + "10"),
    Way("bridge", "/bridge", BRIDGE + "{calls}", "max_clients"),
    Way("await-10", "/await", AWAIT + "10"),
    Way("await", "/await", AWAIT + "{calls}", "max_clients"),
)


def find(name: str) -> Way:
    """A way by its name; raises KeyError."""
    return {way.name: way for way in WAYS}[name]
