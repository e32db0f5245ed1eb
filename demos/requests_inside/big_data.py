"""Somebody else's library: it blocks, and we do not change it.

It has never heard of Tornado, nor of any event loop.
"""

from typing import Any

import requests


class BigData:
    """A service that takes data, and its time."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, data: Any) -> Any:
        """Send data; return the answer, which is JSON."""
        response = requests.post(self.url, json=data, timeout=30)
        response.raise_for_status()
        return response.json()
