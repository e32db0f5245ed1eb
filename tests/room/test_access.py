"""Who may speak: the token, the names, the origin."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from slides.room.access import Access, token_in


def asked(host="127.0.0.1:8000", **headers):
    """A request with these headers."""
    given = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    given["Host"] = host
    start = RequestStartLine("GET", "/", "HTTP/1.1")
    return HTTPServerRequest(headers=given, start_line=start)


@pytest.mark.parametrize("given", [None, "", "s", "secre", "secrets", "SECRET", "sécret"])
def test_only_the_token_is_the_token(given):
    """Nothing, a part of it and something else are not."""
    assert Access("secret").admits("secret")
    assert not Access("secret").admits(given)


def test_no_token_at_all_is_refused():
    """It would admit everybody."""
    with pytest.raises(ValueError, match="everybody"):
        Access("")


@pytest.mark.parametrize(
    "host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "192.168.1.7:8000", "Talk.example:80"]
)
def test_it_answers_to_addresses_and_to_names_it_was_told(host):
    """However they are written."""
    assert Access("secret", ["talk.example"]).answers_to(asked(host))


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.x"])
def test_it_answers_to_no_other_name(host):
    """A name pointed at this machine by somebody else is that somebody's."""
    assert not Access("secret", ["talk.example"]).answers_to(asked(host))


def test_a_page_of_this_server_may_ask():
    """And so may a program that is no page."""
    access = Access("secret")
    assert access.is_same_origin(asked(Origin="http://127.0.0.1:8000"))
    assert access.is_same_origin(asked())
    assert access.is_same_origin(asked(Sec_Fetch_Site="same-origin"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_a_page_of_another_server_may_not(headers):
    """Another port is another server."""
    assert not Access("secret").is_same_origin(asked(**headers))


def test_a_token_is_kept_for_the_next_start(tmp_path):
    """In a file that only its owner can read; of several first starts, one makes it."""
    file = tmp_path / "new" / "room.token"
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(token_in, [file] * 8))
    assert tokens == {token_in(file)}
    assert len(tokens.pop()) >= 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["room.token"]
