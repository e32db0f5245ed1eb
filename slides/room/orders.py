"""What a page orders of the place where it runs a program: run one, stop it, kill it."""

from dataclasses import dataclass
from typing import Self

from slides.room.fields import Fields, Refused, a_text
from slides.room.messages import IDENTIFIER, Message
from slides.room.protocol import SPEAKER_BYTES, parse

ARGUMENTS = 50
ARGUMENT = 1000  # characters


@dataclass(frozen=True, slots=True)
class Run(Message):
    """Start a program with what was edited; one that runs already in that place is stopped."""

    type = "run"
    program: str
    argv: tuple[str, ...]
    files: dict[str, str]  # texts by path: demos/hello.py

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(
            fields.line("program", IDENTIFIER),
            arguments(fields.said.get("argv", [])),
            fields.files("files", SPEAKER_BYTES) if "files" in fields else {},
        )


@dataclass(frozen=True, slots=True)
class Stop(Message):
    """As by Ctrl-C; who does not listen to that is killed soon."""

    type = "stop"

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls()


@dataclass(frozen=True, slots=True)
class Kill(Message):
    """At once."""

    type = "kill"

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls()


ORDERS: dict[str, type[Message]] = {each.type: each for each in (Run, Stop, Kill)}


def parse_order(text: str | bytes) -> Message:
    """What a page orders: `Run`, `Stop` or `Kill`; or `Refused`."""
    return parse(text, SPEAKER_BYTES, ORDERS)


def arguments(given: object) -> tuple[str, ...]:
    """A command line's arguments, or `Refused`."""
    if not isinstance(given, list) or len(given) > ARGUMENTS:
        raise Refused(f"argv must be at most {ARGUMENTS} texts.")
    texts = tuple(a_text("an argument", each, ARGUMENT) for each in given)
    if any("\0" in each for each in texts):
        raise Refused("an argument has a character that no command line can have.")
    return texts
