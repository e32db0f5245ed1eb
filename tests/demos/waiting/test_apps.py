"""The two applications, each by itself: to-dos, bad input, and workers that outlive nobody."""

import asyncio
import signal
import subprocess
import sys
import time

import psutil
import pytest
import requests
from tornado.httpclient import HTTPClientError
from tornado.testing import ExpectLog

from demos.waiting import flask_app, tornado_app
from demos.waiting.child import free_port, is_free
from demos.waiting.database import address

from .conftest import over

SEVERAL = 3


@pytest.fixture
def todos(postgres, needs_waiting):
    """A client of the Flask application, its table made."""
    app = flask_app.make_app(address(url=postgres))
    flask_app.create_tables(app)
    with app.app_context():
        yield app.test_client()
        app.extensions["todos"].session.remove()
        app.extensions["todos"].engine.dispose()


def test_the_table_of_todos_is_served_as_json(todos):
    """Made once, with its first rows."""
    found = todos.get("/").json["todos"]
    assert [each["title"] for each in found] == list(flask_app.TODOS)
    assert not any(each["done"] for each in found)


def test_making_the_tables_again_changes_nothing(todos, postgres):
    """The command can be typed twice."""
    command = [sys.executable, "-m", "demos.waiting", "create-tables"]
    environment = {"DATABASE_URL": postgres, "PATH": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "The table of to-dos is there.\n"
    assert len(todos.get("/").json["todos"]) == len(flask_app.TODOS)


@pytest.mark.parametrize("seconds", ["-1", "61", "soon", "nan"])
def test_flask_refuses_a_wait_that_makes_no_sense(todos, seconds):
    """Nobody can keep a worker for an hour."""
    answer = todos.get(f"/sleep/python/?seconds={seconds}")
    assert answer.status_code == 400
    assert "a number from 0 to 60" in answer.text


@pytest.fixture
def app():
    """Tornado, waiting on its loop."""
    return tornado_app.make_app(tornado_app.Blocking("postgresql+psycopg2:///", 1))


@pytest.mark.gen_test
@pytest.mark.parametrize("seconds", ["-1", "61", "soon", "nan"])
async def test_tornado_refuses_a_wait_that_makes_no_sense(http_client, base_url, seconds):
    """With the same sentence."""
    refused = pytest.raises(HTTPClientError, match="400: seconds: a number from 0 to 60")
    with ExpectLog("tornado.access", "400 GET"), refused:
        await http_client.fetch(f"{base_url}/sleep/python/?seconds={seconds}")


@pytest.mark.parametrize("place", tornado_app.WAITERS)
def test_a_place_waits_in_python_and_in_postgres(place, postgres):
    """As long as it was told."""

    async def wait():
        driver = "psycopg" if place == "await" else "psycopg2"
        waiter = tornado_app.WAITERS[place](address(driver, postgres), 1)
        began = time.monotonic()
        await waiter.python(0.05)
        await waiter.postgres(0.05)
        await waiter.close()
        return time.monotonic() - began

    assert asyncio.run(wait()) >= 0.1


def test_workers_end_with_a_server_that_is_killed(postgres):
    """SIGKILL leaves it no time to tell them; they see for themselves."""
    port = free_port()
    command = ["-m", "demos.waiting.tornado_app", "processes", "--port", str(port)]
    server = subprocess.Popen(
        [sys.executable, *command, "--workers", str(SEVERAL)],
        env={"DATABASE_URL": postgres, "PATH": ""},
        stderr=subprocess.DEVNULL,
    )
    with server, over(server):
        deadline = time.monotonic() + 30
        while is_free(port):
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        url = f"http://127.0.0.1:{port}/sleep/postgres/?seconds=0"
        assert requests.get(url, timeout=30).ok
        workers = psutil.Process(server.pid).children(recursive=True)
        assert len(workers) >= SEVERAL
        server.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive
