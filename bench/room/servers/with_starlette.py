"""Starlette on uvicorn as `uvicorn[standard]` is installed, with uvloop: a loop of send_text."""

import uvicorn
from loop import BACKLOG, PORT, ready
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

clients = set()


async def follow(client):
    await client.accept()
    clients.add(client)
    try:
        async for text in client.iter_text():
            for each in list(clients):
                await each.send_text(text)
    finally:
        clients.discard(client)


class Server(uvicorn.Server):
    """Tells when it listens."""

    async def startup(self, sockets=None):
        await super().startup(sockets)
        ready()


app = Starlette(routes=[WebSocketRoute("/", follow)])
config = uvicorn.Config(
    app,
    host="127.0.0.1",
    port=PORT,
    backlog=BACKLOG,
    access_log=False,
    log_level="critical",
    ws_ping_interval=None,
    ws_per_message_deflate=False,
)
Server(config).run()
