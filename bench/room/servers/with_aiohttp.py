"""aiohttp: a loop of send_str."""

from aiohttp import WSMsgType, web
from loop import BACKLOG, PORT, forever, run

clients = set()


async def follow(request):
    client = web.WebSocketResponse(compress=False)
    await client.prepare(request)
    clients.add(client)
    try:
        async for message in client:
            if message.type == WSMsgType.TEXT:
                for each in list(clients):
                    await each.send_str(message.data)
    finally:
        clients.discard(client)
    return client


async def main():
    app = web.Application()
    app.router.add_get("/", follow)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", PORT, backlog=BACKLOG).start()
    await forever()


run(main())
