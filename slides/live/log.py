"""A server's log: its requests and the errors of its handlers, short enough for a slide."""

import linecache
import logging
import re
import sysconfig
import time
import traceback
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tornado.web import RequestHandler

KEPT = 200  # lines a server remembers, for a panel that opens later
LONGEST = 300  # characters of one line
LIBRARIES = tuple(sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib"))

# What Tornado puts before the reason of a refusal; the request's own line follows anyway.
REQUEST = re.compile(r"^\d{3} [A-Z]+ \S+ \([^)]*\): ")

# The log of the server whose connection is being handled; set where a connection is accepted.
current: ContextVar["Log | None"] = ContextVar("slides_live_log", default=None)


@dataclass(frozen=True)
class Line:
    """One line: the time of day it was written, what kind of line it is, and its text."""

    time: str
    kind: str  # "request", "problem" (a request that ended in 4xx or 5xx), "error" or "note"
    text: str


class Log:
    """The newest lines of one server; listeners hear of each as it is written."""

    def __init__(self) -> None:
        self.lines: deque[Line] = deque(maxlen=KEPT)
        self.listeners: list[Callable[[Line], None]] = []

    def write(self, kind: str, text: str) -> None:
        """Add lines of text, each cut to a bounded length, under the present time of day."""
        for part in text.splitlines() or [""]:
            cut = part if len(part) <= LONGEST else part[: LONGEST - 1] + "…"
            line = Line(time.strftime("%H:%M:%S"), kind, cut)
            self.lines.append(line)
            for listener in tuple(self.listeners):
                listener(line)

    def request(self, handler: RequestHandler) -> None:
        """Write one finished request; an application's `log_function`."""
        status = handler.get_status()
        request = handler.request
        took = duration(request.request_time())
        kind = "request" if status < 400 else "problem"
        self.write(kind, f"{status} {request.method} {request.uri} {took}")


class RecordHandler(logging.Handler):
    """Leads warnings and errors to the log of the server in whose connection they came up."""

    def __init__(self, latest: Callable[[], Log | None]) -> None:
        """`latest` gives the log for Tornado's records from outside any connection: a timer's."""
        super().__init__(logging.WARNING)
        self._latest = latest

    def emit(self, record: logging.LogRecord) -> None:
        log = current.get()
        if log is None and record.name in ("tornado.application", "tornado.general"):
            log = self._latest()
        if log is None:
            self._pass_on(record)
        elif record.exc_info and record.exc_info[1] is not None:
            log.write("error", shorten(record.exc_info[1]))
        else:
            said = record.getMessage().split("\n", 1)[0]
            log.write("error", REQUEST.sub("", said))

    def _pass_on(self, record: logging.LogRecord) -> None:
        # As if this handler were not there: Python prints what no handler takes.
        if logging.root.handlers == [self] and logging.lastResort is not None:
            logging.lastResort.handle(record)


def shorten(error: BaseException) -> str:
    """Say an exception in two lines: what it was, and the last place in no library's code."""
    said = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    place = _own_frame(error.__traceback__)
    return f"{said}\n{place}" if place else said


def _own_frame(trace: TracebackType | None) -> str:
    frames = [
        frame for frame in traceback.extract_tb(trace) if not frame.filename.startswith(LIBRARIES)
    ]
    if not frames:
        return ""
    frame = frames[-1]
    linecache.checkcache(frame.filename)
    in_cell = "ipykernel_" in frame.filename or not Path(frame.filename).exists()
    where = "cell" if in_cell else Path(frame.filename).name
    return f"  {where}, line {frame.lineno}, in {frame.name}" + (
        f": {frame.line}" if frame.line else ""
    )


def duration(seconds: float) -> str:
    """Write a duration as a person would: 0.42 ms, 12 ms, 2.00 s."""
    milliseconds = seconds * 1000
    if milliseconds >= 1000:
        return f"{seconds:.2f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"
