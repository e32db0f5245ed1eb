"""`nap_fixed`: a nap that is awaited bothers nobody."""

import asyncio
import json

import pytest

from demos import nap_fixed


@pytest.fixture
def app():
    """The demo's application, with a short nap."""
    return nap_fixed.make_app(seconds=0.5)


@pytest.mark.gen_test
async def test_the_clock_goes_on_during_a_nap(http_client, base_url):
    """Many answers come before the nap is over."""
    nap = asyncio.ensure_future(http_client.fetch(base_url + "/nap"))
    ticks = 0
    while not nap.done():
        await http_client.fetch(base_url + "/clock")
        ticks += 1
    assert nap.result().body == b"Good morning\n"
    assert ticks > 2


@pytest.mark.gen_test
async def test_the_clock_tells_the_time_of_the_server(http_client, base_url):
    """Two looks are in order."""
    first, second = [
        json.loads((await http_client.fetch(base_url + "/clock")).body)["time"] for _ in range(2)
    ]
    assert 0 < first <= second


@pytest.mark.gen_test
async def test_the_page_shows_the_line_that_naps(http_client, base_url):
    """The audience sees which of the two is running."""
    assert b"await asyncio.sleep(2)" in (await http_client.fetch(base_url + "/")).body
