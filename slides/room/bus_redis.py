"""A bus through Redis: publish and subscribe on one channel."""

import contextlib

from redis.asyncio import Redis
from redis.asyncio.connection import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from slides.room.bus import Heard
from slides.room.bus_server import PATIENCE, Link


class RedisLink(Link):
    """Two connections, since one that is subscribed is for listening. ValueError, TypeError."""

    def __init__(self, url: str, channel: str) -> None:
        self._url = url
        self._channel = channel
        self._redis: Redis | None = None
        self._pool().make_connection()  # refuses an address that it does not understand

    def _pool(self) -> ConnectionPool:
        # Were redis-py to connect again by itself, nobody would know that messages were missed.
        retry = Retry(NoBackoff(), 0, supported_errors=())
        return ConnectionPool.from_url(self._url, retry=retry, socket_connect_timeout=PATIENCE)

    async def open(self) -> None:
        self._redis = Redis.from_pool(self._pool())
        self._subscription = self._redis.pubsub()
        await self._subscription.subscribe(self._channel)
        # It is a subscription once the server says so.
        await self._subscription.get_message(timeout=None)

    async def listen(self, heard: Heard) -> None:
        async for message in self._subscription.listen():
            if message["type"] == "message":
                heard(message["data"])

    async def send(self, frames: list[bytes]) -> None:
        assert self._redis is not None
        pipeline = self._redis.pipeline(transaction=False)
        for frame in frames:
            pipeline.publish(self._channel, frame)
        await pipeline.execute()

    async def close(self) -> None:
        redis, self._redis = self._redis, None
        if redis is not None:
            with contextlib.suppress(Exception):
                await self._subscription.aclose()
            await redis.aclose()
