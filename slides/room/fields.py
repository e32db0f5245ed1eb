"""Reads the fields of what somebody sent: each is within its limits, or `Refused` tells why not."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

CHOICE = 120  # characters
FILE_NAME = 200
FILES = 50
JOINERS = "\u200c\u200d"
CHOICES = range(2, 13)

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Refused(Exception):
    """What was said cannot be done. `why` is a sentence for who said it, `key` tells which."""

    def __init__(self, why: str, key: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.key = key

    def body(self) -> dict[str, Any]:
        """What to tell who said it."""
        said = {"type": "refused", "why": self.why}
        return said if self.key is None else {**said, "key": self.key}


class Fields:
    """The fields of one message; `Refused` names the field that is not as it should be."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.said = said

    def __contains__(self, name: str) -> bool:
        return self.said.get(name) is not None

    def raw(self, name: str, limit: int) -> str:
        """Text to the letter: code, a page, a log."""
        return a_text(name, self.said.get(name), limit)

    def line(self, name: str, limit: int) -> str:
        """Words for a line on a page."""
        return a_line(name, self.said.get(name), limit)

    def key(self, name: str) -> str:
        """A UUID, in small letters."""
        value = self.said.get(name)
        if not isinstance(value, str) or not UUID.fullmatch(value.lower()):
            raise Refused(f"{name} must be a UUID.")
        return value.lower()

    def whole(self, name: str, within: range) -> int:
        """A whole number within a range."""
        value = self.said.get(name)
        if type(value) is not int or value not in within:
            raise Refused(f"{name} must be a whole number from {within[0]} to {within[-1]}.")
        return value

    def share(self, name: str) -> float:
        """A number from 0 to 1."""
        value = self.said.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise Refused(f"{name} must be a number from 0 to 1.")
        return float(value)

    def switch(self, name: str) -> bool:
        """True or false."""
        value = self.said.get(name)
        if not isinstance(value, bool):
            raise Refused(f"{name} must be true or false.")
        return value

    def one_of(self, name: str, words: tuple[str, ...]) -> str:
        """One of a few words."""
        value = self.said.get(name)
        if not isinstance(value, str) or value not in words:
            raise Refused(f"{name} must be one of {', '.join(words)}.")
        return value

    def choices(self, name: str) -> tuple[str, ...]:
        """What a poll lets choose from: lines that differ."""
        value = self.said.get(name)
        if not isinstance(value, list) or len(value) not in CHOICES:
            raise Refused(f"{name} must be {CHOICES[0]} to {CHOICES[-1]} texts.")
        lines = tuple(a_line("a choice", each, CHOICE) for each in value)
        if len(set(lines)) < len(lines):
            raise Refused(f"{name} must differ.")
        return lines

    def files(self, name: str, limit: int) -> dict[str, str]:
        """Texts by name, each to the letter."""
        value = self.said.get(name)
        if not isinstance(value, dict) or len(value) > FILES:
            raise Refused(f"{name} must be at most {FILES} texts by name.")
        return {
            a_line("a file's name", each, FILE_NAME): a_text("a file", text, limit)
            for each, text in value.items()
        }


def a_text(name: str, value: object, limit: int) -> str:
    """Text to the letter, that can be written to a file and to a socket."""
    if not isinstance(value, str):
        raise Refused(f"{name} must be text.")
    if len(value) > limit:
        raise Refused(f"{name} has {len(value)} characters; {limit} are allowed.")
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a pair, which JSON can name and UTF-8 cannot
        raise Refused(f"{name} has a character that does not exist.") from None
    return value


def a_line(name: str, value: object, limit: int) -> str:
    """Words with one space between them; what cannot be seen is left out."""
    line = one_line(a_text(name, value, 8 * limit))
    if not line:
        raise Refused(f"{name} is empty.")
    if len(line) > limit:
        raise Refused(f"{name} has {len(line)} characters; {limit} are allowed.")
    return line


def one_line(text: str) -> str:
    """Leave out control characters and those that turn the direction of a line around.

    The zero-width joiners stay: emoji and several scripts are written with them.
    """
    words = " ".join(unicodedata.normalize("NFC", text).split())
    line = "".join(each for each in words if is_seen(each) or each in JOINERS)
    return line.strip(JOINERS + " ")


def is_seen(character: str) -> bool:
    """Whether a character is more than an instruction to whoever shows it."""
    return unicodedata.category(character) not in ("Cc", "Cf")
