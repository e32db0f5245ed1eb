"""A process that keeps one program: tells where it listens and how it ended, and leaves nothing.

It stands between the server and the program, on one end of a socket pair. Lines that come in on it
are `stop` and `kill`; lines that go out are JSON: `{"started": PID}`, `{"listening": PORT}` and,
when all of it is gone, `{"ended": STATUS}`. When the other end is closed, however that happened,
SIGKILL included, the program is stopped.

Whatever the program started, in a session of its own or not, ends with it. On Linux the keeper
is the subreaper of all of them: who loses their parent becomes its child, so that as long as one
of them is left, `waitpid` has a child to wait for.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import Any, NoReturn

from slides.room.processes import children, family, listening, sockets

PATIENCE = 2.0  # seconds that a program has to end after Ctrl-C
GRACE = 4.0  # seconds that its children have after its end; a database is one of them
FIRST_LOOK, LAST_LOOK, LONGER = 0.002, 0.25, 1.05  # seconds between looks at what listens
SETTLED = 0.0005  # seconds; `python -m demos` tries a port before it serves there
SWEEP = 0.05  # seconds between the rounds in which everybody is killed

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
IS_LINUX = sys.platform == "linux"


class Keeper:
    """Keeps the program that is its child `program`, the leader of a process group."""

    def __init__(self, control: socket.socket, program: int, port: int = 0) -> None:
        self.control = control
        self.program = program
        self.port = port  # where it is expected to listen, for systems that do not tell
        self.status: int | None = None
        self.deadline = float("inf")  # when the program is killed
        self._ports: set[int] = set()
        self._is_open = True
        self._pending = b""
        self._wakeup, written = socket.socketpair()
        self._written = written
        for end in (self._wakeup, written):
            end.setblocking(False)
        signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        """Keep the program until it and all that it started are gone; then say how it ended."""
        self.say(started=self.program)
        pause = FIRST_LOOK
        while self.reap() and self.status is None:
            self.look()
            self.wait(min(pause, max(0, self.deadline - time.monotonic())))
            pause = min(pause * LONGER, LAST_LOOK)
            if time.monotonic() >= self.deadline:
                self.send(signal.SIGKILL)
        self.sweep()
        self.say(ended=self.status)

    def wait(self, seconds: float) -> None:
        """Wait for an order or for the end of a child."""
        heard = [self._wakeup, *([self.control] if self._is_open else [])]
        ready, _, _ = select.select(heard, [], [], seconds)
        if self._wakeup in ready:
            self._wakeup.recv(4096)
        if self.control in ready:
            self.obey()

    def obey(self) -> None:
        """Do what the server orders; when it is gone, stop."""
        try:
            received = self.control.recv(4096)
        except OSError:
            received = b""
        *orders, self._pending = (self._pending + received).split(b"\n")
        if b"kill" in orders:
            self.send(signal.SIGKILL)
        elif (b"stop" in orders or not received) and self.deadline == float("inf"):
            self.deadline = time.monotonic() + PATIENCE
            self.send(signal.SIGINT)
        self._is_open = bool(received)

    def reap(self) -> bool:
        """Collect who ended; tell whether anybody is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == self.program:
                self.status = os.waitstatus_to_exitcode(status)
            elif pid == 0:
                return True

    def send(self, number: int) -> None:
        """To the program's group. While it is not collected, its number is no one else's."""
        if self.status is not None:
            return
        try:
            os.killpg(self.program, number)
        except ProcessLookupError:  # it has no group of its own yet
            os.kill(self.program, number)

    def look(self) -> None:
        """Tell of ports that the program, or one of its children, has begun to listen on."""
        ports = self.listening()
        if ports - self._ports:
            time.sleep(SETTLED)
            ports &= self.listening()
        for port in sorted(ports - self._ports):
            self.say(listening=port)
        self._ports = ports

    def listening(self) -> set[int]:
        """The ports that they listen on now."""
        if IS_LINUX:
            return listening(set().union(*map(sockets, family(self.program))))
        with socket.socket() as probe:
            return {self.port} if probe.connect_ex(("127.0.0.1", self.port)) == 0 else set()

    def sweep(self) -> None:
        """The program is gone: let its children end by themselves, then end them."""
        end = time.monotonic() + GRACE
        while self.reap() and time.monotonic() < end:
            self.wait(SWEEP)
        while IS_LINUX and self.reap():
            for child in children(os.getpid()):
                with contextlib.suppress(OSError):
                    os.kill(child, signal.SIGKILL)
            self.wait(SWEEP)
        with contextlib.suppress(OSError):
            os.killpg(self.program, signal.SIGKILL)

    def say(self, **message: int | None) -> None:
        """Send a line; a server that is gone needs none."""
        with contextlib.suppress(OSError):
            self.control.sendall(json.dumps(message).encode() + b"\n")


def prctl(option: int, value: int) -> None:
    """Ask Linux for what a process can be; other systems have no such thing."""
    if IS_LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def keep(control: int, program: int, request: dict[str, Any]) -> NoReturn:
    """Be the keeper of a program, and end."""
    try:
        Keeper(socket.socket(fileno=control), program, request["port"]).run()
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        with contextlib.suppress(OSError):
            os.killpg(program, signal.SIGKILL)
    finally:
        if request["copy"]:
            shutil.rmtree(request["folder"], ignore_errors=True)
        os._exit(0)


def main() -> None:
    """Start a program as `python -m` does, and keep it."""
    request, control, out, err = json.loads(sys.argv[1]), *map(int, sys.argv[2:])
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    program = subprocess.Popen(
        [sys.executable, "-m", request["module"], *request["argv"]],
        cwd=request["folder"],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        start_new_session=True,
    )
    os.close(out)
    os.close(err)
    keep(control, program.pid, request)
