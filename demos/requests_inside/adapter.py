"""`requests`, waiting on the loop: an adapter on Tornado's client.

What `requests` does above its adapter stays as it is: redirects,
cookies, authentication, encodings, JSON, `raise_for_status()`. The
adapter sends one request, and gives back one answer.

What differs: each request has a connection of its own; proxies are
refused; `timeout` is for the whole of an answer, unless it is streamed;
an answer has at most 100 MB, the client's `max_body_size`; and a
request that nobody waits for any more ends with the next that it hears,
or by its timeout.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from types import SimpleNamespace
from typing import Any

import requests.sessions
from requests import PreparedRequest, Response, exceptions
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.simple_httpclient import HTTPTimeoutError
from urllib3 import HTTPHeaderDict, HTTPResponse

from demos.requests_inside.bridge import is_greened
from demos.requests_inside.incoming import Head, Incoming


@contextmanager
def setup() -> Iterator[None]:
    """Give each Session that is made meanwhile the adapter below.

    `requests.post()` makes itself a Session, and a Session makes
    itself an HTTPAdapter: there is no other place to say which. Code
    outside `greened()`, in any thread, notices nothing.
    """
    plain = requests.sessions.HTTPAdapter
    requests.sessions.HTTPAdapter = TornadoAdapter  # type: ignore
    try:
        yield
    finally:
        requests.sessions.HTTPAdapter = plain  # type: ignore


class TornadoAdapter(HTTPAdapter):
    """Sends with AsyncHTTPClient inside `greened()`, else as ever."""

    def send(
        self, request: PreparedRequest, *args: Any, **how: Any
    ) -> Response:
        if not is_greened():
            return super().send(request, *args, **how)
        asked = outgoing(request, **how)
        body = Incoming(patience(**how))
        try:
            head = body.open(asked)
        except (HTTPClientError, OSError) as error:
            raise failure(error)(error, request=request) from error
        raw = answer(head, body, request.method)
        return self.build_response(request, raw)


def outgoing(
    request: PreparedRequest, verify: Any, cert: Any, **how: Any
) -> HTTPRequest:
    """What `requests` asks for, as Tornado asks for it."""
    refuse_proxies(request, **how)
    return HTTPRequest(
        str(request.url),
        str(request.method),
        follow_redirects=False,  # requests sees to that,
        decompress_response=False,  # and urllib3 to that
        allow_nonstandard_methods=True,
        **(content(request) | limits(**how) | trust(verify, cert)),
    )


def refuse_proxies(
    request: PreparedRequest, proxies: Any = None, **how: Any
) -> None:
    if select_proxy(str(request.url), proxies):
        raise exceptions.ProxyError("the bridge knows no proxies")


def content(request: PreparedRequest) -> dict[str, Any]:
    """Headers and body; a file or a generator is read beforehand."""
    headers = {**request.headers, "Connection": "close"}
    body: Any = request.body
    if body is not None and not isinstance(body, bytes | str):
        headers.pop("Transfer-Encoding", None)  # its length is known
        body = body.read() if hasattr(body, "read") else b"".join(body)
    return {"headers": headers, "body": body}


def limits(
    stream: bool = False, timeout: Any = None, **how: Any
) -> dict[str, float]:
    """Seconds; 0 is no limit, where requests says None."""
    connect, read = both(timeout)
    whole = 0 if stream else read
    return {
        "connect_timeout": connect or 0,
        "request_timeout": whole or 0,
    }


def patience(
    stream: bool = False, timeout: Any = None, **how: Any
) -> float | None:
    """Seconds to wait for each part of a streamed answer."""
    return both(timeout)[1] if stream else None


def both(timeout: Any) -> tuple[float | None, float | None]:
    """To connect, and to read."""
    return timeout if isinstance(timeout, tuple) else (timeout, timeout)


def trust(verify: Any, cert: Any) -> dict[str, Any]:
    """Whose certificates to believe, and which one is ours."""
    believed = DEFAULT_CA_BUNDLE_PATH
    ours = cert if isinstance(cert, tuple) else (cert, None)
    return {
        "validate_cert": bool(verify),
        "ca_certs": verify if isinstance(verify, str) else believed,
        "client_cert": ours[0],
        "client_key": ours[1],
    }


def answer(
    head: Head, body: Incoming, method: str | None
) -> HTTPResponse:
    """The answer as urllib3 has it: requests reads on from there."""
    start, headers = head
    return HTTPResponse(
        body=body,
        headers=HTTPHeaderDict(headers.get_all()),
        status=start.code,
        reason=start.reason,
        preload_content=False,
        request_method=method,
        original_response=original(headers),  # type: ignore[arg-type]
    )


def original(headers: HTTPHeaders) -> SimpleNamespace:
    """Where requests looks for cookies: http.client's answer."""
    message = Message()
    for name, value in headers.get_all():
        message[name] = value
    return SimpleNamespace(
        msg=message, isclosed=lambda: False, close=lambda: None
    )


def failure(error: Exception) -> type[exceptions.RequestException]:
    """Which of its exceptions requests would raise."""
    if isinstance(error, HTTPTimeoutError):
        answering = "during request" in str(error)
        connected = exceptions.ReadTimeout
        return connected if answering else exceptions.ConnectTimeout
    if isinstance(error, TimeoutError):
        return exceptions.ReadTimeout
    if isinstance(error, ssl.SSLError):
        return exceptions.SSLError
    return exceptions.ConnectionError
