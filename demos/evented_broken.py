"""The same morning with `time.sleep`: "async", and no faster.

Shows: a coroutine that blocks keeps the loop, and everybody waits
Try:
    python -m demos evented_broken
Needs: nothing, not even Tornado
Where: tab, process
"""

import asyncio
import time
from typing import NamedTuple


class Span(NamedTuple):
    name: str
    start: float  # in minutes since the morning began
    end: float


class Morning:
    def __init__(self, minute: float) -> None:
        self.minute = minute  # how long one takes here, in seconds
        self.began = time.perf_counter()
        self.spans: list[Span] = []

    def now(self) -> float:
        return (time.perf_counter() - self.began) / self.minute

    async def wait(self, name: str, minutes: float) -> None:
        start = self.now()
        time.sleep(minutes * self.minute)  # it keeps the loop
        self.spans.append(Span(name, start, self.now()))


async def kettle(morning: Morning) -> None:
    await morning.wait("kettle", 4)


async def toast(morning: Morning) -> None:
    await morning.wait("toast", 3)


async def shower(morning: Morning) -> None:
    await morning.wait("shower", 6)


async def all_at_once(minute: float = 0.05) -> list[Span]:
    morning = Morning(minute)
    await asyncio.gather(
        kettle(morning), toast(morning), shower(morning)
    )
    return morning.spans


def timeline(title: str, spans: list[Span]) -> str:
    """The spans as text, four columns a minute."""
    ready = max(span.end for span in spans)
    lines = [f"{title}: ready after {ready:.0f} minutes"]
    for name, start, end in sorted(spans, key=lambda span: span.start):
        before, during = round(start * 4), round((end - start) * 4)
        lines.append(f"  {name:8}{' ' * before}{'█' * during}")
    return "\n".join(lines)


async def main(minute: float = 0.05) -> None:
    """Print the morning; a minute lasts `minute` seconds."""
    spans = await all_at_once(minute)
    print(timeline("All at once, blocked", spans))


if __name__ == "__main__":
    asyncio.run(main())
