"""`python -m demos.waiting`: its verbs as they are typed, and what they leave behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import requests

from demos.waiting import table
from demos.waiting.child import free_port, is_free
from demos.waiting.results import load

from .conftest import over

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "demos.waiting"]


def run(*words, **environment):
    """Run a verb to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_comparing_prints_the_table_worst_first_and_keeps_it(postgres, tmp_path):
    """With how, with what and when it was measured."""
    kept = tmp_path / "run.json"
    words = ("threads", "sync", "--sleep", "0.2", "--requests", "3", "--save", kept)
    done = run("compare", *words, DATABASE_URL=postgres)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(gunicorn|tornado) .*\d$", done.stdout, re.M)
    assert rows == ["gunicorn", "tornado"]
    assert "3 requests a route, each of 0.2 s" in done.stdout
    again = load(kept)
    assert table.terminal(again) in done.stdout
    assert again.versions["tornado"]
    assert json.loads(kept.read_text())["machine"] in done.stdout


def test_a_progress_bar_says_which_mode_runs(postgres):
    """On the standard error, where it is no part of the table."""
    done = run("compare", "threads", "--sleep", "0", DATABASE_URL=postgres)
    assert "threads:" in done.stderr
    assert "answer" not in done.stdout


def test_a_mode_that_cannot_run_does_not_stop_the_others(postgres, tmp_path):
    """What it needs is said under the table of those that did."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nf = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'gevent' else f(name, *a)\n"
    )
    words = ("compare", "gevent", "threads", "--sleep", "0")
    done = run(*words, DATABASE_URL=postgres, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "tornado threads" in done.stdout
    assert "gevent was left out: it needs gevent: pip install -e '.[waiting]'" in done.stdout


def test_an_unknown_mode_is_refused_with_those_there_are():
    """Exit status 2, as for every word that is not understood."""
    done = run("compare", "green")
    assert done.returncode == 2
    assert "no mode 'green'; there is sync, gevent, psycogreen" in done.stderr


def test_a_busy_port_is_said_and_another_offered(postgres):
    """Before anything is started."""
    port = free_port()
    import socket

    with socket.create_server(("127.0.0.1", port)):
        done = run("serve", "sync", "--port", port, DATABASE_URL=postgres)
    assert done.returncode == 2
    assert f"port {port} is in use; try --port {port + 1}" in done.stderr


def test_a_database_that_does_not_answer_is_a_sentence():
    """And no traceback."""
    done = run("serve", "sync", "--port", free_port(), DATABASE_URL="postgresql://127.0.0.1:1/x")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "DATABASE_URL" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_served_mode_ends_with_its_command(number, postgres):
    """Told to end or killed, it leaves no process and no port."""
    port = free_port()
    words = ["serve", "gthread", "--port", str(port)]
    environment = os.environ | {"DATABASE_URL": postgres}
    with (
        subprocess.Popen(
            [*COMMAND, *words], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as server,
        over(server),
    ):
        assert "http://localhost:" in server.stdout.readline()
        deadline = time.monotonic() + 30
        while is_free(port):
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        titles = requests.get(f"http://127.0.0.1:{port}/", timeout=30).json()["todos"]
        assert titles
        family = psutil.Process(server.pid).children(recursive=True)
        server.send_signal(number)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    assert is_free(port)


def test_a_command_runs_beside_a_postgresql(postgres):
    """It finds the address in DATABASE_URL, and its exit status is the verb's."""
    script = "import os, sys; print(os.environ['DATABASE_URL']); sys.exit(7)"
    done = run("postgres", sys.executable, "-c", script, DATABASE_URL=postgres)
    assert (done.returncode, done.stdout.strip()) == (7, postgres)
    done = run("postgres", "no-such-program", DATABASE_URL=postgres)
    assert (done.returncode, "no-such-program: No such file" in done.stderr) == (2, True)
