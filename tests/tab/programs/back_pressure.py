"""A client that never reads: its server waits, and does not fill the memory."""

import asyncio

PIECE = bytes(100_000)
LIMIT = 20_000_000  # bytes, far more than buffers hold


async def main() -> None:
    sent = 0
    stopped = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        try:
            while True:
                writer.write(PIECE)
                await asyncio.wait_for(writer.drain(), 0.5)
                sent += len(PIECE)
        except asyncio.TimeoutError:  # noqa: UP041
            stopped.set()
            writer.transport.abort()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await stopped.wait()
    print("stopped:", 0 < sent < LIMIT)
    writer.close()
    server.close()


asyncio.run(main())
