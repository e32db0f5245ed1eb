"""Who may speak: a token, printed at the start as Jupyter prints its own.

Three things keep others out. The token, which a page learns once and keeps in a cookie. The `Host`
of a request, which must be an address of this machine or a name it was told: a page elsewhere whose
name was pointed at this machine (DNS rebinding) says its own name there. And the `Origin`, which
must be this very server.
"""

import hmac
import ipaddress
import secrets
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

HEADER = "token "
LONG_ENOUGH = 24  # bytes of randomness


class Access:
    """The speaker's token, and the names this server answers to."""

    def __init__(self, token: str, names: Collection[str] = ()) -> None:
        if not token:
            raise ValueError("an empty token would admit everybody")
        self.token = token
        self.names = {"localhost", *(name.lower() for name in names)}

    def admits(self, given: str | None) -> bool:
        """Whether this is the token; takes as long for a near guess as for a far one."""
        return hmac.compare_digest((given or "").encode(), self.token.encode())

    def answers_to(self, request: HTTPServerRequest) -> bool:
        """Whether the request names this machine: an address, `localhost` or a name it was told."""
        host = host_of(f"//{request.host}")
        return host in self.names or is_address(host)

    def is_same_origin(self, request: HTTPServerRequest) -> bool:
        """Whether a page of this server asks; what no page asks has no `Origin`, and may."""
        origin = request.headers.get("Origin")
        if origin is None:
            return request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")
        return urlsplit(origin).netloc.lower() == request.host.lower()


def host_of(url: str) -> str:
    """The host in a URL, or an empty string."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def is_address(host: str) -> bool:
    """Whether a host is an IP address: no name that could point elsewhere tomorrow."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def token_in(file: Path) -> str:
    """The token kept in a file, so that a server started again admits who was there; or a new one.

    Only its owner can read the file. Several processes that start at once agree.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    new.touch(mode=0o600)
    new.write_text(secrets.token_urlsafe(LONG_ENOUGH))
    try:
        file.hardlink_to(new)  # of several, one is first; it is there whole or not at all
    except FileExistsError:
        pass
    finally:
        new.unlink()
    return file.read_text().strip()
