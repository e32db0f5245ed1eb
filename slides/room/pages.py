"""The speaker's page at `/speaker/`, with the deck's files under it; the audience's address."""

import io
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tornado.web

from slides.ports import is_loopback
from slides.room.access import Access
from slides.room.handlers import SpeakerHandler, admit
from slides.room.limits import Limit
from slides.serve.files import DeckHandler

PAGE = "speaker.html"
EVERY_ADDRESS = ("", "0.0.0.0", "::")
ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # for documentation only

# What a page may frame, as it was built: no program's page, which is another port's. The speaker's
# copy of these pages may. A header could not say so, since a policy can only be made narrower; and
# the built page, which others host, has nobody's programs to frame.
FRAMING = ("speaker.html", "talk.html")
FRAMES = "frame-src 'self'"
PROGRAMS = "http://localhost:* http://127.0.0.1:*"

Routes = list[tuple[str, type, dict[str, Any]]]


def speaker_pages(
    deck: Path, audience: str, access: Access, guesses: Limit, frames_programs: bool = False
) -> Routes:
    """The speaker's pages; `audience` is the address that the audience opens."""
    guards = {"access": access, "guesses": guesses}
    framing = FRAMING if frames_programs else ()
    return [
        (r"/speaker/code\.svg", CodeHandler, {"audience": audience, **guards}),
        (r"/speaker/audience\.json", AudienceHandler, {"audience": audience, **guards}),
        (r"/speaker/(.*)", PageHandler, {"path": str(deck), "framing": framing, **guards}),
        (r"/speaker", tornado.web.RedirectHandler, {"url": "/speaker/", "permanent": False}),
    ]


class PageHandler(DeckHandler):
    """The speaker's page, and the files of the deck that it shows in its frames."""

    page: str | None = None  # one that may frame programs

    def initialize(  # type: ignore[override]
        self, path: str, framing: tuple[str, ...], access: Access, guesses: Limit
    ) -> None:
        super().initialize(path)
        self.framing = framing
        self.access = access
        self.guesses = guesses

    def prepare(self) -> None:
        super().prepare()
        admit(self, self.access, self.guesses)

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Referrer-Policy", "no-referrer")

    async def get(self, path: str, include_body: bool = True) -> None:
        if not path and self.get_query_argument("token", None) is not None:
            self.redirect("/speaker/")  # the cookie has it now, the history need not
            return
        path = path or PAGE
        if path in self.framing:
            self._write_framing(Path(self.root, path))
        else:
            await super().get(path, include_body)

    def _write_framing(self, file: Path) -> None:
        try:
            page = file.read_text(encoding="utf-8")
        except OSError:
            raise tornado.web.HTTPError(404) from None
        self.page = page.replace(FRAMES, f"{FRAMES} {PROGRAMS}", 1)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.page)

    def compute_etag(self) -> str | None:
        if self.page is None:
            return super().compute_etag()
        return tornado.web.RequestHandler.compute_etag(self)


class AudienceHandler(SpeakerHandler):
    """`/speaker/audience.json`: what the audience opens, and whether others can reach it."""

    def initialize(  # type: ignore[override]
        self, audience: str, access: Access, guesses: Limit
    ) -> None:
        self.audience = audience
        self.access = access
        self.guesses = guesses

    def get(self, *args: str) -> None:
        host = urlsplit(self.audience).hostname or ""
        self.write({"address": self.audience, "open": not is_loopback(host)})


class CodeHandler(AudienceHandler):
    """`/speaker/code.svg`: the same address as a QR code."""

    def get(self, *args: str) -> None:
        try:
            picture = code(self.audience)
        except ImportError:
            why = "The code needs the package segno: pip install -e '.[room]'"
            raise tornado.web.HTTPError(501, reason=why) from None
        self.set_header("Content-Type", "image/svg+xml")
        self.finish(picture)


def code(address: str) -> bytes:
    """A QR code as an SVG picture, dark on white with the margin that readers need."""
    import segno  # of the extra `room`; all else works without

    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        picture, kind="svg", scale=8, border=4, dark="#14213d", light="#fff", xmldecl=False
    )
    return picture.getvalue()


def audience_url(address: str, port: int, names: list[str] | None = None) -> str:
    """What a phone in the room opens, if the audience's server listens on `address`.

    A server that listens everywhere is known by a name it was told, else by the address of the
    network that this machine would use. Nothing is sent to find that out.
    """
    host = names[0] if names else own_address(address) if address in EVERY_ADDRESS else address
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def own_address(address: str) -> str:
    """This machine's address on its network; that of the loopback where there is none."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ELSEWHERE[family], 9))
        except OSError:
            return "::1" if family == socket.AF_INET6 else "127.0.0.1"
        return str(probe.getsockname()[0])
