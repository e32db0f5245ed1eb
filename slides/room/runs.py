"""Runs programs for the speaker: real processes, whose output a page shows as it is written.

One socket is one place where a program runs: another one stops it, and so does closing the socket.
Whoever may open that socket can run any code as this user. So it has the guards of the speaker's
own, and is offered only where the speaker's address is this machine's alone, or `--run` says so.
"""

import asyncio
import codecs
import contextlib
import json
import os
import shutil
import socket
from collections.abc import Callable
from typing import Any

from tornado.iostream import IOStream, PipeIOStream, StreamClosedError
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from slides.ports import is_loopback
from slides.room.access import Access
from slides.room.fields import Refused
from slides.room.forks import CannotStart, Forks
from slides.room.handlers import SpeakerHandler, admit
from slides.room.limits import Limit
from slides.room.orders import Kill, Run, Stop, parse_order
from slides.room.programs import Started, check, offered, started
from slides.room.protocol import encode

CHUNK = 32 * 1024  # bytes of output in a message
PAUSE = 0.01  # seconds between messages of one stream; what is written meanwhile goes together
ANSWER = 5.0  # seconds for a program to be there, once it was asked for
LAST_WORDS = 0.5  # seconds in which a page can read the output of a program that is replaced
MOST = 8  # programs at once
PORTS = 100  # that a page is told of; a program may open them without end
KILLED = -9  # the status of a program whose keeper was killed, and it with it

Tell = Callable[[dict[str, Any]], "asyncio.Future[None]"]


def why_not_offered(address: str, anyway: bool = False) -> str:
    """Why programs cannot be run from a speaker's page at this address; empty: they can."""
    if os.name != "posix":
        return "Programs can be run from the slides on Linux and macOS only."
    if not is_loopback(address) and not anyway:
        return (
            "Programs are run from the slides only while the speaker's view is this machine's"
            f" alone, and it is at {address}; --run lets them run all the same."
        )
    return ""


class Runs:
    """All places of this server; `why` says why there are none."""

    def __init__(self, why: str = "", forks: Forks | None = None) -> None:
        self.why = why
        self.forks = forks or Forks()
        self.places: set[Place] = set()

    def start(self) -> None:
        """Have the fork server ready before it is needed."""
        if not self.why:
            self.forks.start()

    def is_taken(self, port: int) -> bool:
        """Whether a program that runs here was given this port."""
        return any(port in place.ports for place in self.places)

    async def close(self) -> None:
        """End every program, then the fork server."""
        await asyncio.gather(*(place.close() for place in list(self.places)))
        self.forks.close()


class Place:
    """Where one program runs at a time; `tell` sends a page what happens."""

    def __init__(self, runs: Runs, tell: Tell) -> None:
        self.runs = runs
        self.tell = tell
        self.running: Running | None = None
        self._turn = asyncio.Lock()
        self._is_open = True
        runs.places.add(self)

    @property
    def ports(self) -> set[int]:
        """The ports that were given to what runs here."""
        return self.running.ports if self.running else set()

    async def run(self, order: Run) -> None:
        """Start a program, after the one before is over. Raises Refused."""
        demo = check(order)
        async with self._turn:
            await self._end()
            if sum(place.running is not None for place in self.runs.places) >= MOST:
                raise Refused(f"{MOST} programs run already; stop one of them.")
            if not self._is_open:
                return
            self.tell({"type": "starting", "program": demo.name})
            make = asyncio.to_thread if order.files else at_once  # a copy takes its time
            running = Running(await make(started, demo, order, self.runs.is_taken), self.tell)
            self.running = running
            try:
                await running.start(self.runs.forks)
            except (CannotStart, OSError) as error:
                self.running = None
                running.clean()
                raise Refused(str(error)) from error
            running.over.add_done_callback(lambda _: self._forget(running))

    def _forget(self, running: "Running") -> None:
        if self.running is running:
            self.running = None

    def order(self, what: str) -> None:
        """`stop` or `kill` what runs, if anything does."""
        if self.running is not None:
            self.running.order(what)

    async def close(self) -> None:
        """End what runs, for good."""
        self._is_open = False
        async with self._turn:
            await self._end()
        self.runs.places.discard(self)

    async def _end(self) -> None:
        if self.running is not None:
            self.running.order("stop")
            await self.running.end()
            self.running = None


async def at_once(function: Callable[..., Started], *arguments: Any) -> Started:
    """As `asyncio.to_thread`, without a thread."""
    return function(*arguments)


class Running:
    """A program that runs: a line to its keeper, and its output on the way to a page."""

    def __init__(self, program: Started, tell: Tell) -> None:
        self.program = program
        self.ports = {program.port, *program.beside}
        self.tell = tell
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()  # the program and all that it started
        self._told: set[int] = set()
        self._status: int | None = None

    async def start(self, forks: Forks) -> None:
        """Have the program started. Raises CannotStart."""
        try:
            await self._ask(forks)
        except StreamClosedError:  # the fork server crashed with the request
            await self._ask(forks)
        self._task = asyncio.create_task(self._follow(forks))

    async def _ask(self, forks: Forks) -> None:
        ours, its = socket.socketpair()
        out, err = os.pipe(), os.pipe()
        self.control = IOStream(ours)
        self.pipes = {"stdout": PipeIOStream(out[0]), "stderr": PipeIOStream(err[0])}
        try:
            forks.begin(self.program.request, its.fileno(), out[1], err[1])
            its.close()  # so that the end of the keeper is seen here
            await asyncio.wait_for(self.control.read_until(b"\n", 1024), ANSWER)
        except TimeoutError:
            self._close()
            forks.close()
            raise CannotStart("It could not be started: nothing answered.") from None
        except BaseException:
            self._close()
            raise
        finally:
            its.close()
            os.close(out[1])
            os.close(err[1])

    async def _follow(self, forks: Forks) -> None:
        """Tell all that happens until the program is gone and its output was sent."""
        sending = [asyncio.create_task(self._send(each)) for each in self.pipes]
        try:
            await self._hear()
            if self._status is None:
                self._status = KILLED
                forks.sweep()
            self._gone.set()
            await asyncio.gather(*sending)
            self.tell({"type": "ended", "status": self._status})
        finally:
            for each in sending:
                each.cancel()
            self._close()
            self.clean()
            self.over.set_result(None)

    async def _hear(self) -> None:
        """Tell what the keeper says, until it says how the program ended, or is gone itself."""
        with contextlib.suppress(StreamClosedError):
            while True:
                said = json.loads(await self.control.read_until(b"\n", 1024))
                if "ended" in said:
                    self._status = said["ended"]
                    return
                port = said["listening"]
                if port not in self.program.beside and len(self._told) < PORTS:
                    self._told.add(port)
                    self.tell({"type": "listening", "port": port})

    async def _send(self, stream: str) -> None:
        """Send what is written to a stream; what the page does not take yet is not read either."""
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        with contextlib.suppress(StreamClosedError, WebSocketClosedError):
            while True:
                try:
                    data = await self.pipes[stream].read_bytes(CHUNK, partial=True)
                except StreamClosedError:
                    data = b""
                if text := decode(data, not data):
                    await self.tell({"type": "output", "stream": stream, "text": text})
                if not data:
                    return
                await asyncio.sleep(PAUSE)

    def order(self, what: str) -> None:
        """Tell the keeper to `stop` or to `kill`."""
        with contextlib.suppress(StreamClosedError):
            self.control.write(f"{what}\n".encode()).add_done_callback(forget)

    async def end(self) -> None:
        """Wait until it is gone; a page that reads slowly loses the last of its output."""
        await self._gone.wait()
        await asyncio.wait([self.over], timeout=LAST_WORDS)
        self._task.cancel()
        await asyncio.wait([self.over])

    def clean(self) -> None:
        """Remove what its keeper could not."""
        if self.program.request["copy"]:
            shutil.rmtree(self.program.request["folder"], ignore_errors=True)

    def _close(self) -> None:
        for stream in (self.control, *self.pipes.values()):
            stream.close()


def forget(sending: "asyncio.Future[None]") -> None:
    """Whoever went away need not be told."""
    if not sending.cancelled():
        sending.exception()


class RunSocket(WebSocketHandler):
    """`/speaker/run`: one place."""

    def initialize(self, runs: Runs, access: Access, guesses: Limit) -> None:
        self.runs = runs
        self.access = access
        self.guesses = guesses
        self.place: Place | None = None
        self._orders: set[asyncio.Task[None]] = set()

    def prepare(self) -> None:
        admit(self, self.access, self.guesses)

    def open(self, *args: str, **kwargs: str) -> None:
        self.set_nodelay(True)
        self.place = Place(self.runs, self.tell)

    def on_message(self, text: str | bytes) -> None:
        # Not awaited: while a program is stopped to make place for another, it can be killed.
        self._soon(self._answer(text))

    def on_close(self) -> None:
        if self.place is not None:
            self._soon(self.place.close())

    def _soon(self, doing: Any) -> None:
        task = asyncio.create_task(doing)
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    async def _answer(self, text: str | bytes) -> None:
        assert self.place is not None
        try:
            match parse_order(text):
                case Run() as run:
                    if self.runs.why:
                        raise Refused(self.runs.why)
                    await self.place.run(run)
                case Stop() | Kill() as order:
                    self.place.order(order.type)
        except Refused as refused:
            self.tell(refused.body())

    def tell(self, body: dict[str, Any]) -> "asyncio.Future[None]":
        """Send a message; done when it is on its way."""
        try:
            sending = asyncio.ensure_future(self.write_message(encode(body)))
        except WebSocketClosedError as error:
            sending = asyncio.get_running_loop().create_future()
            sending.set_exception(error)
        sending.add_done_callback(forget)
        return sending


class RunsHandler(SpeakerHandler):
    """`/speaker/run.json`: the programs that can be run here, or why none can."""

    def initialize(self, runs: Runs, access: Access, guesses: Limit) -> None:  # type: ignore[override]
        self.runs = runs
        self.access = access
        self.guesses = guesses

    async def get(self) -> None:
        try:
            programs = {} if self.runs.why else await asyncio.to_thread(offered)
        except ValueError as error:  # a docstring lacks what the others have
            raise HTTPError(500, reason=str(error)) from error
        self.write({"programs": programs, "why": self.runs.why})
