"""`killed_fixed`: a worker that is killed costs a warning, and no request."""

import asyncio
import logging
from concurrent.futures.process import BrokenProcessPool

import pytest
from tornado.escape import json_decode
from tornado.testing import ExpectLog

from demos import killed_fixed
from demos.killed_fixed import die, work

WARNING = "a worker died: new workers take over"


def expect_replacement():
    """The log has one warning, of which there may be no second."""
    return ExpectLog("tornado.application", WARNING, level=logging.WARNING)


@pytest.fixture
def workers():
    """One worker: the jobs behind a deadly one are pending when it dies."""
    workers = killed_fixed.Workers(1)
    yield workers
    workers.close()


@pytest.fixture
def app(workers):
    """The demo's application."""
    return killed_fixed.make_app(workers)


@pytest.mark.gen_test(timeout=60)
async def test_the_request_after_a_kill_is_served_by_another_worker(http_client, base_url):
    """A reader of the page does not notice."""
    before = json_decode((await http_client.fetch(base_url + "/work")).body)
    with expect_replacement():
        killed = await http_client.fetch(base_url + "/kill", method="POST", body="")
    after = json_decode((await http_client.fetch(base_url + "/work")).body)
    assert killed.body == b"A worker was killed\n"
    assert after["answer"] == before["answer"]
    assert after["worker"] != before["worker"]


@pytest.mark.gen_test(timeout=60)
async def test_requests_that_failed_together_share_one_new_pool(workers, replacements):
    """Five jobs were pending; each is done, and the pool was replaced once."""
    with expect_replacement():
        killed, *answers = await asyncio.gather(
            workers.run(die),
            *[workers.run(work, 10, tries=2) for _ in range(5)],
            return_exceptions=True,
        )
    assert isinstance(killed, BrokenProcessPool)
    assert [each["answer"] for each in answers] == [285] * 5
    assert len({each["worker"] for each in answers}) == 1
    assert len(replacements) == 1


@pytest.mark.gen_test(timeout=60)
async def test_a_job_that_may_not_be_done_twice_is_tried_once(workers, replacements):
    """Only the caller knows what can be repeated."""
    with expect_replacement():
        killed, failed = await asyncio.gather(
            workers.run(die), workers.run(work, 10), return_exceptions=True
        )
    assert isinstance(killed, BrokenProcessPool)
    assert isinstance(failed, BrokenProcessPool)
    assert len(replacements) == 1


@pytest.mark.gen_test(timeout=60)
async def test_a_job_that_kills_its_worker_is_not_tried_for_ever(workers, replacements):
    """It costs two pools, and the next job has a third."""
    with expect_replacement(), pytest.raises(BrokenProcessPool):
        await workers.run(die, tries=2)
    assert (await workers.run(work, 10))["answer"] == 285
    assert len(replacements) == 2


@pytest.fixture
def replacements(workers, monkeypatch):
    """The pools that were made after the first."""
    made = []
    make_pool = workers.make_pool
    monkeypatch.setattr(workers, "make_pool", lambda: made.append(make_pool()) or made[-1])
    return made
