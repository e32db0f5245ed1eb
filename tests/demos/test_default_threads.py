"""`default_threads`: a loop's own threads are few, and release waits in waves."""

import asyncio
import json
import math
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from demos import default_threads

WAITS, SECONDS = 40, 0.4  # more than any machine's default threads


@pytest.fixture
def sized():
    """The executor with a thread for each wait."""
    with ThreadPoolExecutor(WAITS) as executor:
        yield executor


@pytest.fixture
def app(sized):
    """The demo's application, with shorter waits, and more of them."""
    return default_threads.make_app(sized, WAITS, SECONDS)


@pytest.fixture
def ask(http_client, base_url):
    """Asks one of the routes: `await ask("/sized")`."""

    async def ask(path):
        return json.loads((await http_client.fetch(base_url + path)).body)

    return ask


@pytest.mark.gen_test
async def test_the_default_threads_release_waits_in_waves(ask):
    """No more wait at once than there are threads, and the others come after them."""
    told = await ask("/default")
    threads = ThreadPoolExecutor()._max_workers
    waves = math.ceil(WAITS / threads)
    assert threads <= 32 < WAITS
    assert told["processors"] == os.cpu_count()
    assert told["threads"] == threads
    assert sum(told["waves"]) == WAITS
    assert len(told["waves"]) >= waves
    assert told["seconds"] / SECONDS >= 0.95 * waves


@pytest.mark.gen_test
async def test_a_thread_for_each_lets_all_wait_at_once(ask):
    """Forty waits in their own threads are sooner over than in waves.

    An executor makes no new thread while one has nothing to do, as on a busy machine.
    """
    told, default = await ask("/sized"), await ask("/default")
    assert default["threads"] < told["threads"] <= WAITS
    assert told["seconds"] < default["seconds"]


@pytest.mark.gen_test
async def test_the_default_can_be_sized(ask):
    """After `size_default`, asyncio.to_thread itself has the threads."""
    default_threads.size_default(WAITS)
    told = await ask("/default")
    assert told["threads"] == WAITS
    await asyncio.get_running_loop().shutdown_default_executor()
