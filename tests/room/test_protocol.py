"""What may be said: messages within their limits, and a reason for everything else."""

import json

import pytest
from hypothesis import given, settings

from slides.room.messages import QUESTION
from slides.room.protocol import (
    FOLLOWER_BYTES,
    SPEAKER_BYTES,
    Message,
    Point,
    Poll,
    Question,
    Ran,
    Refused,
    Show,
    Vote,
    encode,
    is_follower,
    parse_follower,
    parse_speaker,
    read,
    write,
)

from .sayings import KEYS, anything, from_followers, from_speaker

often = settings(max_examples=300, deadline=None, database=None)


def said(kind, /, **fields):
    """The text of a message."""
    return json.dumps({"type": kind, **fields})


def refusal(parse, text):
    """Why a text is refused."""
    with pytest.raises(Refused) as refused:
        parse(text)
    return refused.value


def proves_to_be_sound(parse, text):
    """A text is a message that can be kept and sent, or refused with a sentence that can be."""
    try:
        message = parse(text)
    except Refused as refused:
        assert refused.why.endswith(".")
        encode(refused.body()).encode()
        return
    assert isinstance(message, Message)
    encode(message.body()).encode()
    assert read(write(message)) == message


@often
@given(anything(from_followers))
def test_whatever_a_follower_sends_is_a_message_or_refused(text):
    """No text, and no bytes, are anything else."""
    proves_to_be_sound(parse_follower, text)


@often
@given(anything(from_speaker))
def test_whatever_the_speaker_sends_is_a_message_or_refused(text):
    """The speaker's page may be wrong, too."""
    proves_to_be_sound(parse_speaker, text)


@pytest.mark.parametrize("parse", [parse_follower, parse_speaker])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 8000,
        '{"type":' * 1000,
        "9" * 8000,
        "1e999",
        "NaN",
        '{"type": "hello", "x": Infinity}',
        '{"type": ["hello"]}',
        '{"type": {}}',
        '"\\ud800"',
        '{"type": "\\ud800"}',
        "\ud800",
        "null",
        b'{"type": "hello"}',
        b"\xff\x00",
    ],
)
def test_what_breaks_parsers_is_refused(parse, text):
    """Deep, endless, half a character, not a number, and bytes."""
    proves_to_be_sound(parse, text)
    refusal(parse, text)


def test_what_is_well_said_is_understood():
    """One of each kind, to the field."""
    key = KEYS[0]
    asked = parse_follower(said("question", key=key.upper(), text=" Why \n not? ", name="Ada"))
    assert asked == Question(key, "Why not?", "Ada")
    assert asked.key == key
    assert parse_follower(said("vote", poll="p", choice=1)) == Vote("p", 1)
    assert parse_speaker(said("show", slide="hello")) == Show("hello", -1)
    assert parse_speaker(said("point")) == Point()
    assert parse_speaker(said("point", x=0, y=1)) == Point(0.0, 1.0)
    poll = said("poll", poll="p", question="?", choices=["a", "b"], state="open", answer=1)
    assert parse_speaker(poll) == Poll("p", "?", ("a", "b"), "open", 1)
    ran = parse_speaker(said("ran", program="hello", files={"a.py": "\t1\n"}, page="<p>", log=""))
    assert ran == Ran("hello", "", {"a.py": "\t1\n"}, "<p>", "")


@pytest.mark.parametrize("program", [{}, {"program": None}, {"program": ""}])
def test_a_run_of_no_program_takes_the_last_one_back(program):
    """Whatever else it says is of no program, and is left out."""
    assert parse_speaker(said("ran", **program, region="main", log=7)) == Ran()


def test_a_follower_cannot_speak_for_the_speaker():
    """Nor the other way around; only a greeting is common to both."""
    common = set(from_followers) & set(from_speaker)
    assert common == {"hello"}
    for kind in set(from_speaker) - common:
        assert "type" in refusal(parse_follower, said(kind, on=True, slide="x")).why


def test_a_question_has_as_many_characters_as_one_can_read():
    """However many bytes they are; one more is refused, and it is told which question was."""
    long = "\N{SNAKE}" * QUESTION
    assert parse_follower(said("question", key=KEYS[0], text=long)).text == long
    refused = refusal(parse_follower, said("question", key=KEYS[0], text=long + "s"))
    assert str(QUESTION) in refused.why
    assert refused.body()["key"] == KEYS[0]


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "\u202e\u200b", "\u200d", "\x00\x1b", "\ud800 half", None, 7, ["a"]]
)
def test_a_question_without_words_is_refused(text):
    """Nothing, what cannot be seen, and what is no text."""
    refusal(parse_follower, said("question", key=KEYS[0], text=text))


def test_what_turns_or_hides_a_line_is_left_out():
    """Control characters and overrides of direction go; joined emoji and marks stay."""
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
    text = f"\x1b[31m\u202eyes\u2066 {family}\r\n\x00cafe\u0301\u2028<b>"
    asked = parse_follower(said("question", key=KEYS[0], text=text))
    assert asked.text == f"[31myes {family} café <b>"


@pytest.mark.parametrize("key", ["", "1", "{" + KEYS[0] + "}", KEYS[0] + "\n", "é" * 36, 1, None])
def test_a_key_is_a_uuid(key):
    """Nothing that could be made a name of something else."""
    refusal(parse_follower, said("question", key=key, text="Why?"))


@pytest.mark.parametrize("choice", [True, -1, 12, 1.0, "1", None, 10**30])
def test_a_choice_is_a_whole_number(choice):
    """Python takes True for 1; a poll does not."""
    refusal(parse_follower, said("vote", poll="p", choice=choice))


@pytest.mark.parametrize(
    "choices", [[], ["a"], ["a", "a"], ["a", " a "], ["a", 1], "ab", ["a"] * 13, ["a", "x" * 121]]
)
def test_a_poll_has_a_few_choices_that_differ(choices):
    """Two at least, and none twice."""
    refusal(parse_speaker, said("poll", poll="p", question="?", choices=choices, state="open"))


@pytest.mark.parametrize("x", [-0.1, 1.1, True, "0", None, 10**400])
def test_a_pointer_is_on_the_slide(x):
    """In shares of it."""
    refusal(parse_speaker, said("point", x=x, y=0.5))


@pytest.mark.parametrize(
    ("parse", "limit"), [(parse_follower, FOLLOWER_BYTES), (parse_speaker, SPEAKER_BYTES)]
)
def test_a_message_that_is_too_long_is_not_even_read(parse, limit):
    """In bytes: characters of several count as several."""
    assert parse('{"type":"hello"}'.ljust(limit)).type == "hello"
    assert "kB" in refusal(parse, '{"type":"hello"}'.ljust(limit + 1)).why
    assert "kB" in refusal(parse, "é" * (limit // 2 + 1)).why


@pytest.mark.parametrize(
    "name", ["a" * 15, "a" * 65, "a" * 15 + "é", "a" * 16 + "\n", "../" * 8, ""]
)
def test_a_follower_is_a_random_name(name):
    """What a cookie may not say."""
    assert is_follower("A-_9" * 4)
    assert not is_follower(name)
