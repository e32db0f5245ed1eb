"""The build's end of the zygote: asks for kernels and hears when they end.

Only the standard library is imported, so that the zygote can begin its imports at once.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys

from slides.notebook import ROOT


class ForkedProcess:
    """A kernel that the zygote forked, with as much of `Popen` as Jupyter asks for."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def poll(self) -> int | None:
        """Give the exit status, or None while it runs."""
        return self.ended.result() if self.ended.done() else None

    def wait(self) -> int:
        """Give the exit status of a kernel that has ended."""
        return self.ended.result()

    def send_signal(self, number: int) -> None:
        """Send a signal, if there is still somebody to get it."""
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Zygote:
    """A running zygote."""

    def __init__(self) -> None:
        self.connection, other = socket.socketpair()
        with other:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "slides.build.zygote", str(other.fileno())],
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
            )
        self._forks: list[asyncio.Future[ForkedProcess]] = []
        self._running: dict[int, ForkedProcess] = {}

    async def open(self) -> None:
        """Begin to talk to the process."""
        reader, self._writer = await asyncio.open_connection(sock=self.connection)
        self._listening = asyncio.create_task(self._listen(reader))

    async def fork(self, argv: list[str], cwd: str, env: dict[str, str]) -> ForkedProcess:
        """Fork a kernel; raises ChildProcessError when the zygote is gone."""
        asked: asyncio.Future[ForkedProcess] = asyncio.get_running_loop().create_future()
        self._forks.append(asked)
        request = json.dumps({"argv": argv, "cwd": cwd, "env": env})
        self._writer.write(request.encode() + b"\n")
        return await asked

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            message = json.loads(line)
            if "pid" in message:
                process = self._running[message["pid"]] = ForkedProcess(message["pid"])
                self._forks.pop(0).set_result(process)
            else:
                self._running.pop(message["ended"]).ended.set_result(message["status"])
        gone = ChildProcessError("the process that forks kernels has ended")
        for asked in self._forks:
            if not asked.done():
                asked.set_exception(gone)
        for process in self._running.values():
            process.ended.set_result(-signal.SIGKILL)

    async def close(self) -> None:
        """End the zygote, and with it every kernel."""
        self._writer.close()
        self._listening.cancel()
        await asyncio.to_thread(self.process.wait)


def zygote() -> Zygote | None:
    """Start a zygote, or give None on a system that cannot fork."""
    return Zygote() if hasattr(os, "fork") else None
