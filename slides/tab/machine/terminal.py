"""The terminal of a program: what it prints goes to the panel's log, and nobody types."""

import codecs
import io
import sys

import kernel

from machine import descriptors, waiting
from machine.endpoints import Endpoint
from machine.network import AF_UNIX
from machine.pipes import Raw

STREAMS = (("stdin", "r", "strict"), ("stdout", "w", "strict"), ("stderr", "w", "backslashreplace"))


class Terminal(Endpoint):
    """Standard input, which is at its end, or an output."""

    def __init__(self, number: int) -> None:
        super().__init__(AF_UNIX)
        self.number = number
        self.at_end = True
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def is_writable(self) -> bool:
        return True

    def put(self, data: memoryview) -> int:
        kernel.write(self.number, self.decoder.decode(bytes(data)))
        return len(data)


def install() -> None:
    """Connect the three streams; an output appears when a line is whole, or the program waits."""
    for number, (name, mode, errors) in enumerate(STREAMS):
        descriptors.table[number] = Terminal(number)
        raw = Raw(number, mode, closefd=False)
        raw.name = f"<{name}>"
        buffer = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
        stream = io.TextIOWrapper(buffer, "utf-8", errors, line_buffering=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
        if mode == "w":
            waiting.before_wait.append(stream.flush)
