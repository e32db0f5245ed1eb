"""`templates`: variables, inheritance, for and if, autoescape, a UI module, any expression."""

import re

import pytest
from tornado.httputil import url_concat

from demos import templates
from demos.templates import Person


@pytest.fixture
def app():
    """The demo's application."""
    return templates.make_app()


async def read(http_client, url, **arguments):
    """The text of a page."""
    return (await http_client.fetch(url_concat(url, arguments))).body.decode()


@pytest.mark.gen_test
async def test_a_variable_is_put_in_its_place(http_client, base_url):
    """The name in the address is the name on the page."""
    assert "<h1>Hello, Ada!</h1>" in await read(http_client, base_url + "/", name="Ada")


@pytest.mark.gen_test
async def test_both_pages_inherit_the_same_base(http_client, base_url):
    """What is around the block is the same, what is in it is not."""
    hello = await read(http_client, base_url + "/")
    people = await read(http_client, base_url + "/people")
    assert "<title>Hello</title>" in hello
    assert "<title>People</title>" in people
    style = re.compile(r"<style>.+?</style>", re.DOTALL)
    assert style.search(hello)[0] == style.search(people)[0]


@pytest.mark.gen_test
async def test_a_hostile_name_stays_text(http_client, base_url):
    """Autoescape leaves no markup in what a visitor sent."""
    page = await read(http_client, base_url + "/", name="<script>alert(1)</script>")
    assert "<script" not in page
    assert "Hello, &lt;script&gt;alert(1)&lt;/script&gt;!" in page


@pytest.mark.gen_test
async def test_the_list_is_filtered_by_an_expression_of_the_template(http_client, base_url):
    """Students over 23, and nobody else, each by the UI module."""
    page = await read(http_client, base_url + "/people")
    badges = re.findall(r"<li>(.+?)\s*</li>", page, re.DOTALL)
    wanted = [p for p in templates.PEOPLE if p.student and p.age > 23]
    assert len(badges) == len(wanted) > 1
    for badge, person in zip(badges, wanted, strict=True):
        assert badge.endswith(f", {person.age}")
    assert "&lt;b&gt;Bobby&lt;/b&gt;, 25" in badges


@pytest.mark.parametrize(("age", "shown"), [(19, True), (20, False)])
@pytest.mark.gen_test
async def test_if_shows_its_sentence_only_when_it_holds(http_client, base_url, app, age, shown):
    """The sentence about the youngest needs somebody under 20."""
    app.add_handlers(
        r".*", [(r"/these", templates.PeopleHandler, {"people": (Person("Eve", age, True),)})]
    )
    assert ("The youngest are not" in await read(http_client, base_url + "/these")) is shown
