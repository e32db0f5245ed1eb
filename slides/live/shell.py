"""Runs a shell command beside the kernel's servers and shows its transcript as it comes.

`!curl` would wait for a server that waits for the cell; `sh` is awaited, and the loop goes on.
"""

import asyncio
import contextlib
import os
import signal
import sys
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

from slides.live import ports
from slides.live.notebook import display
from slides.live.transcript import Transcript

UPDATE_INTERVAL = 0.08  # seconds between updates of the shown transcript
CHUNK = 8192  # bytes
DISCARDED = 1_000_000  # bytes read past the end of a full transcript before the command is stopped
PULSE = 0.25  # seconds
LAST_WORDS = 1.0  # seconds a command that has ended may still be read

# The command runs in a group of its own. The guard, in the same group, reads from a pipe that only
# this process holds open: when the kernel dies, however it dies, the guard kills the group.
GUARDED = (
    'exec 3<&0; ( read -r _ <&3; kill -9 0 ) >/dev/null 2>&1 & exec /bin/sh -c "$0" 3<&- </dev/null'
)


async def sh(command: str, timeout: float = 20) -> Transcript:  # noqa: ASYNC109
    """Run `command` and show its transcript; after `timeout` seconds kill it and all it started.

    An address such as http://localhost:8888/ reaches the server that was served on that port, even
    where it had to take another one: curl is told so by a private configuration file.
    """
    transcript = Transcript(command)
    screen = Screen(transcript)
    with TemporaryDirectory(prefix="slides-sh-") as folder:
        write_curl_config(Path(folder))
        run = await Run.start(transcript.command, environment(Path(folder)))
        try:
            async with asyncio.timeout(timeout):
                await run.follow(transcript, screen)
        except TimeoutError:
            transcript.end = f"Stopped: it had not ended after {timeout:g} s."
        except asyncio.CancelledError:
            transcript.end = "Interrupted."
            raise
        finally:
            transcript.status = run.process.returncode
            screen.show()
    return transcript


class Run:
    """A command that runs, and the two pipes between it and the kernel."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        output: asyncio.StreamReader,
        pipe: asyncio.ReadTransport,
        lifeline: int,
    ) -> None:
        self.process = process
        self._output = output
        self._pipe = pipe
        self._lifeline = lifeline

    @classmethod
    async def start(cls, command: str, environment: dict[str, str]) -> "Run":
        """Start a command in a process group of its own."""
        # A pipe of our own, not the subprocess's: asyncio would take the command for running as
        # long as something it left in the background holds the pipe.
        output, writing = os.pipe()
        reading, lifeline = os.pipe()
        reader = asyncio.StreamReader()
        pipe: asyncio.ReadTransport | None = None
        try:
            # Read first, then start: an interrupt that came between the two would leave a command
            # that runs, and nobody to end it.
            pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(output, "rb", 0)
            )
            process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", GUARDED, command),
                stdin=reading,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
                env=environment,
            )
        except BaseException:
            os.close(lifeline)
            if pipe is not None:
                pipe.close()
            raise
        finally:
            os.close(reading)
            os.close(writing)
        return cls(process, reader, pipe, lifeline)

    async def follow(self, transcript: Transcript, screen: "Screen") -> None:
        """Read until the command has ended, then kill what it left in the background."""
        ended = asyncio.create_task(self.process.wait())
        reading = asyncio.create_task(self._read(transcript, screen))
        try:
            # Waiting for the task, not awaiting it: being cancelled here must not cancel it. And
            # with a pulse: an interrupt cancels the cell, but wakes no loop that has nothing to do.
            while not ended.done():
                await asyncio.wait([ended], timeout=PULSE)
        finally:
            kill_group(self.process.pid)
            await asyncio.wait([ended, reading], timeout=LAST_WORDS)
            ended.cancel()
            reading.cancel()
            os.close(self._lifeline)
            self._pipe.close()

    async def _read(self, transcript: Transcript, screen: "Screen") -> None:
        discarded = 0
        while chunk := await self._output.read(CHUNK):
            if transcript.is_full:
                discarded += len(chunk)
                if discarded > DISCARDED:
                    kill_group(self.process.pid)
            transcript.add(chunk)
            screen.refresh()


class Screen:
    """The place in the notebook where a transcript is shown and grows."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._id = uuid.uuid4().hex
        self._timer: asyncio.TimerHandle | None = None
        display(transcript.bundle(), self._id)

    def refresh(self) -> None:
        """Show what there is, soon: several changes make one update."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(UPDATE_INTERVAL, self.show)

    def show(self) -> None:
        """Show what there is, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        display(self._transcript.bundle(), self._id, update=True)


def write_curl_config(folder: Path) -> None:
    """Write a configuration that leads curl to the ports the servers really have."""
    # On a terminal curl shows no progress meter beside its output; in a pipe it would.
    lines = ["no-progress-meter"]
    for asked, real in ports.moved.items():
        lines += [
            f'connect-to = "{host}:{asked}:127.0.0.1:{real}"' for host in ("localhost", "127.0.0.1")
        ]
    (folder / ".curlrc").write_text("\n".join(lines) + "\n")


def environment(folder: Path) -> dict[str, str]:
    """Give the command's environment: this Python first in the path, no proxy for this machine."""
    here = "localhost,127.0.0.1"
    inherited = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    without_proxy = f"{inherited},{here}" if inherited else here
    return os.environ | {
        "CURL_HOME": str(folder),
        "NO_COLOR": "1",
        "NO_PROXY": without_proxy,
        "no_proxy": without_proxy,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "PYTHONUNBUFFERED": "1",
        "TERM": "dumb",
    }


def kill_group(group: int) -> None:
    """Kill a command and all it started; one that has ended already is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
