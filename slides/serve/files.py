"""The deck's files: compressed once for who can read that, and never remembered for too long."""

import asyncio
import gzip
import mimetypes
import re
from collections.abc import Generator
from pathlib import Path

import tornado.web

from slides.serve.handlers import Handler

# A name with a hash changes with its content: app-3f2a9c41.js, app.3f2a9c41.js.
HASHED = re.compile(r"[-.][0-9a-f]{8,}\.\w+$", re.IGNORECASE)
FOR_EVER = "public, max-age=31536000, immutable"

TEXT = {"application/javascript", "application/json", "application/wasm", "image/svg+xml"}
WORTH_COMPRESSING = range(1024, 64 * 1024 * 1024)  # bytes

Version = tuple[int, int]


class Compressed:
    """Compresses each file once, in a thread, and again when the file has changed."""

    def __init__(self) -> None:
        self._copies: dict[Path, tuple[Version, bytes]] = {}

    async def copy(self, file: Path) -> tuple[Version, bytes] | None:
        """A file's version and gzipped content; None where there is none, or it would not pay."""
        try:
            now = version(file)
            if now[1] not in WORTH_COMPRESSING:
                return None
            if file not in self._copies or self._copies[file][0] != now:
                data = await asyncio.to_thread(lambda: gzip.compress(file.read_bytes(), 6))
                self._copies[file] = now, data
        except OSError:
            return None
        return self._copies[file]


def version(file: Path) -> Version:
    """What changes when a file does: its time in nanoseconds and its size in bytes."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size


class DeckHandler(Handler, tornado.web.StaticFileHandler):
    """The deck's files, compressed for who can read that."""

    zipped: tuple[Version, bytes] | None = None

    async def get(self, path: str, include_body: bool = True) -> None:
        if "\0" in path:
            raise tornado.web.HTTPError(404)  # what no file can be named
        file = Path(self.get_absolute_path(self.root, self.parse_url_path(path)))
        if not file.suffix:
            file /= "index.html"  # a folder, most likely; Tornado looks again
        # A range counts the bytes of the file itself.
        if self._reads_gzip() and is_text(file) and "Range" not in self.request.headers:
            self.zipped = await self.application.settings["compressed"].copy(file)
        await super().get(path, include_body)

    def _reads_gzip(self) -> bool:
        offers = self.request.headers.get("Accept-Encoding", "").replace(" ", "").split(",")
        return any(re.fullmatch(r"gzip(;q=(1|0?\.\d*[1-9]).*)?", offer) for offer in offers)

    def set_extra_headers(self, path: str) -> None:
        if HASHED.search(path):
            self.set_header("Cache-Control", FOR_EVER)
        if is_text(Path(path or "index.html")):
            self.set_header("Vary", "Accept-Encoding")
        if self.zipped is not None:
            self.set_header("Content-Encoding", "gzip")

    def compute_etag(self) -> str | None:
        # Tornado's own remembers the content's hash for as long as the process lives, and would
        # answer 304 for a deck that has been rebuilt since.
        if self.zipped is not None:
            (time, size), form = self.zipped[0], "-gzip"
        else:
            (time, size), form = version(Path(str(self.absolute_path))), ""
        return f'"{time:x}-{size:x}{form}"'

    def get_content_size(self) -> int:
        return super().get_content_size() if self.zipped is None else len(self.zipped[1])

    # Tornado's is a class method, called through the instance: here it depends on the request.
    def get_content(  # type: ignore[override]
        self, abspath: str, start: int | None = None, end: int | None = None
    ) -> Generator[bytes, None, None] | bytes:
        if self.zipped is not None:
            return self.zipped[1]
        return super().get_content(abspath, start, end)  # type: ignore[return-value]


def is_text(file: Path) -> bool:
    """Tell by the name whether a file shrinks when compressed."""
    kind = mimetypes.guess_type(file.name)[0] or ""
    return kind.startswith("text/") or kind in TEXT
