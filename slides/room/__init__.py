"""The room: a deck that its audience follows, asks and votes on.

Two faces of one server. The audience's reads, asks and votes, and may stand on a network. The
speaker's moves the talk: it is behind a token, on a port of its own.
"""

from pathlib import Path
from typing import Any

from slides.room.access import Access
from slides.room.handlers import (
    GUESSES,
    ExportHandler,
    FollowerSocket,
    RoomHandler,
    SpeakerRoomHandler,
    SpeakerSocket,
)
from slides.room.hub import Hub
from slides.room.limits import Limit, Limits
from slides.room.mounted import Live
from slides.room.onlookers import Onlookers, live_routes, speakers_live_routes
from slides.room.protocol import SPEAKER_BYTES
from slides.room.runs import Runs, RunsHandler, RunSocket

LARGEST = SPEAKER_BYTES + 1024  # bytes of a message; what is larger closes its connection
NO_RUNS = "This server runs no programs."
Routes = list[tuple[Any, ...]]  # an application's rules


def audience(hub: Hub, limits: Limits | None = None, onlookers: Onlookers | None = None) -> Routes:
    """What everybody may have; with onlookers, the demos that they look on."""
    facts = {"hub": hub, "limits": limits or Limits()}
    return [
        (r"/room", FollowerSocket, facts),
        (r"/room.json", RoomHandler, {}),
        *live_routes(onlookers or Onlookers(Live())),
    ]


def speaker(
    hub: Hub,
    access: Access,
    deck: Path,
    address: str,
    *,
    runs: Runs | None = None,
    onlookers: Onlookers | None = None,
) -> Routes:
    """What only the speaker may have; `address` is what the audience opens."""
    # It serves the deck's files, and the deck's server serves the room.
    from slides.room.pages import speaker_pages

    runs = runs or Runs(NO_RUNS)
    guesses = Limit(GUESSES)
    guards: dict[str, Any] = {"access": access, "guesses": guesses}
    return [
        (r"/speaker/room", SpeakerSocket, {"hub": hub, "limits": Limits(), **guards}),
        (r"/speaker/room\.json", SpeakerRoomHandler, {"hub": hub, **guards}),
        (r"/speaker/questions\.(csv|json)", ExportHandler, {"hub": hub, **guards}),
        (r"/speaker/run", RunSocket, {"runs": runs, **guards}),
        (r"/speaker/run\.json", RunsHandler, {"runs": runs, **guards}),
        *speakers_live_routes(onlookers or Onlookers(Live()), access, guesses),
        *speaker_pages(deck, address, access, guesses, frames_programs=not runs.why),
    ]
