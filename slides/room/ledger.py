"""The SQLite file in which a talk is kept, written and read by one thread of each process.

Each transaction first reads what other processes wrote, then judges what is new (`Talk.admit`), so
that nothing is kept twice and versions have no gaps, however many write.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from slides.room import export
from slides.room.fields import Refused
from slides.room.messages import Mark, Message, Poll, Question, Upvote, Vote
from slides.room.protocol import read, write
from slides.room.talk import Event, Moment, Talk, subject

FORMAT = 1
QUIET_SECONDS = 60.0  # between two warnings of the same file

# What is on the disk when it is acknowledged. The rest survives the process, not the machine: a
# slide changes without waiting for the disk.
LASTING = (Question, Upvote, Vote, Mark, Poll)

EVENTS = """
CREATE TABLE IF NOT EXISTS events (
    version INTEGER PRIMARY KEY,
    subject TEXT NOT NULL UNIQUE,
    at REAL NOT NULL,
    tick REAL NOT NULL,
    follower TEXT NOT NULL,
    body TEXT NOT NULL
)"""
SINCE = "SELECT version, at, tick, follower, body FROM events WHERE version > ? ORDER BY version"

log = logging.getLogger(__name__)


class StoreFull(Refused):
    """The file cannot be written or read just now: a full disk, or another process has it."""


class Acknowledged(NamedTuple):
    """A message is kept: as this event, or as one before it, when it was said before."""

    key: str | None
    event: Event | None


class Said(NamedTuple):
    """What somebody says."""

    follower: str
    message: Message
    when: Moment


Outcome = Acknowledged | Refused


class Ledger:
    """The file, and the talk that is in it. All of it blocks, or raises `StoreFull`."""

    def __init__(self, path: Path, patience: float) -> None:
        self.path = path
        self._talk = Talk()
        self._quiet_until = 0.0
        with self._telling():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=patience, isolation_level=None)
            try:
                self._prepare(time.monotonic() + patience)
                self._inode = path.stat().st_ino
            except BaseException:
                self._db.close()
                raise

    def _prepare(self, deadline: float) -> None:
        while True:  # of two processes that start at once, one is told at once that it is late
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                break
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self._db.execute("BEGIN IMMEDIATE")
        (form,) = self._db.execute("PRAGMA user_version").fetchone()
        if form not in (0, FORMAT):
            raise StoreFull(f"{self.path} was written by another version of this program.")
        self._db.execute(EVENTS)
        self._db.execute(f"PRAGMA user_version={FORMAT}")
        self._db.execute("COMMIT")

    def since(self, version: int) -> list[Event]:
        """What a talk of this version lacks, by any process."""
        with self._telling():
            rows = self._db.execute(SINCE, (version,)).fetchall()
        return [
            Event(version, Moment(at, tick), follower, read(body))
            for version, at, tick, follower, body in rows
        ]

    def version(self) -> int:
        """The version of the newest event."""
        with self._telling():
            return self._db.execute("SELECT max(version) FROM events").fetchone()[0] or 0

    def export(self, form: str) -> str:
        """The talk in one of the forms of `export`."""
        self._catch_up()
        return export.FORMS[form](self._talk)

    def _catch_up(self) -> None:
        for event in self.since(self._talk.version):
            self._talk.apply(event)

    def keep(self, batch: Sequence[Said]) -> list[Outcome]:
        """Keep the first few of a batch in one transaction; what became of each."""
        outcomes: list[Outcome] = []
        written: set[str] = set()
        with self._telling(), self._transaction(any(isinstance(s.message, LASTING) for s in batch)):
            self._look_at_the_path()
            self._catch_up()
            version = self._talk.version
            for said in batch:
                # The talk has only what is in the file: this one waits for those before it.
                if written & needs(said.message, said.follower):
                    break
                try:
                    message = self._talk.admit(said.message, said.follower)
                except Refused as refused:
                    outcomes.append(refused)
                    continue
                event = None
                if message is not None:
                    version += 1
                    event = Event(version, said.when, said.follower, message)
                    self._insert(event)
                    written |= affects(message, said.follower)
                outcomes.append(Acknowledged(said.message.key, event))
        return outcomes

    def probe(self) -> None:
        """Write what is in the file already: `StoreFull` while nothing can be written."""
        with self._telling(), self._transaction(lasting=True):
            self._look_at_the_path()
            self._db.execute(f"PRAGMA user_version={FORMAT}")

    def _look_at_the_path(self) -> None:
        # SQLite would go on writing to a file that nobody can open any more.
        if self.path.stat().st_ino != self._inode:
            raise FileNotFoundError(f"{self.path} is another file now")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _insert(self, event: Event) -> None:
        about = subject(event.message, event.follower)
        row = (event.version, about, *event.when, event.follower, write(event.message))
        self._db.execute("INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?)", row)

    @contextmanager
    def _transaction(self, lasting: bool) -> Iterator[None]:
        waits = "FULL" if lasting else "NORMAL"  # for the disk, or not
        self._db.execute(f"PRAGMA synchronous={waits}")
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk may have done so
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what goes wrong with the file into a sentence; the log hears of it now and then."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if time.monotonic() >= self._quiet_until:
                log.warning("%s cannot be written or read: %s", self.path, error)
                self._quiet_until = time.monotonic() + QUIET_SECONDS
            raise StoreFull(sentence(error)) from error


def affects(message: Message, follower: str) -> set[str]:
    """What those who need it have to wait for."""
    about = subject(message, follower)
    return {about, "asks"} if isinstance(message, Question) else {about}


def needs(message: Message, follower: str) -> set[str]:
    """What must be known before a message can be judged."""
    match message:
        case Question():
            return {subject(message, follower), "asks"}
        case Upvote(question) | Mark(question):
            return {subject(message, follower), f"question:{question}", f"mark:{question}"}
        case Vote(poll):
            return {subject(message, follower), f"poll:{poll}"}
    return {subject(message, follower)}


def sentence(error: Exception) -> str:
    """What to tell who said what could not be kept."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            why = "The store is busy"
        case sqlite3.SQLITE_FULL:
            why = "The server's disk is full"
        case _:
            why = "The server's disk cannot be used"
    return f"{why}: this was not kept. Say it again in a moment."


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process has the file just now."""
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
