"""What goes over the wire between the room's pages and its server: JSON objects with a `type`.

Whatever arrives, `parse_follower` and `parse_speaker` give a message whose every field is within
its limits, or raise `Refused`; nothing else.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from slides.room.fields import Fields, Refused
from slides.room.messages import (
    IDENTIFIER,
    RAN_BYTES,
    Black,
    Clock,
    Hello,
    Mark,
    Message,
    Pace,
    Point,
    Poll,
    Question,
    Ran,
    Show,
    Upvote,
    Vote,
)

FOLLOWER_BYTES = 8 * 1024  # a question in which every character is escaped, and room to spare
SPEAKER_BYTES = RAN_BYTES

FOLLOWER = re.compile(r"[A-Za-z0-9_-]{16,64}")

FROM_FOLLOWERS = {each.type: each for each in (Hello, Question, Upvote, Pace, Vote)}
FROM_SPEAKER = {each.type: each for each in (Hello, Show, Black, Clock, Point, Ran, Mark, Poll)}


def parse_follower(text: str | bytes) -> Message:
    """What a follower says: `Hello`, `Question`, `Upvote`, `Pace` or `Vote`; or `Refused`."""
    return parse(text, FOLLOWER_BYTES, FROM_FOLLOWERS)


def parse_speaker(text: str | bytes) -> Message:
    """What the speaker says, likewise: one of `FROM_SPEAKER`."""
    return parse(text, SPEAKER_BYTES, FROM_SPEAKER)


def parse(text: str | bytes, limit: int, kinds: Mapping[str, type[Message]]) -> Message:
    """One of these kinds of message, of at most so many bytes; or `Refused`."""
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
