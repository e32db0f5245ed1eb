"""Keeps what is made with Node.js, so that it is made again only for a reason."""

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slides.notebook import ROOT

FOLDER = ROOT / "build" / ".made"
VERSIONS = 3  # of each: going back and forth between two costs nothing


def made(name: str, key: Iterable[str | bytes], make: Callable[[Path], None]) -> Path:
    """A folder that `make` has filled, in this build or in an earlier one with the same key."""
    folder = FOLDER / f"{name}-{_digest(key)}"
    with one_at_a_time(FOLDER / f".{name}.lock"):
        if not folder.exists():
            with replacing(folder) as new:
                make(new)
            versions = sorted(FOLDER.glob(f"{name}-*"), key=lambda path: -path.stat().st_mtime)
            for old in versions[VERSIONS:]:
                shutil.rmtree(old, ignore_errors=True)
    return folder


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Let no other process into such a block with the same lock; it waits until this one is out."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # goes with the process, however it ends
        yield


def _digest(key: Iterable[str | bytes]) -> str:
    digest = hashlib.sha256()
    for part in key:
        data = part if isinstance(part, bytes) else part.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:20]


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `out` when all went well."""
    out.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    new.chmod(0o755)
    old = Path(f"{new}-old")
    try:
        yield new
        if out.exists():
            out.rename(old)
        new.rename(out)
    finally:
        if old.exists() and not out.exists():
            old.rename(out)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
