"""What is told of a talk: all of it to who joins, and then what changed.

A message holds all there is to know of what changed, so that one is enough after many changes.
Its version never goes back, but may skip. `private` is for the speaker alone: what is hidden from
the audience, and what a poll does not tell yet.
"""

from heapq import nsmallest
from typing import Any

from slides.room.messages import Poll
from slides.room.talk import Asked, Change, Moment, Talk

QUESTIONS = 50  # that are told

Body = dict[str, Any]


def state(talk: Talk, now: Moment, here: int = 0, private: bool = False) -> Body:
    """All of a talk, for who joins: `show`, `black` and so on as a change tells them."""
    return {
        "type": "state",
        "version": talk.version,
        "slide": talk.show.slide if talk.show else None,
        "fragment": talk.show.fragment if talk.show else -1,
        "black": talk.black,
        "clock": talk.elapsed(now),
        "ran": ran(talk),
        "polls": [poll(talk, each, private) for each in talk.polls.values()],
        "questions": questions(talk, private),
        "pace": talk.pace(now),
        "here": here,
    }


def told(talk: Talk, change: Change, now: Moment, private: bool = False) -> Body:
    """What is new, as it is told to all."""
    body: Body | None = None
    match change.type:
        case "show" if talk.show:
            body = {"slide": talk.show.slide, "fragment": talk.show.fragment}
        case "black":
            body = {"on": talk.black}
        case "clock":
            body = {"seconds": talk.elapsed(now)}
        case "ran":
            body = ran(talk) or {"program": ""}
        case "questions":
            body = {"questions": questions(talk, private)}
        case "poll":
            body = poll(talk, talk.polls[change.poll], private)
        case "pace":
            body = talk.pace(now)
    if body is None:
        raise ValueError(f"{change} is no change of a talk")
    return {"type": change.type, "version": talk.version, **body}


def ran(talk: Talk) -> Body | None:
    """What the speaker ran last; None when nothing was, or it was taken back."""
    if talk.ran is None:
        return None
    return {each: getattr(talk.ran, each) for each in ("program", "region", "files", "page", "log")}


def questions(talk: Talk, private: bool = False, most: int = QUESTIONS) -> list[Body]:
    """What is asked: what is open before what was answered, what many want before what few do."""
    rank = {"open": 0, "answered": 1, "hidden": 2}

    def order(asked: Asked) -> tuple[int, int, int]:
        key = asked.question.question
        return rank[talk.marks.get(key, "open")], -talk.supporters(key), asked.version

    seen = [
        each
        for key, each in talk.asked.items()
        if private or talk.marks.get(key) != "hidden"
    ]  # fmt: skip
    return [
        {
            "key": each.question.question,
            "text": each.question.text,
            "name": each.question.name,
            "votes": talk.supporters(each.question.question),
            "state": talk.marks.get(each.question.question, "open"),
        }
        for each in nsmallest(most, seen, key=order)
    ]


def poll(talk: Talk, asked: Poll, private: bool = False) -> Body:
    """A poll; the counts and the answer only when they are shown, or to the speaker."""
    counts = talk.counts(asked)
    public = {
        "poll": asked.poll,
        "question": asked.question,
        "choices": list(asked.choices),
        "state": asked.state,
        "votes": sum(counts),
    }
    if private or asked.state == "shown":
        return {**public, "counts": counts, "answer": asked.answer}
    return public
