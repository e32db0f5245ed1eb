"""Runs of the production pair, as tests drive them."""

import contextlib
import http.client
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from slides.serve import ROOT

from ..conftest import find_free_ports

SECONDS = 60
CONTROL = [sys.executable, "-m", "supervisor.supervisorctl", "-c"]


class Lines:
    """What a process writes, line by line, as it writes it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def until(self, pattern: str) -> re.Match[str]:
        """Read on to the line that matches; AssertionError when it does not come."""
        seen = []
        with contextlib.suppress(queue.Empty):
            while (line := self._lines.get(timeout=SECONDS)) is not None:
                seen.append(line)
                if match := re.search(pattern, line):
                    return match
        raise AssertionError(f"no {pattern!r} in:\n{''.join(seen)}")

    def close(self) -> None:
        """Forget the rest, once the process is over."""
        self._reader.join(SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)


class Running:
    """`python -m slides production` in a process, with its lines and everything it started."""

    def __init__(self, deck: Path, *options: str, **popen: object) -> None:
        self.port = find_free_ports(1)
        self.workers = 3
        self.decks = 2 if shutil.which("redis-server") else 1
        self.behind = find_free_ports(2 * self.decks + self.workers + 2)
        self.temporary = Path(tempfile.mkdtemp(prefix="t-"))  # a socket's path must be short
        environment = {**os.environ, "TMPDIR": str(self.temporary), "PYTHONUNBUFFERED": "1"}
        environment |= popen.pop("env", {})  # type: ignore[operator]
        given = [popen.pop("python", sys.executable), "-m", "slides", "production"]
        given += ["--deck", str(deck), "--port", str(self.port), "--behind", str(self.behind)]
        self.process = subprocess.Popen(
            [*given, "--workers", str(self.workers), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=environment,
            **popen,
        )
        self.output = Lines(self.process)
        self.speaker = ""  # the address of the speaker's view, once it is known
        self.started: set[psutil.Process] = set()

    @property
    def url(self) -> str:
        """The address of the deck, through nginx."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def folder(self) -> Path:
        """The temporary folder of the run."""
        [folder] = self.temporary.iterdir()
        return folder

    @property
    def deck_ports(self) -> range:
        """The ports of the deck's processes for the audience."""
        return range(self.behind, self.behind + self.decks)

    @property
    def speaker_ports(self) -> range:
        """Their ports for the speaker."""
        return range(self.deck_ports.stop, self.deck_ports.stop + self.decks)

    @property
    def search_port(self) -> int:
        """The port of the service that the broadcasters ask."""
        return self.worker_ports.stop

    @property
    def speaker_port(self) -> int:
        """Where nginx listens for the speaker."""
        return self.search_port + 1

    @property
    def worker_ports(self) -> range:
        """The ports of the broadcasters."""
        return range(self.speaker_ports.stop, self.speaker_ports.stop + self.workers)

    def until(self, pattern: str) -> re.Match[str]:
        """Read what the run says, on to the line that matches."""
        return self.output.until(pattern)

    @contextlib.contextmanager
    def access_log(self) -> Iterator[Lines]:
        """nginx's log from its beginning; each line ends with who answered, or all who were asked.

        nginx writes a line when the answer is on its way already, so a test has to wait for it.
        """
        log = self.folder / "logs" / "nginx-access.log"
        command = ["tail", "-n", "+1", "-f", str(log)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:
            lines = Lines(tail)
            try:
                yield lines
            finally:
                tail.kill()
                lines.close()

    def who_answered(self, words: str) -> int:
        """The port of the deck's process whose own log has these words, once one of them has."""
        logs = [(port, self.folder / "logs" / f"deck_{port}.log") for port in self.deck_ports]
        end = time.monotonic() + SECONDS
        while not (found := [port for port, log in logs if words in log.read_text()]):
            assert time.monotonic() < end, f"no {words!r} in the logs of the deck"
            time.sleep(0.02)
        [port] = found
        return port

    def ready(self) -> "Running":
        """Wait for the invitation."""
        self.until("Ctrl-C stops everything")
        self.remember()
        return self

    def remember(self) -> None:
        """Note every process that belongs to the run just now."""
        self.started |= set(psutil.Process(self.process.pid).children(recursive=True))

    def child(self, words: str) -> psutil.Process:
        """The process whose command line has these words."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        [found] = [each for each in children if words in " ".join(each.cmdline())]
        return found

    def worker(self, port: int) -> psutil.Process:
        """The broadcaster on a port."""
        return self.child(f"broadcaster --port {port}")

    def deck(self, port: int) -> psutil.Process:
        """The deck's process on a port."""
        return self.child(f"serve --xheaders --deck {self.folder}/deck --port {port} ")

    def get(self, path: str, source: str = "127.0.0.1", **headers: str) -> tuple[int, bytes]:
        """Ask through nginx, from one of this machine's own addresses."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=SECONDS, source_address=(source, 0)
        )
        with contextlib.closing(connection):
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", path, headers=names)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def control(self, *words: str) -> str:
        """What supervisorctl answers."""
        done = subprocess.run(
            [*CONTROL, str(self.folder / "supervisord.conf"), *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        return done.stdout

    def stop(self, number: int) -> int:
        """Send a signal, wait for the end, and return the exit status."""
        self.remember()
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def left(self) -> list[str]:
        """What the run did not clean up: processes, listening ports, files."""
        # The fork server of a deck that was killed finds that out by itself.
        psutil.wait_procs(self.started, timeout=SECONDS)
        alive = [f"process {each}" for each in self.started if is_alive(each)]
        ports = [self.port, *range(self.behind, self.speaker_port + 1)]
        listening = [f"port {port}" for port in ports if listens(port)]
        return alive + listening + [f"file {path}" for path in self.temporary.iterdir()]

    def close(self) -> None:
        """End the run whatever happened, by the ids of its own processes."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(SECONDS)
        for each in self.started:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()
        shutil.rmtree(self.temporary)


@contextlib.contextmanager
def running(deck: Path, *options: str, **popen: object) -> Iterator[Running]:
    """A run that is over when the block ends."""
    run = Running(deck, *options, **popen)
    try:
        yield run
    finally:
        run.close()


@pytest.fixture(scope="session")
def production(
    needs: Callable[[str], None],
) -> Callable[..., contextlib.AbstractContextManager[Running]]:
    """Begins a run of its own for the length of a block: `with production(deck) as run`."""
    needs("nginx-light")
    return running


@pytest.fixture(scope="session")
def deck() -> Iterator[Path]:
    """A small built deck that every account may read, as pytest's own folders are not."""
    with tempfile.TemporaryDirectory(prefix="t-") as parent:
        folder = Path(parent) / "deck"
        (folder / "assets").mkdir(parents=True)
        (folder / "index.html").write_text("<h1>The talk</h1>")
        (folder / "assets" / "deck.css").write_text("h1 { color: teal }")
        Path(parent).chmod(0o755)
        yield folder


@pytest.fixture(scope="module")
def pair(
    production: Callable[..., contextlib.AbstractContextManager[Running]], deck: Path
) -> Iterator[Running]:
    """A run that is up, shared by the tests that leave it so."""
    with production(deck) as run:
        yield run.ready()


@pytest.fixture(scope="module")
def run(
    production: Callable[..., contextlib.AbstractContextManager[Running]],
    deck: Path,
    needs: Callable[[str], None],
) -> Iterator[Running]:
    """A run with two processes of the deck, and Redis between them."""
    needs("redis-server")
    with production(deck) as run:
        run.speaker = run.until(r"The speaker's: +(\S+)")[1]
        yield run.ready()


@pytest.fixture(scope="session")
def free_ports() -> Callable[[int], int]:
    """Finds neighbouring ports: `free_ports(4)` is the first of four."""
    return find_free_ports


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process does anything; one whose parent has yet to note its end does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def listens(port: int) -> bool:
    """Tell whether somebody accepts connections on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
