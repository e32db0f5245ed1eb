"""What followers and the speaker may say: JSON objects with a `type`.

Whatever arrives, `parse_follower` and `parse_speaker` give a message whose every field is within
its limits, or raise `Refused`; nothing else. A message does not know who said it, or when.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from slides.room.fields import Fields, Refused

FOLLOWER_BYTES = 8 * 1024  # a question in which every character is escaped, and room to spare
SPEAKER_BYTES = 256 * 1024

QUESTION = 280  # characters
NAME = 40
IDENTIFIER = 200  # of a slide, a poll, a program
FRAGMENTS = range(-1, 1000)  # -1: none is shown yet, as in reveal.js
PACES = ("faster", "slower", "confused")
MARKS = ("open", "answered", "hidden")
POLLS = ("open", "closed", "shown")
MOST_CHOICES = range(12)

FOLLOWER = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Message:
    """What all messages have in common."""

    __slots__ = ()
    type: ClassVar[str]
    names: ClassVar[str | None] = None  # the field that is the message's key

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """The message with these fields, or `Refused`."""
        raise NotImplementedError

    @property
    def key(self) -> str | None:
        """What `ok` and `refused` repeat, so that a page knows which message is meant."""
        return getattr(self, self.names) if self.names else None

    def body(self) -> dict[str, Any]:
        """The message as JSON has it."""
        fields = self.__dataclass_fields__  # type: ignore[attr-defined]
        return {"type": self.type, **{each: getattr(self, each) for each in fields}}


@dataclass(frozen=True, slots=True)
class Hello(Message):
    """A follower is there and wants the state."""

    type = "hello"

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls()


@dataclass(frozen=True, slots=True)
class Question(Message):
    """Somebody asks; the key was made by their page, so that asking twice is one question."""

    type = "question"
    names = "question"
    question: str
    text: str
    name: str = ""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        name = fields.line("name", NAME) if fields.said.get("name") not in (None, "") else ""
        return cls(fields.key("key"), fields.line("text", QUESTION), name)


@dataclass(frozen=True, slots=True)
class Upvote(Message):
    """Somebody wants a question answered, too."""

    type = "upvote"
    names = "question"
    question: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(fields.key("question"))


@dataclass(frozen=True, slots=True)
class Pace(Message):
    """Somebody wants the speaker faster or slower, or is lost."""

    type = "pace"
    kind: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(fields.one_of("kind", PACES))


@dataclass(frozen=True, slots=True)
class Vote(Message):
    """Somebody chooses: the first of a poll's choices is 0."""

    type = "vote"
    names = "poll"
    poll: str
    choice: int
    words: str = ""  # the choice's own, once it is admitted (`Talk.admit`)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(fields.line("poll", IDENTIFIER), fields.whole("choice", MOST_CHOICES))


@dataclass(frozen=True, slots=True)
class Show(Message):
    """The slide that everybody sees, by the name in its address."""

    type = "show"
    slide: str
    fragment: int = -1

    @classmethod
    def read(cls, fields: Fields) -> Self:
        fragment = fields.whole("fragment", FRAGMENTS) if "fragment" in fields else -1
        return cls(fields.line("slide", IDENTIFIER), fragment)


@dataclass(frozen=True, slots=True)
class Black(Message):
    """The screen is dark, or no longer."""

    type = "black"
    on: bool

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(fields.switch("on"))


@dataclass(frozen=True, slots=True)
class Point(Message):
    """Where the speaker points, in shares of the slide; nowhere without numbers. Not kept."""

    type = "point"
    x: float | None = None
    y: float | None = None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        if "x" not in fields and "y" not in fields:
            return cls()
        return cls(fields.share("x"), fields.share("y"))


@dataclass(frozen=True, slots=True)
class Ran(Message):
    """What a panel ran: the program as it was edited, the page it served, what it logged."""

    type = "ran"
    program: str
    region: str
    files: dict[str, str]
    page: str
    log: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(
            fields.line("program", IDENTIFIER),
            fields.line("region", IDENTIFIER) if fields.said.get("region") else "",
            fields.files("files", SPEAKER_BYTES),
            fields.raw("page", SPEAKER_BYTES),
            fields.raw("log", SPEAKER_BYTES),
        )


@dataclass(frozen=True, slots=True)
class Mark(Message):
    """A question is open, answered, or hidden from the audience."""

    type = "mark"
    names = "question"
    question: str
    state: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(fields.key("question"), fields.one_of("state", MARKS))


@dataclass(frozen=True, slots=True)
class Poll(Message):
    """A poll takes votes, takes no more, or shows them, with the answer if there is one."""

    type = "poll"
    names = "poll"
    poll: str
    question: str
    choices: tuple[str, ...]
    state: str
    answer: int | None = None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        choices = fields.choices("choices")
        answer = fields.whole("answer", range(len(choices))) if "answer" in fields else None
        poll, question = fields.line("poll", IDENTIFIER), fields.line("question", QUESTION)
        return cls(poll, question, choices, fields.one_of("state", POLLS), answer)


FROM_FOLLOWERS = {each.type: each for each in (Hello, Question, Upvote, Pace, Vote)}
FROM_SPEAKER = {each.type: each for each in (Hello, Show, Black, Point, Ran, Mark, Poll)}


def parse_follower(text: str | bytes) -> Message:
    """What a follower says: `Hello`, `Question`, `Upvote`, `Pace` or `Vote`; or `Refused`."""
    return _parse(text, FOLLOWER_BYTES, FROM_FOLLOWERS)


def parse_speaker(text: str | bytes) -> Message:
    """What the speaker says: the same for `Show`, `Black`, `Point`, `Ran`, `Mark` and `Poll`."""
    return _parse(text, SPEAKER_BYTES, FROM_SPEAKER)


def _parse(text: str | bytes, limit: int, kinds: Mapping[str, type[Message]]) -> Message:
    fields = Fields(_an_object(text, limit))
    kind = fields.said.get("type")
    try:
        return kinds[fields.one_of("type", tuple(kinds))].read(fields)
    except Refused as refused:
        named = {"question": "key", "vote": "poll", "poll": "poll"}.get(str(kind), "question")
        key = fields.said.get(named)
        if isinstance(key, str) and len(key) <= IDENTIFIER and key.isprintable():
            refused.key = key
        raise


def _an_object(text: str | bytes, limit: int) -> dict[str, Any]:
    if isinstance(text, bytes):
        raise Refused("A message is text, not bytes.")
    # A character is one byte at least, so a long text need not be encoded to be found too long.
    if len(text) > limit or len(text.encode(errors="replace")) > limit:
        raise Refused(f"A message has at most {limit // 1024} kB.")
    try:
        said = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused("A message is a JSON object.") from None
    if not isinstance(said, dict):
        raise Refused("A message is a JSON object.")
    return said


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number in JSON")


def encode(body: dict[str, Any]) -> str:
    """A message as it goes over the wire; the same text for everybody."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def write(message: Message) -> str:
    """A message as it is kept."""
    return json.dumps(message.body(), ensure_ascii=False)


def read(text: str) -> Message:
    """A message that was kept: it was within its limits when it was."""
    body = json.loads(text)
    kind = body.pop("type")
    if "choices" in body:
        body["choices"] = tuple(body["choices"])
    return {**FROM_FOLLOWERS, **FROM_SPEAKER}[kind](**body)


def is_follower(text: str) -> bool:
    """Whether this can be a follower's identifier: random, and of nobody in particular."""
    return FOLLOWER.fullmatch(text) is not None
