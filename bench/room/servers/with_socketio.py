"""python-socketio on uvicorn, with uvloop: emit to everybody."""

import socketio
import uvicorn
from loop import BACKLOG, PORT, ready

server = socketio.AsyncServer(
    async_mode="asgi", ping_interval=3600, ping_timeout=3600, cors_allowed_origins="*"
)


@server.on("m")
async def on_message(sid, text):
    await server.emit("m", text)


class Server(uvicorn.Server):
    """Tells when it listens."""

    async def startup(self, sockets=None):
        await super().startup(sockets)
        ready()


config = uvicorn.Config(
    socketio.ASGIApp(server),
    host="127.0.0.1",
    port=PORT,
    backlog=BACKLOG,
    access_log=False,
    log_level="critical",
    ws_ping_interval=None,
    ws_per_message_deflate=False,
    lifespan="off",
)
Server(config).run()
