"""`killed_broken`: a pool that lost one worker refuses all work for ever."""

import ast
import contextlib
import signal
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest
from tornado.escape import json_decode
from tornado.httpclient import HTTPClient
from tornado.testing import ExpectLog

from demos import killed_broken, killed_fixed

PATIENCE = 20  # seconds


@pytest.fixture
def workers():
    """Two workers, which end with the test."""
    workers = killed_broken.Workers(2)
    yield workers
    workers.close()


@pytest.fixture
def app(workers):
    """The demo's application."""
    return killed_broken.make_app(workers)


@pytest.mark.gen_test(timeout=60)
async def test_after_a_kill_every_request_fails_for_ever(http_client, base_url):
    """The second worker is well, and yet nobody is served any more."""
    before = await http_client.fetch(base_url + "/work")
    assert json_decode(before.body)["answer"] == sum(each * each for each in range(10_000))
    killed = await http_client.fetch(base_url + "/kill", method="POST", body="")
    assert killed.body == b"A worker was killed\n"
    for _ in range(5):
        told = ExpectLog("tornado.application", "Uncaught exception GET /work")
        with told, ExpectLog("tornado.access", "500 GET /work"):
            after = await http_client.fetch(base_url + "/work", raise_error=False)
        assert after.code == 500
        assert told.logged_stack


@pytest.mark.gen_test(timeout=60)
async def test_what_fails_is_the_pool_and_not_the_job(workers):
    """Both the job that killed its worker and the innocent one after it have BrokenProcessPool."""
    with pytest.raises(BrokenProcessPool):
        await workers.run(killed_broken.die)
    with pytest.raises(BrokenProcessPool):
        await workers.run(killed_broken.work, 10)


def test_the_pair_differs_in_how_it_runs_a_job_and_in_nothing_else():
    """What is broken is one thing: whether the pool is replaced."""

    def rest(program):
        tree = ast.parse(Path(program.__file__).read_text())
        return [
            ast.unparse(node).replace(", tries=2", "")
            for node in tree.body[1:]
            if getattr(node, "name", "") != "Workers" and "app_log" not in ast.unparse(node)
        ]

    assert rest(killed_broken) == rest(killed_fixed)


@pytest.mark.parametrize(
    "name", ["killed_broken", "killed_fixed", "pickling_broken", "pickling_fixed"]
)
def test_workers_end_with_a_parent_that_is_killed(run, free_port, name):
    """SIGKILL leaves the parent no time to end anybody; they notice by themselves."""
    port = free_port()
    program = run("demos", name, "--port", port).until_it_listens(port)
    with contextlib.closing(HTTPClient()) as client:
        client.fetch(f"http://127.0.0.1:{port}/work", request_timeout=PATIENCE)
    family = psutil.Process(program.process.pid).children(recursive=True)
    assert any("spawn_main" in " ".join(each.cmdline()) for each in family)
    code, _, errors = program.end(signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert "Traceback" not in errors
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert not alive
