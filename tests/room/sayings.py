"""What may be said in the room, and what should never be: strategies for property tests."""

import json
import uuid

from hypothesis import strategies as st

from slides.room.protocol import parse_follower, parse_speaker

KEYS = [str(uuid.UUID(int=number)) for number in range(4)]
FOLLOWERS = [letter * 16 for letter in "abc"]
CHOICES = ["yes", "no", "perhaps", "=1+1"]

keys = st.sampled_from(KEYS)
words = st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable() and text.strip())
polls = st.sampled_from(["loops", "threads"])


def body(kind, /, **fields):
    """A message of a kind."""
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


from_followers = {
    "hello": body("hello"),
    "question": body("question", key=keys, text=words, name=words),
    "upvote": body("upvote", question=keys),
    "pace": body("pace", kind=st.sampled_from(["faster", "slower", "confused"])),
    "vote": body("vote", poll=polls, choice=st.integers(0, 3)),
}
from_speaker = {
    "hello": body("hello"),
    "show": body("show", slide=words, fragment=st.integers(-1, 9)),
    "black": body("black", on=st.booleans()),
    "clock": body("clock", on=st.booleans()),
    "point": body("point", x=st.floats(0, 1), y=st.floats(0, 1)),
    "ran": body(
        "ran",
        program=words,
        region=words,
        files=st.dictionaries(words, st.text(max_size=20).filter(lambda text: text.isprintable())),
        page=words,
        log=words,
    ),
    "take back": body("ran"),
    "mark": body("mark", question=keys, state=st.sampled_from(["open", "answered", "hidden"])),
    "poll": body(
        "poll",
        poll=polls,
        question=st.just("Which?"),
        choices=st.permutations(CHOICES).map(lambda each: each[:3]),
        state=st.sampled_from(["open", "open", "closed", "shown"]),
        answer=st.none() | st.integers(0, 2),
    ),
}

# Halves of pairs too, which JSON can name and UTF-8 cannot.
texts = st.text(st.characters(codec=None), max_size=30) | st.sampled_from(["\ud800", "a\udfff"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def spoilt(draw, kinds):
    """The text of a message of which a few fields are something else, or are not there."""
    said = dict(draw(st.one_of(*kinds.values())))
    for name in draw(st.lists(st.sampled_from(sorted(said)), max_size=3)):
        if draw(st.booleans()):
            said.pop(name, None)
        else:
            said[name] = draw(json_values)
    return json.dumps(said)


def anything(kinds):
    """Whatever may come in on a socket."""
    return st.one_of(spoilt(kinds), json_values.map(json.dumps), texts, st.binary(max_size=50))


# (follower, message), as a store keeps them; the speaker has no name.
kept = st.one_of(
    st.tuples(
        st.sampled_from(FOLLOWERS),
        st.one_of(*(from_followers[each] for each in ("question", "upvote", "pace", "vote"))).map(
            lambda said: parse_follower(json.dumps(said))
        ),
    ),
    st.tuples(
        st.just(""),
        st.one_of(
            *(
                from_speaker[each]
                for each in ("show", "black", "ran", "take back", "mark", "poll", "poll")
            )
        ).map(lambda said: parse_speaker(json.dumps(said))),
    ),
)
