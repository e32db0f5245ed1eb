"""`json_api`: a dict out, a JSON body in, and errors that say why."""

import json

import pytest
from tornado.testing import ExpectLog

from demos import json_api


@pytest.fixture
def app():
    """The demo's application, with a small limit."""
    return json_api.make_app(limit=200)


@pytest.mark.gen_test
async def test_a_dict_goes_out_as_json(http_client, base_url):
    """Writing a dict sets the type of the answer too."""
    response = await http_client.fetch(base_url + "/")
    assert json.loads(response.body) == {"msg": "hello!"}
    assert response.headers["Content-Type"].startswith("application/json")


@pytest.mark.gen_test
async def test_a_json_body_comes_in(http_client, base_url):
    """The name in the body is the name in the greeting, whatever its letters."""
    body = json.dumps({"name": "Zoë"})
    response = await http_client.fetch(base_url + "/greetings", method="POST", body=body)
    assert json.loads(response.body) == {"greeting": "Hello, Zoë!"}


BAD = {
    "nothing": (b"", 400, "is not JSON"),
    "a word": (b"Ada", 400, "is not JSON"),
    "not text": (b"\xff\xfe", 400, "is not JSON"),
    "half an object": (b'{"name": ', 400, "is not JSON"),
    "a list": (b'["Ada"]', 400, "is not an object"),
    "another field": (b'{"nam": "Ada"}', 400, '"name" is missing'),
    "a null": (b'{"name": null}', 400, '"name" is missing'),
    "a number": (b'{"name": 5}', 400, '"name" is not a text'),
    "an empty name": (b'{"name": " "}', 400, '"name" is not a text'),
    "too much": (b'{"name": "%s"}' % (b"a" * 200), 413, "over 200 bytes"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.gen_test
async def test_a_bad_body_is_refused_with_the_reason(http_client, base_url, case):
    """The client learns, in JSON, what was wrong with what it sent."""
    body, status, why = BAD[case]
    with ExpectLog("tornado.general", f"{status} POST"), ExpectLog("tornado.access", str(status)):
        response = await http_client.fetch(
            base_url + "/greetings", method="POST", body=body, raise_error=False
        )
    assert response.code == status
    assert why in json.loads(response.body)["error"]


@pytest.mark.gen_test
async def test_the_wrong_method_is_refused_in_json_too(http_client, base_url):
    """An error that Tornado itself raises has the same form."""
    with ExpectLog("tornado.access", "405"):
        response = await http_client.fetch(base_url + "/greetings", raise_error=False)
    assert (response.code, json.loads(response.body)) == (405, {"error": "Method Not Allowed"})
