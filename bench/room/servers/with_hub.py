"""The room itself: a Hub with its store, its limits and its sockets, as the deck's server has it.

    with_hub.py PORT [BUS STORE]

What a client says is shown to everybody as it is; what the room keeps of a slide is measured by its
own tests, and would be the disk's figure here.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from loop import BACKLOG, PORT, forever, run

from slides.room.bus import open_bus
from slides.room.handlers import FollowerSocket
from slides.room.hub import Hub
from slides.room.limits import Limits
from slides.room.store import Store
from slides.serve.faces import make_app


class Teller(FollowerSocket):
    """A follower whose words everybody hears, here and, by the bus, elsewhere."""

    async def on_message(self, text):
        tell(self.hub, text)
        if self.hub.bus.connected:
            self.hub.bus.publish(text.encode())


def tell(hub, text):
    """To everybody of this process."""
    hub.followers.send_all(text)


class Quiet(Hub):
    """A hub without signs of life: the audience counts what it hears."""

    def welcome(self, connection, crowd):
        pass

    async def start(self):
        """Listen to the other process only."""
        await self.bus.start(lambda message: tell(self, message.decode()), lambda: None)


async def main(bus="", store=""):
    with tempfile.TemporaryDirectory() as folder:
        hub = Quiet(Store(Path(store or folder) / "room.sqlite"), open_bus(bus))
        await hub.start()
        facts = {"hub": hub, "limits": Limits()}
        app = make_app(Path(folder), [("/", Teller, facts)], hub, log_function=lambda handler: None)
        app.listen(PORT, "127.0.0.1", backlog=BACKLOG)
        await forever()


run(main(*sys.argv[2:]))
