"""`pickling_broken`: one error that cannot be unpickled, and no request is served any more."""

import ast
import pickle
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from tornado.testing import ExpectLog

from demos import pickling_broken, pickling_fixed


@pytest.fixture
def app():
    """The demo's application, with two workers that end with the test."""
    workers = pickling_broken.Workers(2)
    yield pickling_broken.make_app(workers)
    workers.close()


@pytest.fixture
def fetch(http_client, base_url):
    """Asks, and expects the traceback of a 500 in the log: `await fetch(path)`."""

    async def fetch(path):
        told = ExpectLog("tornado.application", f"Uncaught exception GET {path}")
        with told, ExpectLog("tornado.access", f"500 GET {path}"):
            return await http_client.fetch(base_url + path, raise_error=False)

    return fetch


def test_the_error_can_be_pickled_but_not_unpickled():
    """So the worker sends it, and the parent chokes on it."""
    sent = pickle.dumps(pickling_broken.OutOfStock("coffee", 3))
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'left'"):
        pickle.loads(sent)


@pytest.mark.gen_test(timeout=60)
async def test_one_error_ends_all_work(http_client, base_url, fetch):
    """The same order succeeds before, and fails for ever after."""
    before = await http_client.fetch(base_url + "/work")
    assert before.body == b"2 of coffee: on their way\n"
    assert (await fetch("/fail")).code == 500
    for _ in range(3):
        assert (await fetch("/work")).code == 500


@pytest.mark.gen_test(timeout=60)
async def test_the_cause_is_the_error_that_could_not_be_made_anew(app):
    """BrokenProcessPool says little; its cause has the TypeError."""
    workers = app.wildcard_router.rules[0].target_kwargs["workers"]
    with pytest.raises(BrokenProcessPool) as broken:
        await workers.run(pickling_broken.order, "coffee", 20)
    assert "TypeError: OutOfStock.__init__() missing 1" in str(broken.value.__cause__)


def test_the_pair_differs_in_the_exception_and_in_nothing_else():
    """What is broken is one class."""

    def rest(program):
        tree = ast.parse(Path(program.__file__).read_text())
        nodes = tree.body[1:]
        return [ast.unparse(each) for each in nodes if getattr(each, "name", "") != "OutOfStock"]

    assert rest(pickling_broken) == rest(pickling_fixed)
