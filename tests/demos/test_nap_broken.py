"""`nap_broken`: a nap that blocks the loop stops the whole server."""

import ast
import asyncio
from pathlib import Path

import pytest

from demos import nap_broken, nap_fixed


@pytest.fixture
def app():
    """The demo's application, with a short nap."""
    return nap_broken.make_app(seconds=0.5)


@pytest.mark.gen_test
async def test_nobody_is_answered_during_a_nap(http_client, base_url):
    """A question that came during the nap has its answer only after it."""
    nap = asyncio.ensure_future(http_client.fetch(base_url + "/nap"))
    waited = []
    while not nap.done():
        clock = await http_client.fetch(base_url + "/clock")
        waited.append(clock.request_time)
    assert nap.result().body == b"Good morning\n"
    assert max(waited) >= 0.4  # of the nap's 0.5 s


@pytest.mark.gen_test
async def test_the_page_shows_the_line_that_naps(http_client, base_url):
    """The audience sees which of the two is running."""
    assert b"<code>time.sleep(2)</code>" in (await http_client.fetch(base_url + "/")).body


def test_one_line_makes_the_difference():
    """The two programs differ in their words and in how they sleep, in nothing else."""

    def shape(program, sleep, shown):
        tree = ast.parse(Path(program.__file__).read_text())
        code = ast.unparse(tree.body[1:])
        assert code.count(sleep) == 2
        return code.replace(shown, "SHOWN").replace(sleep, "SLEEP")

    broken = shape(nap_broken, "time.sleep(", "time.sleep(2)")
    fixed = shape(nap_fixed, "await asyncio.sleep(", "await asyncio.sleep(2)")
    assert broken == fixed
