"""The state of a talk, made of what was said so far: no input, no output, no clock of its own.

Every message that counts becomes an `Event` with a version of its own, one more than the last.
What an event is about is its `subject`, and of two events about the same the later one holds: a
talk is the latest event of each subject, in whatever order they are told. So several processes
that read the same events agree, and one that missed some needs only those.
"""

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from slides.room.fields import Refused
from slides.room.messages import (
    PACES,
    Black,
    Clock,
    Mark,
    Message,
    Pace,
    Poll,
    Question,
    Ran,
    Show,
    Upvote,
    Vote,
)

QUESTIONS = 1000  # more than anybody can read
QUESTIONS_EACH = 20  # of one follower
POLLS = 200
VOICES = 200_000  # followers' votes on polls, on questions and on the pace
PACE_SECONDS = 120.0


class Moment(NamedTuple):
    """When something happened, in seconds: by the calendar, and since this machine started.

    The calendar may be put right in mid-talk; the other only runs, alike in all processes, but
    begins anew with the machine.
    """

    at: float
    tick: float

    @classmethod
    def now(cls) -> Self:
        """This moment."""
        return cls(time.time(), time.monotonic())

    def since(self, then: "Moment") -> float:
        """Seconds since then, never less than none."""
        if self.tick >= then.tick:
            return self.tick - then.tick
        # The machine was started since then, which was at least as long ago as that.
        return max(self.at - then.at, self.tick)


class Event(NamedTuple):
    """What was said, by whom and when. Version 0: it holds, though it could not be kept."""

    version: int
    when: Moment
    follower: str  # empty: the speaker
    message: Message


class Change(NamedTuple):
    """What changed: `show`, `black`, `clock`, `ran`, `questions`, `poll` (which one) or `pace`."""

    type: str
    poll: str = ""


@dataclass(slots=True)
class Asked:
    """A question, and when it was asked."""

    question: Question
    when: Moment
    version: int


def subject(message: Message, follower: str) -> str:
    """What a message is about: of two that are about the same, one is kept."""
    match message:
        case Question() | Mark() | Poll():
            return f"{message.type}:{message.key}"
        case Upvote() | Vote() | Pace():
            return f"{message.type}:{message.key or ''}:{follower}"
    return message.type


def change_by(message: Message) -> Change:
    """What a message changes."""
    match message:
        case Question() | Upvote() | Mark():
            return Change("questions")
        case Poll(poll) | Vote(poll):
            return Change("poll", poll)
    return Change(message.type)


class Talk:
    """What everybody in the room agrees on."""

    def __init__(self) -> None:
        self.version = 0
        self.show: Show | None = None
        self.black = False
        self.began: Moment | None = None
        self.ran: Ran | None = None
        self.asked: dict[str, Asked] = {}
        self.marks: dict[str, str] = {}
        self.polls: dict[str, Poll] = {}
        self.upvotes: dict[str, set[str]] = {}  # followers by question
        self.votes: dict[str, dict[str, str]] = {}  # the chosen words by poll and follower
        self.paces: dict[str, tuple[str, Moment]] = {}  # by follower
        self.asks: dict[str, int] = {}  # how many, by follower
        self.voices = 0

    def admit(self, message: Message, follower: str = "") -> Message | None:
        """What to keep of a message; None when it was said before. `Refused` tells why not."""
        if isinstance(message, Vote):
            # Kept by its words: should the poll be asked again with others, what stands counts.
            poll = self.polls.get(message.poll)
            if poll is not None and message.choice < len(poll.choices):
                message = replace(message, words=poll.choices[message.choice])
        if self._has(message, follower):
            return None
        if why := self._why_not(message, follower):
            raise Refused(why, message.key)
        return message

    def _has(self, message: Message, follower: str) -> bool:
        match message:
            case Question(question):
                return question in self.asked
            case Upvote(question):
                return follower in self.upvotes.get(question, ())
            case Vote(poll, _, words):
                return bool(words) and self.votes.get(poll, {}).get(follower) == words
            case Mark(question, state):
                return question in self.asked and self.marks.get(question, "open") == state
            case Poll(poll):
                return self.polls.get(poll) == message
        # What is shown is told again: somebody may see another slide, since one was not kept.
        return False

    def _why_not(self, message: Message, follower: str) -> str | None:
        why = None
        match message:
            case Question():
                if len(self.asked) >= QUESTIONS:
                    why = f"There are {QUESTIONS} questions already."
                elif self.asks.get(follower, 0) >= QUESTIONS_EACH:
                    why = f"You have asked {QUESTIONS_EACH} questions already."
            case Upvote(question) if self.marks.get(question) == "hidden":
                why = "That question is not there."
            case Upvote(question) | Mark(question) if question not in self.asked:
                why = "That question is not there."
            case Poll(poll) if poll not in self.polls and len(self.polls) >= POLLS:
                why = f"There are {POLLS} polls already."
            case Vote(poll) if poll not in self.polls:
                why = "That poll is not there."
            case Vote(poll) if self.polls[poll].state != "open":
                why = "That poll takes no more votes."
            case Vote(_, _, words) if not words:
                why = "That poll has no such choice."
            case Upvote() | Vote() | Pace() if self.voices >= VOICES:
                why = "There are more votes already than are counted."
        return why

    def apply(self, event: Event) -> Change | None:
        """Let what was said hold; None when that changes nothing, as an event told before."""
        version, when, follower, message = event
        if version and version <= self.version:
            return None
        self.version = version or self.version
        match message:
            case Show():
                self.show = message
            case Black(on):
                self.black = on
            case Clock(on):
                self.began = when if on else None
            case Ran(program):
                self.ran = message if program else None
            case Pace(kind):
                self.voices += follower not in self.paces
                self.paces[follower] = kind, when
            case Poll(poll):
                self.polls[poll] = message
            case Mark(question, state):
                self.marks[question] = state
            case Question():
                self._ask(message, event)
            case Upvote(question):
                supporters = self.upvotes.setdefault(question, set())
                self.voices += follower not in supporters
                supporters.add(follower)
            case Vote(poll, _, words):
                votes = self.votes.setdefault(poll, {})
                self.voices += follower not in votes
                votes[follower] = words
            case _:
                return None  # a greeting, or where the speaker points
        return change_by(message)

    def _ask(self, question: Question, event: Event) -> None:
        if question.question not in self.asked:
            self.asked[question.question] = Asked(question, event.when, event.version)
            self.asks[event.follower] = self.asks.get(event.follower, 0) + 1

    def supporters(self, question: str) -> int:
        """How many want a question answered, besides who asked it."""
        return len(self.upvotes.get(question, ()))

    def counts(self, poll: Poll) -> list[int]:
        """The votes for each choice of a poll."""
        votes = Counter(self.votes.get(poll.poll, {}).values())
        return [votes[words] for words in poll.choices]

    def elapsed(self, now: Moment) -> float | None:
        """Seconds since the talk began; None before it does."""
        return None if self.began is None else round(now.since(self.began), 1)

    def pace(self, now: Moment) -> dict[str, float]:
        """How many want what; who said so PACE_SECONDS ago counts no more, half of it ago half."""
        sums = dict.fromkeys(PACES, 0.0)
        for kind, when in self.paces.values():
            sums[kind] += max(0.0, 1 - now.since(when) / PACE_SECONDS)
        return {kind: round(count, 1) for kind, count in sums.items()}
