"""`hello`: the smallest server."""

import pytest
from tornado.testing import ExpectLog

from demos import hello


@pytest.fixture
def app():
    """The demo's application."""
    return hello.make_app()


@pytest.mark.gen_test
async def test_the_smallest_server_says_hello(http_client, base_url):
    """One handler is enough for a greeting."""
    response = await http_client.fetch(base_url + "/")
    assert response.body == b"Hello, world\n"


@pytest.mark.gen_test
async def test_every_other_address_is_not_found(http_client, base_url):
    """One route is one route."""
    with ExpectLog("tornado.access", "404 GET /nowhere"):
        response = await http_client.fetch(base_url + "/nowhere", raise_error=False)
    assert response.code == 404
