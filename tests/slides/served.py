"""A deck server as a real process, with two free ports and a store of its own."""

import contextlib
import http.client
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slides import serve

from ..conftest import find_free_ports

SECONDS = 30


@dataclass
class Served:
    """A running deck server."""

    process: subprocess.Popen[str]
    port: int
    deck: Path
    speaker: str  # the address of the speaker's view, with its token

    @property
    def url(self) -> str:
        """The address of the first page."""
        return f"http://127.0.0.1:{self.port}/"

    def raw(self, path: str) -> tuple[int, bytes]:
        """Ask for a path exactly as it is written, which other clients tidy up first."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def command(*options: str) -> list[str]:
    """The command line of a deck server."""
    return [sys.executable, "-m", "slides", "serve", *options]


@contextlib.contextmanager
def serving(deck: Path, *options: str, store: Path | None = None) -> Iterator[Served]:
    """Serve a deck until the block ends; begins when the server says its addresses."""
    port = find_free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        file = str(store or f"{folder}/room.sqlite")
        place = ["--port", str(port), "--deck", str(deck), "--store", file]
        process = subprocess.Popen(
            command(*place, *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=serve.ROOT,
        )
        try:
            assert process.stdout is not None
            assert f":{port}/" in process.stdout.readline()
            speaker = process.stdout.readline().split()[-1]
            yield Served(process, port, deck, speaker)
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)
