"""A pool larger than the server: the last to come are refused.

    python -m demos.waiting.too_many

A pool makes a connection for a request that finds none free, up to its
size. PostgreSQL allows `max_connections` to all its clients together,
and keeps a few of them for its administrators.
"""

import asyncio
from collections import Counter

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from demos.waiting.database import address, database

PAUSE = text("SELECT pg_sleep(1)")
MORE = 20  # requests more than the server has connections


async def main() -> list[Counter[str]]:
    """Send the same requests through a pool too large, and another."""
    with database() as url:
        most = await max_connections(url)
        print(f"PostgreSQL allows {most} connections.")
        sizes = (most + MORE, most // 2)
        return [await burst(url, size, most + MORE) for size in sizes]


async def max_connections(url: str) -> int:
    engine = create_async_engine(address("psycopg", url))
    async with engine.connect() as connection:
        most = await connection.scalar(text("SHOW max_connections"))
    await engine.dispose()
    return int(most or 0)


async def burst(url: str, size: int, requests: int) -> Counter[str]:
    """Send requests at once through a pool; tell how it went."""
    engine = create_async_engine(
        address("psycopg", url), pool_size=size, max_overflow=0
    )
    told = Counter(
        await asyncio.gather(*[ask(engine) for _ in range(requests)])
    )
    await engine.dispose()
    print(f"\nA pool of {size}, {requests} requests at once:")
    for outcome, count in told.most_common():
        print(f"{count:5} {outcome}")
    return told


async def ask(engine: AsyncEngine) -> str:
    """`answered`, or what the server said instead."""
    try:
        async with engine.connect() as connection:
            await connection.execute(PAUSE)
        return "answered"
    except OperationalError as error:
        return str(error.orig).rpartition("FATAL:")[2].strip()


if __name__ == "__main__":
    asyncio.run(main())
