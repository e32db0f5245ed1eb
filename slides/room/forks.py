"""The server's end of the fork server: starts it, and asks it for programs.

It is a process of its own (`zygote.py`), not a fork of this server, so that it has neither its
threads nor its sockets nor its database, and can be started anew at any time. On other systems
than Linux a program is started as `python -m` starts it, which takes a little longer.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from slides.room.keeper import IS_LINUX

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 1.0  # seconds for the fork server to take a request, and to end
# The package imports the whole room, of which these processes need next to nothing: they have an
# empty one of its name.
START = """
import sys, types
room = sys.modules["slides.room"] = types.ModuleType("slides.room")
room.__path__ = ["slides/room"]
from slides.room.{} import main
main()
"""

# Output is to be seen when it is written, and to be read as what it is.
AS_WRITTEN = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


class CannotStart(Exception):
    """A program could not be started; the text says why."""


class Forks:
    """Starts programs, each with a keeper, from a fork server where the system has what it needs.

    A request is what `keeper.keep` and `zygote.become` read: `module`, `argv`, `port`, the `folder`
    with `demos` in it, and whether that is a `copy`, which its keeper removes at the end.
    """

    def __init__(self, has_server: bool = IS_LINUX) -> None:
        self.has_server = has_server
        self.process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._keepers: list[subprocess.Popen[bytes]] = []  # without a fork server

    def start(self) -> None:
        """Start the fork server, which imports meanwhile; or another one, if it is gone."""
        self.close()
        if not self.has_server:
            return
        self._socket, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(PATIENCE)
        with its:
            self.process = spawn("zygote", [str(its.fileno())], [its.fileno()])

    def begin(self, request: dict[str, Any], control: int, out: int, err: int) -> None:
        """Have a program started with these file descriptors. Raises CannotStart."""
        files = [control, out, err]
        try:
            if self.has_server:
                self._ask(json.dumps(request).encode(), files)
            else:
                argv = [json.dumps(request), *map(str, files)]
                self._keepers = [each for each in self._keepers if each.poll() is None]
                self._keepers.append(spawn("keeper", argv, files))
        except OSError as error:
            raise CannotStart(f"It could not be started: {error.strerror or error}.") from error

    def _ask(self, request: bytes, files: list[int]) -> None:
        for is_last in (False, True):
            if self.process is None or self.process.poll() is not None or is_last:
                self.start()
            assert self._socket is not None
            try:
                socket.send_fds(self._socket, [request], files)
                return
            except OSError:
                if is_last:
                    raise

    def sweep(self) -> None:
        """A keeper was killed: have what it kept killed, too."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(b"sweep")

    def close(self) -> None:
        """End the fork server. The programs have their own keepers."""
        if self._socket is not None:
            self._socket.close()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
            self.process.kill()
            self.process.wait()
        self._socket = self.process = None


def spawn(module: str, argv: list[str], files: list[int]) -> subprocess.Popen[bytes]:
    """Start a module of this package, which gets these file descriptors and no others."""
    return subprocess.Popen(
        [sys.executable, "-c", START.format(module), *argv],
        cwd=ROOT,
        env=os.environ | AS_WRITTEN,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=files,
        start_new_session=True,  # a Ctrl-C here is not for it
    )
