"""A process with voices that speak to a store, and print what is acknowledged.

`python -m tests.room.voices FILE NAME ROUNDS`: asks, votes on a question and in a poll, in each
round with some messages under way at once. Some keys are of this process, some are of all.
"""

import asyncio
import json
import sys
import uuid
from pathlib import Path

from slides.room import views
from slides.room.protocol import Message, Poll, Question, Show, Upvote, Vote
from slides.room.store import Store
from slides.room.talk import Moment

EVERYBODY = "everybody-agrees"
PACK = 8  # messages under way at once, of each kind


def key(name: str, number: int) -> str:
    """A question's key, the same whoever asks."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {number}"))


async def main(path: Path, name: str, rounds: int) -> None:
    """Speak, and follow what others say through the file alone."""
    # The disk of a test machine is shared by many.
    store = Store(path, patience=30)
    talk = await store.load()
    await store.keep("", Poll("p", "Which?", ("a", "b"), "open"))
    print("ready", flush=True)
    for number in range(rounds):
        await asyncio.gather(*(speak(store, *each) for each in sayings(name, number)))
        for event in await store.changes_since(talk.version):
            talk.apply(event)
    print("done", flush=True)
    sys.stdin.readline()  # until the others are done, too
    for event in await store.changes_since(talk.version):
        talk.apply(event)
    print(json.dumps(views.state(talk, Moment(0, 0), private=True)), flush=True)
    await store.close()


def sayings(name: str, number: int) -> list[tuple[str, Message]]:
    """What is said at once: the first half is said by all processes."""
    said: list[tuple[str, Message]] = [("", Show(f"{name}-{number}"))]
    for each in range(number * PACK, (number + 1) * PACK):
        owner = EVERYBODY if each % 2 else name
        follower = f"{owner}-{each:020}"
        question = key(owner, each)
        said.append((follower, Question(question, f"Why {owner} {each}?")))
        said.append((follower, Upvote(question)))
        said.append((follower, Vote("p", each % 2)))
    return said


async def speak(store: Store, follower: str, message: Message) -> None:
    """Say it, and print it once it is acknowledged."""
    acknowledged = await store.keep(follower, message)
    print(json.dumps([message.type, acknowledged.key, follower]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
