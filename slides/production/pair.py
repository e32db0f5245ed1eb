"""Starts nginx and supervisord with their private files, watches them, and stops them whole."""

import asyncio
import contextlib
import http.client
import os
import signal
import xmlrpc.client
from asyncio.subprocess import DEVNULL, STDOUT, Process
from pathlib import Path

from supervisor.xmlrpc import SupervisorTransport
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from slides.production.account import rights_of
from slides.production.private import Layout

READY_SECONDS = 30.0
NUDGE_SECONDS = 2.0
STOP_SECONDS = 20.0  # more than the longest stopwaitsecs
POLL_SECONDS = 0.1
TAIL_LINES = 15

FAILED = {"BACKOFF", "EXITED", "FATAL", "UNKNOWN"}


class StartError(Exception):
    """One of the processes did not come up; the text says which, and ends with its log."""


class Pair:
    """nginx and supervisord, each with everything it starts in a session of its own."""

    def __init__(self, layout: Layout, nginx: str) -> None:
        self.layout = layout
        self.url = f"http://{reachable(layout.address)}:{layout.port}/"
        self._nginx_program = nginx
        self._processes: dict[str, Process] = {}

    async def start(self) -> None:
        """Start both, without waiting for their first answer."""
        folder, rights = self.layout.folder, rights_of(self.layout.user)
        # supervisord reports to the terminal what it starts and what has died: that is the show.
        self._processes["supervisord"] = await asyncio.create_subprocess_exec(
            *(self.layout.python, "-m", "supervisor.supervisord"),
            *("-n", "-c", str(folder / "supervisord.conf")),
            cwd=folder,
            stdin=DEVNULL,
            start_new_session=True,
            **rights,
        )
        await self._start_nginx()

    async def _start_nginx(self) -> None:
        folder, rights = self.layout.folder, rights_of(self.layout.user)
        directives = "daemon off; pid nginx.pid; error_log stderr;"
        if os.geteuid() == 0 and not rights:
            directives += " user root root;"
        with (self.layout.logs / "nginx.log").open("ab") as log:
            self._processes["nginx"] = await asyncio.create_subprocess_exec(
                *(self._nginx_program, "-p", str(folder), "-c", str(folder / "nginx.conf")),
                *("-g", directives),
                cwd=folder,
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                start_new_session=True,
                **rights,
            )

    async def all_answer(self) -> None:
        """Wait until every page answers; StartError when a process died or stays silent."""
        waiting = {f"http://127.0.0.1:{port}/": 500 for port in self.layout.ports_behind}
        waiting |= {self.url: 300, f"{self.url}broadcaster/": 300}
        client = AsyncHTTPClient(force_instance=True)
        try:
            async with asyncio.timeout(READY_SECONDS):
                while waiting:
                    await self._check()
                    for url in list(waiting):
                        if await status(client, url) < waiting[url]:
                            del waiting[url]
                    await asyncio.sleep(POLL_SECONDS if waiting else 0)
        except TimeoutError:
            late = ", ".join(waiting)
            raise StartError(f"No answer in {READY_SECONDS:g} s from {late}") from None
        finally:
            client.close()

    async def ended(self) -> str:
        """Wait until one of the two has ended, and say which; a killed nginx is started again."""
        while (name := await self._first_ended()) == "nginx":
            if self._processes[name].returncode != -signal.SIGKILL:
                break
            # Its workers would go on, and keep the port.
            signal_session(self._processes[name].pid, signal.SIGKILL)
            print("nginx was killed; it is started again.", flush=True)
            await self._start_nginx()
        return name

    async def _first_ended(self) -> str:
        waits = {name: asyncio.create_task(each.wait()) for name, each in self._processes.items()}
        try:
            await asyncio.wait(waits.values(), return_when=asyncio.FIRST_COMPLETED)
            return next(name for name, task in waits.items() if task.done())
        finally:
            for task in waits.values():
                task.cancel()

    async def stop(self) -> None:
        """Stop both, and whatever they started; returns when nothing of it runs any more."""
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        await asyncio.gather(*(end(process) for process in self._processes.values()))

    def programs(self) -> list[dict]:
        """What supervisord says of each of its programs; empty until it can be asked."""
        transport = SupervisorTransport(
            None, None, f"unix://{self.layout.folder / 'supervisor.sock'}"
        )
        proxy = xmlrpc.client.ServerProxy("http://localhost", transport=transport)
        try:
            return list(proxy.supervisor.getAllProcessInfo())  # type: ignore[arg-type]
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return []
        finally:
            transport.close()

    async def _check(self) -> None:
        logs = {"nginx": "nginx.log", "supervisord": "supervisord.log"}
        for name, process in self._processes.items():
            if process.returncode is not None:
                raise StartError(failure(name, self.layout.logs / logs[name]))
        for program in await asyncio.to_thread(self.programs):
            if program["statename"] in FAILED:
                raise StartError(failure(program["name"], Path(program["stdout_logfile"])))


async def status(client: AsyncHTTPClient, url: str) -> int:
    """The status code of an answer; 599 for none, as Tornado counts."""
    try:
        return (await client.fetch(url, raise_error=False, request_timeout=2)).code
    except (OSError, HTTPClientError):
        return 599


def failure(name: str, log: Path) -> str:
    """A sentence and the last lines of a log."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    except OSError:
        lines = []
    return "\n".join([f"{name} did not start{', its log ends:' if lines else '.'}", *lines])


async def end(process: Process) -> None:
    """Wait for a process that was asked to stop, then make sure that its session is empty."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), NUDGE_SECONDS)
    # supervisord's signal is lost on a child that it has forked but that is not Python yet.
    signal_session(process.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    # Whoever was killed could not take its children along.
    signal_session(process.pid, signal.SIGKILL)
    await process.wait()


def signal_session(leader: int, number: signal.Signals) -> None:
    """Send a signal to every process in the session of a process that we started."""
    for pid in in_session(leader):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def in_session(leader: int) -> list[int]:
    """The processes in the session of a process that we started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(int(entry.name)) == leader:
                found.append(int(entry.name))
    return found


def reachable(address: str) -> str:
    """How this machine reaches a server at an address, in the form a URL wants."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
    return f"[{address}]" if ":" in address else address
