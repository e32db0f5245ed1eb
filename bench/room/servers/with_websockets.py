"""`websockets.broadcast`, the library's own way to tell many."""

from loop import BACKLOG, PORT, forever, run
from websockets.asyncio.server import broadcast, serve

clients = set()


async def follow(client):
    clients.add(client)
    try:
        async for text in client:
            broadcast(clients, text)
    finally:
        clients.discard(client)


async def main():
    options = {"compression": None, "ping_interval": None, "backlog": BACKLOG}
    async with serve(follow, "127.0.0.1", PORT, **options):
        await forever()


run(main())
