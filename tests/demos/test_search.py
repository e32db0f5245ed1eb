"""`search`: posts that look real, the same for the same question, after a delay."""

import asyncio
import json
import time

import pytest
from tornado.httputil import url_concat
from tornado.testing import ExpectLog

from demos import search


@pytest.fixture
def app():
    """The demo's application, at once."""
    return search.make_app(delay=0)


async def ask(http_client, base_url, **query):
    """The answer to a question, as (status, decoded body)."""
    url = url_concat(base_url + "/search", query)
    response = await http_client.fetch(url, raise_error=False)
    return response.code, json.loads(response.body)


@pytest.mark.gen_test
async def test_the_same_question_has_the_same_answer(http_client, base_url):
    """Transcripts and tests can rely on the posts."""
    first = await ask(http_client, base_url, q="tornado")
    assert first == await ask(http_client, base_url, q="tornado")
    assert first != await ask(http_client, base_url, q="asyncio")


@pytest.mark.gen_test
async def test_a_post_has_a_title_about_the_question_an_author_and_a_time(http_client, base_url):
    """Five posts come, the newest first."""
    _, answer = await ask(http_client, base_url, q="tornado")
    assert [post["number"] for post in answer["posts"]] == [5, 4, 3, 2, 1]
    assert all("tornado" in post["title"] for post in answer["posts"])
    assert all(post["author"] in search.AUTHORS for post in answer["posts"])
    times = [post["time"] for post in answer["posts"]]
    assert times == sorted(times, reverse=True)


@pytest.mark.gen_test
async def test_a_newer_post_pushes_the_oldest_out(http_client, base_url):
    """The window on the posts slides; each post stays what it was."""
    _, before = await ask(http_client, base_url, q="tornado", newest=5)
    _, after = await ask(http_client, base_url, q="tornado", newest=6)
    assert after["posts"][1:] == before["posts"][:-1]


@pytest.mark.gen_test
async def test_each_source_has_its_own_posts(http_client, base_url):
    """Five sources, five answers."""
    answers = [await ask(http_client, base_url, q="tornado", source=s) for s in search.SOURCES]
    assert len({json.dumps(answer["posts"]) for _, answer in answers}) == len(search.SOURCES)


@pytest.mark.gen_test
async def test_two_askers_wait_at_the_same_time(http_client, base_url):
    """The delay is awaited, so that two take as long as one."""
    began = time.perf_counter()
    question = {"q": "tornado", "delay": "0.3"}
    await asyncio.gather(*[ask(http_client, base_url, **question) for _ in range(5)])
    assert 0.3 <= time.perf_counter() - began < 5 * 0.3


WRONG = {
    "no question": ({}, 400, "Missing argument q"),
    "an unknown source": ({"q": "a", "source": "owls"}, 404, "no source 'owls': try news"),
    "an endless delay": ({"q": "a", "delay": "1e9"}, 400, "delay is a number from 0 to 10"),
    "a negative delay": ({"q": "a", "delay": "-1"}, 400, "delay is a number from 0 to 10"),
    "a delay in words": ({"q": "a", "delay": "long"}, 400, "delay is a number"),
    "a delay that is no number": ({"q": "a", "delay": "nan"}, 400, "delay is a number"),
    "a post from nowhere": ({"q": "a", "newest": "-3"}, 400, "newest is a number"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.gen_test
async def test_a_wrong_question_is_refused_with_the_reason(http_client, base_url, case):
    """The asker learns, in JSON, what to ask instead."""
    query, status, why = WRONG[case]
    with ExpectLog("tornado.general", f"{status} GET"), ExpectLog("tornado.access", str(status)):
        code, answer = await ask(http_client, base_url, **query)
    assert code == status
    assert why in answer["error"]
