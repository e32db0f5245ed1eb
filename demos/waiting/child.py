"""A server in a process of its own, which ends when its parent does.

    python -m demos.waiting.child COMMAND...

runs the command until its own input ends: when the parent closes it, or
is gone. Then the command, and whatever it started, is ended too.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 30  # seconds for a server to listen
GRACE = 5  # seconds for one to end


class DidNotStart(Exception):
    """A server ended before it listened; the text says what it said."""


@contextmanager
def serving(
    command: list[str], port: int, environment: dict[str, str]
) -> Iterator[int]:
    """Run a server until the block ends; give its wrapper's pid.

    Raises DidNotStart.
    """
    child = begin(
        command,
        environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    said: list[str] = []
    reader = threading.Thread(target=said.extend, args=(child.stderr,))
    reader.start()  # what nobody reads would stop it one day
    try:
        wait_until_it_listens(child, port)
        yield child.pid
    except DidNotStart as error:
        end(child, reader)
        raise DidNotStart("".join(said).strip() or error) from None
    finally:
        end(child, reader)


def begin(
    command: list[str], environment: dict[str, str], **streams: Any
) -> subprocess.Popen[str]:
    """Start a command that ends when this process or its input does."""
    return subprocess.Popen(
        [sys.executable, "-m", __name__, *command],
        stdin=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
        start_new_session=True,  # a Ctrl-C here is not for it
        **streams,
    )


def end(child: subprocess.Popen[str], reader: threading.Thread) -> None:
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()  # type: ignore[union-attr]
    child.wait()
    reader.join()
    child.stderr.close()  # type: ignore[union-attr]


def wait_until_it_listens(
    child: subprocess.Popen[str], port: int
) -> None:
    deadline = time.monotonic() + PATIENCE
    while child.poll() is None and time.monotonic() < deadline:
        if not is_free(port):
            return
        time.sleep(0.02)  # a port that opens tells nobody
    raise DidNotStart(f"nothing listens on port {port}")


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main(command: list[str]) -> int:
    """Run a command until it ends or the input does."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    watch = threading.Thread(target=stop, args=(process,), daemon=True)
    watch.start()
    status = process.wait()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(0, signal.SIGTERM)  # those that it left behind
    return status


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process when the input ends, politely if it listens."""
    sys.stdin.read()
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
