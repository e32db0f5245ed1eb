"""Records what a live panel would show, for a deck that has no kernel."""

import asyncio
import datetime
import html
import platform
import re
import uuid
from typing import TYPE_CHECKING, Any

import tornado
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse

from slides.live.notebook import display
from slides.live.stage import stage

if TYPE_CHECKING:
    from slides.live.server import Server

MIME = "application/vnd.slides.recording+json"
PAGE_TIMEOUT = 2.0  # seconds
# A page that answers at once is in the log before whatever the notebook does next.
PAGE_PATIENCE = 0.02  # seconds
REHEARSAL_TIMEOUT = 15.0  # seconds
MARGIN = 0.25  # seconds of quiet ticks on either side of a rehearsal
MOST_TICKS = 400
LONGEST_PAGE = 200_000  # characters


# The program's name -> what a recording asks it for, besides its page.
rehearsals: dict[str, tuple[str, ...]] = {}


def rehearse(name: str, *paths: str) -> None:
    """Have the recording of the program `name` show what it does with requests for `paths`.

    They are made all at once, soon after its start; a notebook says so in its set-up cell, for
    what a speaker does by hand on stage. Presenting is not affected.
    """
    rehearsals[name] = paths


class Recording:
    """One server's run: its page, its log and the ticks of the loop, from `start` to `complete`."""

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.display_id = uuid.uuid4().hex
        self.page: str | None = None
        self.ticks: list[tuple[float, float]] = []
        self._started = datetime.datetime.now(datetime.UTC)
        self._start_time = asyncio.get_running_loop().time()
        self._fetching: asyncio.Task[None] | None = None
        self._rehearsing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to record, and give the page a moment to be the first thing in the log."""
        stage().meter.listen(self._tick)
        self._fetching = asyncio.create_task(self._fetch())
        await asyncio.wait([self._fetching], timeout=PAGE_PATIENCE)
        self._rehearsing = asyncio.create_task(self._rehearse())
        self.server.before_stop.append(self.settle)
        display(self.bundle(), self.display_id)

    async def settle(self) -> None:
        """Wait until the page has come and the rehearsal is over."""
        await asyncio.gather(*filter(None, (self._fetching, self._rehearsing)))

    async def complete(self) -> None:
        """End the recording and put it in the place of what was displayed."""
        await self.settle()
        stage().meter.ignore(self._tick)
        display(self.bundle(), self.display_id, update=True)

    def _tick(self, now: float, lag: float) -> None:
        if self.server.state == "running":
            self.ticks.append((now - self._start_time, lag * 1000))

    async def _fetch(self) -> None:
        response = await self._ask(self.server.path, PAGE_TIMEOUT, "iframe")
        self.page = readable_page(response) if response is not None else None

    async def _rehearse(self) -> None:
        paths = rehearsals.get(self.server.name or "", ())
        if paths:
            await asyncio.sleep(MARGIN)
            await asyncio.gather(*(self._ask(path, REHEARSAL_TIMEOUT, "empty") for path in paths))
            await asyncio.sleep(MARGIN)

    async def _ask(self, path: str, timeout: float, kind: str) -> HTTPResponse | None:  # noqa: ASYNC109
        client = AsyncHTTPClient(force_instance=True)
        try:
            return await client.fetch(
                f"http://127.0.0.1:{self.server.port}/{path.removeprefix('/')}",
                request_timeout=timeout,
                raise_error=False,
                # As a browser says that it asks for a frame's page, or that a script asks.
                headers={"Host": f"localhost:{self.server.asked}", "Sec-Fetch-Dest": kind},
            )
        except (HTTPClientError, OSError):
            return None
        finally:
            client.close()

    def bundle(self) -> dict[str, Any]:
        """Give what is displayed: the recording, and a sentence for whoever cannot show one."""
        server = self.server
        said = f"{server.name or 'The application'} was served here, at {server.address}"
        recording = {
            "name": server.name,
            "address": server.address,
            "path": f"/{server.path}",
            "page": self.page,
            "bare": self.server.is_bare,
            "pages": {f"/{server.path}": self.page} if self.page is not None else {},
            "log": [f"{line.time} {line.text}" for line in server.log.lines],
            "lines": [{"time": x.time, "kind": x.kind, "text": x.text} for x in server.log.lines],
            "ticks": compact(self.ticks),
            "started": self._started.isoformat(timespec="seconds"),
            "versions": {"python": platform.python_version(), "tornado": tornado.version},
            "machine": f"{platform.system()} {platform.machine()}",
        }
        return {
            MIME: recording,
            "text/html": f"<p>{html.escape(said)}</p>",
            "text/plain": said,
        }


def compact(ticks: list[tuple[float, float]], most: int = MOST_TICKS) -> list[list[float]]:
    """Thin ticks to at most `most`, of each stretch the one with the most lag: no gap is lost.

    A tick is [seconds since the start, lag in milliseconds]; the loop was blocked for the lag
    before it.
    """
    size = -(-len(ticks) // most) or 1
    stretches = (ticks[start : start + size] for start in range(0, len(ticks), size))
    worst = (max(stretch, key=lambda tick: tick[1]) for stretch in stretches)
    return [[round(seconds, 3), round(lag, 2)] for seconds, lag in worst]


def readable_page(response: HTTPResponse) -> str | None:
    """Give a response's page without its scripts, or None if it is no text.

    A recorded page is shown in a sandboxed frame: a link then opens nowhere instead of leaving the
    slide.
    """
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    text = response.body.decode("utf-8", "replace")[:LONGEST_PAGE]
    if kind in ("text/plain", "application/json"):
        return f'<pre style="white-space: pre-wrap">{html.escape(text)}</pre>'
    if kind not in ("text/html", "application/xhtml+xml"):
        return None
    text = re.sub(r"<script\b.*?(?:</script\s*>|\Z)", "", text, flags=re.DOTALL | re.IGNORECASE)
    base = '<base target="_blank">'
    found = re.search(r"<head\b[^>]*>", text, re.IGNORECASE)
    return text[: found.end()] + base + text[found.end() :] if found else base + text


async def show(server: "Server") -> None:
    """Start a server's recording and display it."""
    recording = Recording(server)
    stage().recordings.append(recording)
    await recording.start()


async def finish() -> None:
    """Complete the recordings of this notebook, then stop its servers and panels."""
    here = stage()
    for recording in here.recordings:
        await recording.complete()
    here.recordings.clear()
    rehearsals.clear()
    await here.clear()
