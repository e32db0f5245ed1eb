"""The servers that are measured: ours, its peers, and the floor."""

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "build" / "bench-room"
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
FLOOR, OURS = "floor: a loop of send in C", "Tornado, the room's crowd"


class Server(NamedTuple):
    """A way to tell everybody."""

    name: str
    command: list[str]
    packages: tuple[str, ...] = ()
    socketio: bool = False

    def missing(self) -> str | None:
        """What is not installed of it."""
        for package in self.packages:
            try:
                version(package)
            except PackageNotFoundError:
                return package
        if self.command[1].endswith("behind_nginx.py"):
            for program in ("nginx", "redis-server"):
                if shutil.which(program, path=PATH) is None:
                    return program
        if self.command[0] == "node" and not (HERE / "node_modules" / "ws").is_dir():
            return "ws (npm)"
        return None


def python(name: str, *options: str) -> list[str]:
    """A server's command; `{port}` is where it shall listen."""
    return [sys.executable, str(HERE / "servers" / name), "{port}", *options]


SERVERS = [
    Server(FLOOR, [str(BUILT / "floor"), "{port}"]),
    Server(OURS, python("with_crowd.py"), ("tornado",)),
    Server("Tornado, the room itself", python("with_hub.py"), ("tornado",)),
    Server("the room, twice behind nginx", python("behind_nginx.py", "{followers}"), ("redis",)),
    Server("Tornado, write_message", python("with_write_message.py"), ("tornado",)),
    Server("websockets.broadcast", python("with_websockets.py"), ("websockets",)),
    Server(
        "websockets.broadcast, uvloop",
        python("with_websockets.py", "uvloop"),
        ("websockets", "uvloop"),
    ),
    Server("aiohttp", python("with_aiohttp.py"), ("aiohttp",)),
    Server("aiohttp, uvloop", python("with_aiohttp.py", "uvloop"), ("aiohttp", "uvloop")),
    Server("picows", python("with_picows.py"), ("picows",)),
    Server("picows, uvloop", python("with_picows.py", "uvloop"), ("picows", "uvloop")),
    Server("Starlette, uvicorn", python("with_starlette.py"), ("starlette", "uvicorn", "uvloop")),
    Server(
        "python-socketio, uvicorn",
        python("with_socketio.py"),
        ("python-socketio", "uvicorn", "uvloop"),
        socketio=True,
    ),
    Server("Node, ws", ["node", str(HERE / "servers" / "with_ws.js"), "{port}"]),
]
