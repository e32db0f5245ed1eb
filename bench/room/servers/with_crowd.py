"""The room's Crowd behind a bare Tornado application."""

import sys
from pathlib import Path

from loop import BACKLOG, PORT, forever, run
from tornado.web import Application
from tornado.websocket import WebSocketHandler

# By itself: the room has more than a benchmark needs.
sys.path.append(str(Path(__file__).resolve().parents[3] / "slides" / "room"))
from broadcast import Crowd  # type: ignore[import-not-found]

crowd = Crowd()


class Follower(WebSocketHandler):
    """Hears what any of them says."""

    def open(self):
        self.set_nodelay(True)
        crowd.join(self)

    def on_message(self, text):
        crowd.send_all(text)

    def on_close(self):
        crowd.leave(self)


async def main():
    app = Application([("/", Follower)], log_function=lambda handler: None)
    app.listen(PORT, "127.0.0.1", backlog=BACKLOG)
    await forever()


run(main())
