"""Tornado, as its documentation has it: a loop of write_message."""

from loop import BACKLOG, PORT, forever, run
from tornado.web import Application
from tornado.websocket import WebSocketHandler

clients = set()


class Follower(WebSocketHandler):
    """Hears what any of them says."""

    def open(self):
        self.set_nodelay(True)
        clients.add(self)

    def on_message(self, text):
        for client in list(clients):
            client.write_message(text)

    def on_close(self):
        clients.discard(self)


async def main():
    app = Application([("/", Follower)], log_function=lambda handler: None)
    app.listen(PORT, "127.0.0.1", backlog=BACKLOG)
    await forever()


run(main())
