"""picows, a websocket library in Cython: a loop of send."""

from loop import BACKLOG, PORT, forever, run
from picows import WSListener, WSMsgType, ws_create_server

clients = set()


class Follower(WSListener):
    """Hears what any of them says."""

    def on_ws_connected(self, transport):
        clients.add(transport)

    def on_ws_frame(self, transport, frame):
        if frame.msg_type == WSMsgType.TEXT:
            text = frame.get_payload_as_bytes()
            for client in list(clients):
                client.send(WSMsgType.TEXT, text)

    def on_ws_disconnected(self, transport):
        clients.discard(transport)


async def main():
    await ws_create_server(lambda request: Follower(), "127.0.0.1", PORT, backlog=BACKLOG)
    await forever()


run(main())
