"""The state of a talk: what everybody agrees on, however they came to know of it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slides.room import export, views
from slides.room.protocol import (
    Black,
    Clock,
    Mark,
    Pace,
    Poll,
    Question,
    Ran,
    Refused,
    Show,
    Upvote,
    Vote,
)
from slides.room.talk import PACE_SECONDS, QUESTIONS_EACH, Change, Event, Moment, Talk, subject

from .sayings import FOLLOWERS, KEYS, kept

often = settings(max_examples=200, deadline=None, database=None)
NOW = Moment(1_000_000.0, 1000.0)
ADA, BOB, CYD = FOLLOWERS


class Room:
    """Messages as a store would take them: those that are admitted become events."""

    def __init__(self):
        self.talk = Talk()
        self.events = []

    def say(self, message, follower="", when=NOW):
        """What was changed, or None."""
        admitted = self.talk.admit(message, follower)
        if admitted is None:
            return None
        self.events.append(Event(self.talk.version + 1, when, follower, admitted))
        return self.talk.apply(self.events[-1])

    def refuses(self, message, follower=""):
        """Why a message is not admitted."""
        with pytest.raises(Refused) as refused:
            self.say(message, follower)
        return refused.value.why

    def told(self, change, private=False):
        """What is told of a change."""
        return views.told(self.talk, change, NOW, private)


def hears(room, conversation):
    """Say what is admitted of a conversation."""
    for follower, message in conversation:
        try:
            room.say(message, follower)
        except Refused as refused:
            assert refused.why.endswith(".")
    return room


def view(talk):
    """All that a talk tells, without the version."""
    return {**views.state(talk, NOW, private=True), "version": None}


def poll(state="open", choices=("a", "b"), answer=None):
    """A poll."""
    return Poll("p", "Which?", choices, state, answer)


@often
@given(st.lists(kept, max_size=40))
def test_the_latest_of_each_subject_makes_the_whole_talk(conversation):
    """A file that keeps no more than that forgets nothing."""
    room = hears(Room(), conversation)
    latest = {subject(each.message, each.follower): each for each in room.events}
    late = Talk()
    for event in sorted(latest.values()):
        late.apply(event)
    assert vars(late) == vars(room.talk)


@often
@given(st.lists(kept, max_size=40), st.integers(0, 40))
def test_who_missed_some_needs_only_those(conversation, seen):
    """However long ago they left, and though they hear a part of it twice."""
    room = hears(Room(), conversation)
    late = Talk()
    for event in room.events[:seen]:
        late.apply(event)
    latest = {subject(each.message, each.follower): each for each in room.events}
    for event in sorted(latest.values()):
        late.apply(event)
    assert vars(late) == vars(room.talk)


@often
@given(st.lists(kept, max_size=40))
def test_what_is_told_again_changes_nothing(conversation):
    """An old event does not bring back what it said."""
    room = hears(Room(), conversation)
    before = view(room.talk)
    assert [room.talk.apply(event) for event in room.events] == [None] * len(room.events)
    assert view(room.talk) == before


@often
@given(st.lists(kept, max_size=20))
def test_saying_it_twice_changes_nothing_more(conversation):
    """Each message, said again at once, leaves all that is told as it was."""
    once, twice = Room(), Room()
    for each in conversation:
        hears(once, [each])
        hears(twice, [each, each])
    assert view(once.talk) == view(twice.talk)


@often
@given(st.lists(kept, max_size=40))
def test_what_is_told_can_always_be_sent(conversation):
    """Every change, to the audience and to the speaker, and both exports; counts add up."""
    room = Room()
    for follower, message in conversation:
        try:
            change = room.say(message, follower)
        except Refused:
            continue
        if change is not None:
            for private in (False, True):
                json.dumps(room.told(change, private), allow_nan=False).encode()
    for each in views.state(room.talk, NOW, private=True)["polls"]:
        assert sum(each["counts"]) == each["votes"] <= len(FOLLOWERS)
    export.as_csv(room.talk)
    assert len(json.loads(export.as_json(room.talk))["questions"]) == len(room.talk.asked)


def test_each_change_has_the_next_version():
    """What changes nothing has none."""
    room = Room()
    assert room.say(Show("hello")) == Change("show")
    assert room.say(Black(True)) == Change("black")
    assert room.say(Question(KEYS[0], "Why?"), ADA) == Change("questions")
    assert room.say(Question(KEYS[0], "Why?"), ADA) is None
    assert room.told(Change("show")) == {
        "type": "show", "version": 3, "slide": "hello", "fragment": -1
    }  # fmt: skip
    assert room.told(Change("black")) == {"type": "black", "version": 3, "on": True}


def test_who_joins_late_knows_it_all():
    """What is shown, what was run, what is asked: as those know who were there."""
    room = Room()
    ran = Ran("hello", "main", {"hello.py": "1\n"}, "<p>", "200")
    for each in (Show("a"), Show("b", 2), Black(True), ran, poll()):
        room.say(each)
    room.say(Vote("p", 1), ADA)
    room.say(Pace("slower"), ADA)
    state = views.state(room.talk, NOW, here=7)
    assert (state["slide"], state["fragment"], state["black"]) == ("b", 2, True)
    assert state["ran"] == {
        "program": "hello", "region": "main", "files": {"hello.py": "1\n"}, "page": "<p>",
        "log": "200",
    }  # fmt: skip
    assert [each["votes"] for each in state["polls"]] == [1]
    assert state["pace"] == {"faster": 0, "slower": 1, "confused": 0}
    assert (state["version"], state["here"]) == (7, 7)


def test_what_ran_can_be_taken_back():
    """Then all see the recorded run again, and so does who joins late; it can be run once more."""
    room = Room()
    ran = Ran("hello", "main", {"hello.py": "1\n"}, "<p>", "200")
    assert room.told(room.say(ran))["program"] == "hello"
    assert room.told(room.say(Ran())) == {"type": "ran", "version": 2, "program": ""}
    assert views.state(room.talk, NOW)["ran"] is None
    room.say(ran)
    assert views.state(room.talk, NOW)["ran"]["program"] == "hello"


def test_what_could_not_be_kept_holds_all_the_same():
    """It has no version, so that the next one that is kept is not taken for an old one."""
    room = Room()
    room.say(Show("a"))
    assert room.talk.apply(Event(0, NOW, "", Show("b"))) == Change("show")
    assert room.told(Change("show"))["slide"] == "b"
    assert room.talk.version == 1
    assert room.say(Show("a")) == Change("show")


def test_an_open_poll_does_not_tell_what_others_chose():
    """Only how many have; the speaker sees it, and everybody once it is shown."""
    room = Room()
    room.say(poll(answer=1))
    room.say(Vote("p", 0), ADA)
    change = room.say(Vote("p", 1), BOB)
    public = {"votes", "poll", "question", "choices", "state", "type", "version"}
    assert set(room.told(change)) == public
    assert room.told(change)["votes"] == 2
    assert room.told(change, private=True)["counts"] == [1, 1]
    assert set(room.told(room.say(poll("closed", answer=1)))) == public
    shown = room.told(room.say(poll("shown", answer=1)))
    assert (shown["counts"], shown["answer"]) == ([1, 1], 1)


def test_a_follower_has_one_vote_and_may_change_it_while_the_poll_is_open():
    """The last holds; what was said before is acknowledged even when the poll is closed."""
    room = Room()
    room.say(poll())
    for choice in (0, 0, 1):
        room.say(Vote("p", choice), ADA)
    room.say(poll("closed"))
    assert room.say(Vote("p", 1), ADA) is None
    assert "no more votes" in room.refuses(Vote("p", 0), ADA)
    assert "no more votes" in room.refuses(Vote("p", 0), BOB)
    assert room.talk.counts(room.talk.polls["p"]) == [0, 1]


def test_a_vote_counts_for_the_words_that_were_chosen():
    """A poll that is asked again in another order, or without a choice, keeps what still stands."""
    room = Room()
    room.say(poll(choices=("a", "b", "c")))
    for choice, follower in enumerate(FOLLOWERS):
        room.say(Vote("p", choice), follower)
    room.say(poll(choices=("c", "a")))
    assert room.talk.counts(room.talk.polls["p"]) == [1, 1]
    room.say(Vote("p", 1), CYD)
    assert room.talk.counts(room.talk.polls["p"]) == [0, 2]


def test_what_is_not_there_is_refused():
    """A question, a poll and a choice."""
    room = Room()
    assert "not there" in room.refuses(Upvote(KEYS[0]), ADA)
    assert "not there" in room.refuses(Mark(KEYS[0], "answered"))
    assert "not there" in room.refuses(Vote("p", 0), ADA)
    room.say(poll())
    assert "no such choice" in room.refuses(Vote("p", 2), ADA)
    assert room.talk.version == 1


def test_questions_are_told_by_what_the_room_wants():
    """Open ones first, then by votes, then by age; a hidden one only to the speaker."""
    room = Room()
    for key in KEYS:
        room.say(Question(key, f"Why {key[-1]}?"), ADA)
    room.say(Upvote(KEYS[2]), BOB)
    room.say(Upvote(KEYS[0]), BOB)
    room.say(Upvote(KEYS[0]), CYD)
    room.say(Mark(KEYS[0], "answered"))
    room.say(Mark(KEYS[3], "hidden"))
    change = Change("questions")
    assert [each["key"] for each in room.told(change)["questions"]] == [KEYS[2], KEYS[1], KEYS[0]]
    assert room.told(change)["questions"][2]["votes"] == 2
    assert room.told(change, private=True)["questions"][-1]["key"] == KEYS[3]
    assert "not there" in room.refuses(Upvote(KEYS[3]), BOB)
    room.say(Mark(KEYS[3], "open"))
    assert len(room.told(change)["questions"]) == 4


def test_one_follower_cannot_ask_for_all():
    """After some questions they have to let others."""
    room = Room()
    for number in range(QUESTIONS_EACH):
        room.say(Question(f"{number:08}{KEYS[0][8:]}", "Why?"), ADA)
    assert str(QUESTIONS_EACH) in room.refuses(Question(KEYS[1], "Why?"), ADA)
    room.say(Question(KEYS[1], "Why?"), BOB)


def test_the_pace_decays():
    """Wanted by all at first, half as much later, and forgotten in the end; one voice each."""
    room = Room()
    for follower in (ADA, ADA, BOB):
        room.say(Pace("faster"), follower)

    def after(seconds):
        return room.talk.pace(Moment(NOW.at + seconds, NOW.tick + seconds))["faster"]

    assert after(0) == 2
    assert after(0) > after(PACE_SECONDS / 2) == 1 > after(PACE_SECONDS * 0.9)
    assert after(PACE_SECONDS) == after(PACE_SECONDS * 10) == 0
    room.say(Pace("slower"), ADA)
    assert room.talk.pace(NOW) == {"faster": 1, "slower": 1, "confused": 0}


@often
@given(st.floats(-1e9, 1e9), st.floats(0, PACE_SECONDS))
def test_a_calendar_that_is_put_right_does_not_change_the_pace(jump, passed):
    """Forwards or backwards, by any number of years."""
    room = Room()
    room.say(Pace("confused"), ADA)
    still = room.talk.pace(Moment(NOW.at + passed, NOW.tick + passed))
    assert room.talk.pace(Moment(NOW.at + passed + jump, NOW.tick + passed)) == still


@often
@given(st.integers(-(10**9), 10**9), st.integers(0, 999))
def test_a_machine_that_started_again_has_not_heard_it_just_now(jump, running):
    """Whatever its calendar says, it was before the start, and never in the time to come."""
    passed = Moment(NOW.at + jump, running).since(NOW)
    assert passed >= running
    assert passed >= jump


def test_a_cell_that_a_spreadsheet_would_run_is_only_shown():
    """An apostrophe stands before what would be a formula; JSON has it to the letter."""
    room = Room()
    formulas = ['=HYPERLINK("http://x")', "+1", "-1+1", "@SUM(A1)", "\N{FULLWIDTH EQUALS SIGN}1"]
    for number, text in enumerate([*formulas, 'a "quoted", one']):
        name = "=cmd" if number == 0 else ""
        room.say(Question(f"{number:08}{KEYS[0][8:]}", text, name), f"{number:016}")
    table = export.as_csv(room.talk)
    rows = table.split("\r\n")
    assert rows[0] == "asked,state,votes,name,text"
    assert rows[1] == (
        "1970-01-12T13:46:40+00:00,open,0,'=cmd,\"'=HYPERLINK(\"\"http://x\"\")\""
    )  # fmt: skip
    assert [row.split(",")[-1][:2] for row in rows[2:6]] == ["'+", "'-", "'@", "'\uff1d"]
    assert rows[6].endswith(',"a ""quoted"", one"')
    texts = [each["text"] for each in json.loads(export.as_json(room.talk))["questions"]]
    assert texts[:5] == formulas


def test_the_clock_of_the_talk_is_the_same_for_who_joins_late():
    """It runs from when the speaker began, and is nothing before that and after it is put back."""
    talk = Talk()
    assert views.state(talk, Moment(500, 100))["clock"] is None
    talk.apply(Event(1, Moment(500, 100), "", Clock(True)))
    assert views.state(talk, Moment(560, 160))["clock"] == 60
    talk.apply(Event(2, Moment(570, 170), "", Clock(False)))
    assert views.state(talk, Moment(580, 180))["clock"] is None
