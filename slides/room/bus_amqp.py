"""A bus through RabbitMQ: each process has a queue, and a fanout exchange fills them all."""

import logging

import aio_pika
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from slides.room.bus import Heard
from slides.room.bus_server import OUTBOX, PATIENCE, Link

HEARTBEAT = 10  # seconds after which the broker gives up a process, and its queue


class AmqpLink(Link):
    """The broker forgets the queue with the connection, and the exchange with the last queue."""

    def __init__(self, url: str, channel: str) -> None:
        # It reports each try that fails, with a traceback; the bus says it once.
        logging.getLogger("aiormq").setLevel(logging.CRITICAL)
        self._url = url
        self._name = channel
        self._connection: AbstractConnection | None = None

    async def open(self) -> None:
        # Not connect_robust: were it to connect again by itself, nobody would know what was missed.
        self._connection = await aio_pika.connect(self._url, timeout=PATIENCE, heartbeat=HEARTBEAT)
        self._channel = await self._connection.channel(publisher_confirms=False)
        fanout = aio_pika.ExchangeType.FANOUT
        self._exchange = await self._channel.declare_exchange(self._name, fanout, auto_delete=True)
        # A process that is stopped for a while must not fill the broker: what is dropped is missed.
        self._queue = await self._channel.declare_queue(
            exclusive=True, auto_delete=True, arguments={"x-max-length": OUTBOX}
        )
        await self._queue.bind(self._exchange)

    async def listen(self, heard: Heard) -> None:
        async def take(message: AbstractIncomingMessage) -> None:
            heard(message.body)

        await self._queue.consume(take, no_ack=True)
        await self._channel.closed()

    async def send(self, frames: list[bytes]) -> None:
        for frame in frames:
            await self._exchange.publish(aio_pika.Message(frame), routing_key="")

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
