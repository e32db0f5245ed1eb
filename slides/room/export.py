"""What was asked and voted, for after the talk: a table of the questions, and all of it as JSON."""

import csv
import io
import json
from datetime import UTC, datetime

from slides.room import views
from slides.room.talk import Talk

COLUMNS = ("asked", "state", "votes", "name", "text")
# What a spreadsheet takes for a formula, in ASCII and as wide as Chinese characters.
FORMULA = tuple("=+-@＝＋－＠\t\r")  # noqa: RUF001


def as_csv(talk: Talk) -> str:
    """The questions, the most wanted first; `asked` is UTC."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    table.writeheader()
    for question in questions(talk):
        table.writerow({name: guarded(question[name]) for name in COLUMNS})
    return out.getvalue()


def as_json(talk: Talk) -> str:
    """The questions and the polls with their counts; nothing tells who voted."""
    polls = [views.poll(talk, each, private=True) for each in talk.polls.values()]
    both = {"questions": questions(talk), "polls": polls}
    return json.dumps(both, ensure_ascii=False, indent=2) + "\n"


def questions(talk: Talk) -> list[views.Body]:
    """All questions, the hidden ones too."""
    return [
        {"asked": when(talk.asked[each["key"]].when.at), **each}
        for each in views.questions(talk, private=True, most=len(talk.asked))
    ]


def when(at: float) -> str:
    """Seconds since 1970 as a date and a time."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def guarded(value: object) -> object:
    """A cell that a spreadsheet shows and does not run."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value


FORMS = {"csv": as_csv, "json": as_json}
