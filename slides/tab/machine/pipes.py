"""Pipes, and file objects over the descriptors of a tab."""

import io
import os
from typing import Any

from machine import descriptors
from machine.endpoints import joined
from machine.network import AF_UNIX

RealFileIO = io.FileIO
open_file = os.fdopen


class Raw(io.RawIOBase):
    """What `io.FileIO` is for a file."""

    def __init__(self, number: int, mode: str = "r", closefd: bool = True) -> None:
        descriptors.find(number)
        self.name: int | str = number
        self.number, self.mode, self.closefd = number, mode, closefd

    def fileno(self) -> int:
        return self.number

    def readable(self) -> bool:
        return "r" in self.mode or "+" in self.mode

    def writable(self) -> bool:
        return "r" not in self.mode or "+" in self.mode

    def readinto(self, buffer: Any) -> int | None:
        try:
            data = os.read(self.number, len(buffer))
        except BlockingIOError:
            return None
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int | None:
        try:
            return os.write(self.number, data)
        except BlockingIOError:
            return None

    def close(self) -> None:
        if not self.closed:
            super().close()
            if self.closefd:
                os.close(self.number)


class FileIO(RealFileIO):
    """`io.FileIO`, which for a descriptor of ours is the above."""

    def __new__(cls, file: Any, mode: str = "r", closefd: bool = True, opener: Any = None) -> Any:
        if isinstance(file, int) and file in descriptors.table:
            return Raw(file, mode, closefd)
        return super().__new__(cls)


def open_descriptor(number: int, mode: str = "r", buffering: int = -1, *rest: Any) -> Any:
    """`os.fdopen`."""
    if number not in descriptors.table:
        return open_file(number, mode, buffering, *rest)
    raw = Raw(number, mode.replace("b", ""))
    if not buffering:
        return raw
    buffer = io.BufferedReader(raw) if raw.readable() else io.BufferedWriter(raw)
    return buffer if "b" in mode else io.TextIOWrapper(buffer, *rest)


def pipe() -> tuple[int, int]:
    """`os.pipe`: an end to read from, and one to write to."""
    reader, writer = joined(AF_UNIX)
    return descriptors.add(reader), descriptors.add(writer)


def install() -> None:
    """Have pipes that can be waited for, and file objects over them."""
    module: Any = io
    module.FileIO = FileIO
    system: Any = os
    system.pipe, system.fdopen = pipe, open_descriptor
