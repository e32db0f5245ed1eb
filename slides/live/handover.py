"""Lets the chapter presented now take a port from a chapter whose kernel still serves on it.

A kernel leaves a note in a folder only its user can read: the port, and the secret URL of its
control server at which it lets go. Another kernel that finds the port taken reads it and asks.
"""

import json
import os
import tempfile
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

PATIENCE = 1.5  # seconds a kernel has to let go; one that is blocked does not


def notes() -> Path | None:
    """Give the folder of the notes, or None where it is not this user's alone."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(runtime) / f"async-talk-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    is_private = found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if is_private and not folder.is_symlink() else None


def offer(port: int, url: str) -> None:
    """Say that a POST to `url` frees `port`."""
    folder = notes()
    if folder is not None:
        (folder / f"port-{port}.json").write_text(json.dumps({"release": url}))


def withdraw(port: int, url: str) -> None:
    """Take the offer back, unless another kernel has put its own in its place."""
    folder = notes()
    if folder is not None and _offered(folder, port) == url:
        (folder / f"port-{port}.json").unlink(missing_ok=True)


async def ask_for(port: int) -> bool:
    """Ask whoever offered `port` to let go; tell whether it did."""
    folder = notes()
    url = _offered(folder, port) if folder is not None else None
    if url is None:
        return False
    client = AsyncHTTPClient(force_instance=True)
    try:
        await client.fetch(url, method="POST", body="", request_timeout=PATIENCE)
    except (HTTPClientError, OSError):
        return False
    finally:
        client.close()
    return True


def _offered(folder: Path, port: int) -> str | None:
    try:
        url = json.loads((folder / f"port-{port}.json").read_text())["release"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return url if isinstance(url, str) and url.startswith("http://127.0.0.1:") else None
