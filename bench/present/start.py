"""How long `make present` takes, warm, beside Jupyter's own start: `python bench/present/start.py`

Prints, as medians of interleaved runs: the time until Jupyter's process is there, which is what
`make present` adds; the time until its port answers; and the same for plain `jupyter lab`.
"""

import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5
MOST_S = 60


def main() -> None:
    """Measure, and print a table."""
    ours: list[tuple[float, float]] = []
    plain: list[float] = []
    for _ in range(RUNS):
        ours.append(present())
        plain.append(lab())
    rows = [
        ("make present, until Jupyter's process is there", [added for added, _ in ours]),
        ("make present, until its port answers", [answers for _, answers in ours]),
        ("jupyter lab, until its port answers", plain),
    ]
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {RUNS} runs each, seconds")
    for name, seconds in rows:
        print(
            f"{name:<48} {statistics.median(seconds):6.2f}   {min(seconds):.2f}-{max(seconds):.2f}"
        )


def present() -> tuple[float, float]:
    """Start `make present` once: until Jupyter's process, until its port."""
    port = free_port()
    command = ["make", "present", f"PORT={port}", "ARGS=--no-browser"]
    with running(command) as (process, start):
        while not any("jupyter_server" in " ".join(line) for line in commands(process)):
            check(start)
        added = time.perf_counter() - start
        return added, until_it_answers(port, start)


def lab() -> float:
    """Start JupyterLab once, in an empty folder: until its port answers."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = [
            "--no-browser",
            "--allow-root",
            f"--port={port}",
            f"--ServerApp.root_dir={folder}",
        ]
        with running([sys.executable, "-m", "jupyterlab", *options]) as (_, start):
            return until_it_answers(port, start)


@contextlib.contextmanager
def running(command: list[str]):  # type: ignore[no-untyped-def]
    """A command in a session of its own, and when it was started; interrupted at the end."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield psutil.Process(process.pid), start
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(MOST_S)


def commands(process: psutil.Process) -> list[list[str]]:
    """The command lines of a process's descendants."""
    try:
        return [child.cmdline() for child in process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def until_it_answers(port: int, start: float) -> float:
    """Wait until a port accepts a connection; seconds since the start."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return time.perf_counter() - start
        check(start)


def check(start: float) -> None:
    """Give up in the end; look again in a moment."""
    if time.perf_counter() - start > MOST_S:
        raise SystemExit("it did not start")
    time.sleep(0.005)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
