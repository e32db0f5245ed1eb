"""The room's addresses: sockets for followers and the speaker, and what is taken home after."""

import logging
import secrets
from typing import Any, ClassVar

import tornado.web
from tornado.websocket import WebSocketHandler

from slides.room.access import Access
from slides.room.broadcast import Crowd
from slides.room.fields import Refused
from slides.room.hub import GOODBYE, RESTARTING, Hub
from slides.room.limits import Limit, Limits, Rate, neighbours
from slides.room.protocol import (
    Hello,
    Message,
    encode,
    is_follower,
    parse_follower,
    parse_speaker,
)

FOLLOWER = "follower"  # the cookie: random, of nobody in particular, gone with the day
DAY = 24 * 60 * 60
SPEAKER = "speaker"
BEARER = "Bearer "
GUESSES = Rate(burst=10, per_second=0.2)

log = logging.getLogger(__name__)


class RoomSocket(WebSocketHandler):
    """What both sides' sockets have in common: they are taken in, and answered one by one."""

    crowd: Crowd
    parse: ClassVar[Any]

    def initialize(self, hub: Hub, limits: Limits) -> None:
        self.hub = hub
        self.limits = limits
        self.follower = ""

    def get_compression_options(self) -> None:
        return None  # a frame is made once for all; compressed for each it could not be

    def open(self, *args: str, **kwargs: str) -> None:
        self.set_nodelay(True)
        if self.hub.is_stopping:  # it was on its way
            self.close(RESTARTING, GOODBYE)
        else:
            self.hub.join(self, self.crowd)

    def on_close(self) -> None:
        self.hub.leave(self, self.crowd)

    async def on_message(self, text: str | bytes) -> None:
        """Answer one message before the next is read: who floods waits in their own line."""
        self.hub.answering += 1
        try:
            answer = await self._answer(type(self).parse(text))
        except Refused as refused:
            self.hub.refused += 1
            answer = refused.body()
        except Exception:  # a mistake of ours costs nobody their connection
            log.exception("a message was not answered")
            answer = Refused("The server made a mistake; its log says which.").body()
        finally:
            self.hub.answering -= 1
        if answer is not None:
            self.crowd.send_one(self, encode(answer))

    async def _answer(self, message: Message) -> dict[str, Any] | None:
        if isinstance(message, Hello):
            self.hub.welcome(self, self.crowd)
            return None
        self._hurry(message)
        kept = await self.hub.say(self.follower, message)
        return None if kept.key is None else {"type": "ok", "key": kept.key}

    def _hurry(self, message: Message) -> None:
        """Raise Refused for who says too much; the speaker may."""


class FollowerSocket(RoomSocket):
    """`/room`: reads the talk; asks, votes."""

    parse = staticmethod(parse_follower)

    def prepare(self) -> None:
        self.crowd = self.hub.followers
        cookie = self.get_cookie(FOLLOWER) or ""
        self.follower = cookie if is_follower(cookie) else secrets.token_urlsafe(16)

    def _hurry(self, message: Message) -> None:
        seconds = self.limits.wait(self.follower, self.request.remote_ip or "")
        if seconds:
            raise Refused(f"Not so fast: again in {seconds:.0f} s.", message.key)


class SpeakerHandler(tornado.web.RequestHandler):
    """What only the speaker may have: by token, by this machine's names, from its own pages."""

    def initialize(self, hub: Hub, access: Access, guesses: Limit) -> None:
        self.hub = hub
        self.access = access
        self.guesses = guesses

    def prepare(self) -> None:
        admit(self, self.access, self.guesses)

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Frame-Options", "DENY")


def admit(handler: tornado.web.RequestHandler, access: Access, guesses: Limit) -> None:
    """Let the speaker in; HTTPError for anybody else. A token in the address becomes a cookie.

    A program has it in the header `Authorization`.
    """
    request, address = handler.request, neighbours(handler.request.remote_ip or "")
    if not access.answers_to(request):
        why = "This server does not answer to that name; see --name."
        raise tornado.web.HTTPError(403, reason=why)
    if not access.is_same_origin(request):
        raise tornado.web.HTTPError(403, reason="Only the speaker's own page may ask.")
    name = f"{SPEAKER}-{request.host.rpartition(':')[2]}"
    if access.admits(handler.get_cookie(name)):
        return  # whoever guesses at the same address does not keep the speaker out
    if guesses.wait(address):
        raise tornado.web.HTTPError(429, reason="Too many wrong tokens; wait a minute.")
    given = handler.get_query_argument("token", None)
    bearer = request.headers.get("Authorization", "").removeprefix(BEARER)
    if access.admits(bearer):
        return
    if access.admits(given):
        handler.set_cookie(name, access.token, httponly=True, samesite="Strict", expires_days=2)
        return
    if given is not None or bearer:
        guesses.count(address)
    raise tornado.web.HTTPError(401, reason="Open the address that was printed at the start.")


class SpeakerSocket(RoomSocket):
    """`/speaker/room`: moves the talk."""

    parse = staticmethod(parse_speaker)

    def initialize(  # type: ignore[override]
        self, hub: Hub, limits: Limits, access: Access, guesses: Limit
    ) -> None:
        super().initialize(hub, limits)
        self.access = access
        self.guesses = guesses

    def prepare(self) -> None:
        self.crowd = self.hub.speakers
        admit(self, self.access, self.guesses)


class ExportHandler(SpeakerHandler):
    """`/speaker/questions.csv` and `.json`: what was asked and voted, after the talk."""

    TYPES: ClassVar = {"csv": "text/csv; charset=utf-8", "json": "application/json"}

    async def get(self, form: str) -> None:
        self.set_header("Content-Type", self.TYPES[form])
        self.set_header("Content-Disposition", f'attachment; filename="questions.{form}"')
        self.finish(await self.hub.store.export(form))


class RoomHandler(tornado.web.RequestHandler):
    """`/room.json`: tells a page that there is a room, and gives it a name for its votes."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        if not is_follower(self.get_cookie(FOLLOWER) or ""):
            name = secrets.token_urlsafe(16)
            self.set_cookie(FOLLOWER, name, httponly=True, samesite="Strict", max_age=DAY)
        self.write({"room": "room"})


class SpeakerRoomHandler(SpeakerHandler):
    """`/speaker/room.json`: tells the same to the speaker's own deck, which moves the room."""

    def get(self) -> None:
        self.write({"room": "room", "speaker": True})
