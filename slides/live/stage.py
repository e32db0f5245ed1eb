"""What one event loop has on stage: its servers by asked-for port, its lag meter, its panels."""

import asyncio
import logging
import os
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from slides.live.lag import LagMeter
from slides.live.log import Log, RecordHandler
from slides.live.notebook import in_notebook

if TYPE_CHECKING:
    from slides.live.control import Control
    from slides.live.recording import Recording
    from slides.live.server import Server


class Stage:
    """Everything that runs on one loop; nothing of it outlives `clear`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.servers: dict[int, Server] = {}
        self.recordings: list[Recording] = []
        self.meter = LagMeter(loop)
        self.control: Control | None = None
        self._silenced: list[logging.Handler] = []
        self._locks: dict[int, asyncio.Lock] = {}
        self._records = RecordHandler(self._latest_log)

    def lock(self, port: int) -> asyncio.Lock:
        """Give the lock under which the server of an asked-for port is changed."""
        return self._locks.setdefault(port, asyncio.Lock())

    def collect_records(self) -> None:
        """Write what servers log into their own logs while this stage is in use."""
        if self._records in logging.root.handlers:
            return
        logging.root.addHandler(self._records)
        if in_notebook():
            # The kernel would print tracebacks as long as the slide under the cell.
            logger = logging.getLogger("tornado")
            self._silenced, logger.handlers = logger.handlers, []

    def _latest_log(self) -> Log | None:
        running = [server for server in self.servers.values() if server.state == "running"]
        return max(running, key=lambda server: server.number).log if running else None

    async def clear(self) -> None:
        """Stop every server and close the panels."""
        for server in list(self.servers.values()):
            await server.stop()
        self.servers.clear()
        if self.control is not None:
            await self.control.close()
            self.control = None
        logging.root.removeHandler(self._records)
        logging.getLogger("tornado").handlers += self._silenced
        self._silenced = []


_stages: WeakKeyDictionary[asyncio.AbstractEventLoop, Stage] = WeakKeyDictionary()


def stage() -> Stage:
    """Give the running loop's stage, an empty one at first."""
    loop = asyncio.get_running_loop()
    if loop not in _stages:
        _stages[loop] = Stage(loop)
    return _stages[loop]


def is_recording() -> bool:
    """Tell whether the notebook is being executed to be shown later, not presented."""
    return os.environ.get("SLIDES_RECORD", "0") not in ("", "0")
