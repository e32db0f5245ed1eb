"""The room: a deck that its audience follows, asks and votes on.

Two faces of one server. The audience's reads, asks and votes, and may stand on a network. The
speaker's moves the talk: it is behind a token, on a port of its own.
"""

from typing import Any

from slides.room.access import Access
from slides.room.handlers import (
    GUESSES,
    ExportHandler,
    FollowerSocket,
    RoomHandler,
    SpeakerSocket,
)
from slides.room.hub import Hub
from slides.room.limits import Limit, Limits

Routes = list[tuple[str, type, dict[str, Any]]]


def audience(hub: Hub, limits: Limits | None = None) -> Routes:
    """What everybody may have."""
    facts = {"hub": hub, "limits": limits or Limits()}
    return [(r"/room", FollowerSocket, facts), (r"/room.json", RoomHandler, {})]


def speaker(hub: Hub, access: Access) -> Routes:
    """What only the speaker may have."""
    guards = {"access": access, "guesses": Limit(GUESSES)}
    return [
        (r"/speaker/room", SpeakerSocket, {"hub": hub, "limits": Limits(), **guards}),
        (r"/speaker/questions\.(csv|json)", ExportHandler, {"hub": hub, **guards}),
    ]
