"""`pickling_fixed`: an error arrives as itself, and the pool goes on."""

import pickle

import pytest
from tornado.escape import json_decode
from tornado.testing import ExpectLog

from demos import pickling_fixed
from demos.pickling_fixed import OutOfStock


@pytest.fixture
def app():
    """The demo's application, with one worker that ends with the test."""
    workers = pickling_fixed.Workers(1)
    yield pickling_fixed.make_app(workers)
    workers.close()


def test_the_error_comes_out_of_a_pickle_as_it_went_in():
    """Its class, its facts and its words."""
    error = pickle.loads(pickle.dumps(OutOfStock("coffee", 3)))
    assert type(error) is OutOfStock
    assert (error.item, error.left, str(error)) == ("coffee", 3, "only 3 of coffee left")


@pytest.mark.gen_test(timeout=60)
async def test_an_error_is_an_answer_and_the_pool_goes_on(http_client, base_url):
    """A client's mistake is the client's alone."""
    for _ in range(3):
        with ExpectLog("tornado.access", "409 GET /fail"):
            refused = await http_client.fetch(base_url + "/fail", raise_error=False)
        assert refused.code == 409
        assert json_decode(refused.body) == {"error": "only 3 of coffee left", "left": 3}
        served = await http_client.fetch(base_url + "/work")
        assert served.body == b"2 of coffee: on their way\n"
