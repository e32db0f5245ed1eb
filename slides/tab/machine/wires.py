"""Connections that lead out of the program, to another one or to the page.

What is sent there travels as messages, with credit: neither side sends more than the other has
said that it will hold.
"""

import errno
import itertools
from typing import Any

import kernel
from pyodide.ffi import to_js

from machine import waiting
from machine.endpoints import BUFFER, Endpoint

_numbers = itertools.count(2, 2)  # the page's own are odd
_wires: dict[int, "Wire"] = {}


class Wire:
    """The far end of such a connection."""

    def __init__(self, number: int, near: Endpoint) -> None:
        self.number = number
        self.near = near
        self.credit = BUFFER
        self.unread = 0
        self.has_ended = False
        _wires[number] = self

    def room(self) -> int:
        return self.credit

    def is_gone(self) -> bool:
        return False  # if it were, that would have come as a reset

    def put(self, data: bytes) -> None:
        self.credit -= len(data)
        kernel.send(self.number, to_js(data))

    def end(self) -> None:
        if not self.has_ended:
            self.has_ended = True
            kernel.finish(self.number)

    def consumed(self, count: int) -> None:
        self.unread += count
        if self.unread >= BUFFER // 4:
            kernel.credit(self.number, self.unread)
            self.unread = 0

    def near_closed(self) -> None:
        if self.near.at_end:
            _wires.pop(self.number, None)


def connect(port: int, near: Endpoint) -> None:
    """Ask the page for a connection to another program on this host."""
    near.is_connecting = True
    number = next(_numbers)
    Wire(number, near)
    kernel.connect(number, port)


def _connected(number: int) -> None:
    if number in _wires:
        _wires[number].near.was_connected(_wires[number])


def _refused(number: int) -> None:
    if number in _wires:
        _wires.pop(number).near.was_refused(errno.ECONNREFUSED)


def _data(number: int, data: Any) -> None:
    if number not in _wires:
        return
    if _wires[number].near.is_closed:
        del _wires[number]
        kernel.reset(number)
    else:
        _wires[number].near.receive(data.to_bytes())


def _end(number: int) -> None:
    if number in _wires:
        near = _wires[number].near
        near.receive_end()
        if near.is_closed:
            del _wires[number]


def _reset(number: int) -> None:
    if number in _wires:
        wire = _wires.pop(number)
        wire.has_ended = True
        wire.near.was_reset()


def _credit(number: int, count: int) -> None:
    if number in _wires:
        _wires[number].credit += count
        waiting.notify()


def install() -> None:
    """Have what the page sends about these connections handled here."""
    waiting.handlers.update(
        connected=_connected, refused=_refused, data=_data, end=_end, reset=_reset, credit=_credit
    )
