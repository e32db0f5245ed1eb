"""The messages of the room, each with the limits of its fields.

A message does not know who said it, or when.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from slides.room.fields import Fields

RAN_BYTES = 256 * 1024  # of a file, a page or a log; a message as a whole has no more

QUESTION = 280  # characters
NAME = 40
IDENTIFIER = 200  # of a slide, a poll, a program
FRAGMENTS = range(-1, 1000)  # -1: none is shown yet, as in reveal.js
PACES = ("faster", "slower", "confused")
MARKS = ("open", "answered", "hidden")
POLLS = ("open", "closed", "shown")
MOST_CHOICES = range(12)


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
class Clock(Message):
    """The talk begins now, or its clock is back at nothing."""

    type = "clock"
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
    """What a panel ran: the program as it was edited, the page it served, what it logged.

    Without a program it takes back what was run before: the recorded run is to be seen again.
    """

    type = "ran"
    program: str = ""
    region: str = ""
    files: dict[str, str] = field(default_factory=dict)
    page: str = ""
    log: str = ""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        if fields.said.get("program") in (None, ""):
            return cls()
        return cls(
            fields.line("program", IDENTIFIER),
            fields.line("region", IDENTIFIER) if fields.said.get("region") else "",
            fields.files("files", RAN_BYTES),
            fields.raw("page", RAN_BYTES),
            fields.raw("log", RAN_BYTES),
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
