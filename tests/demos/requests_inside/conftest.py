"""Skips the folder where the packages of the extra are not installed."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def needs_waiting() -> None:
    """The bridge needs greenlet, and the comparison psutil."""
    for package in ("greenlet", "psutil"):
        pytest.importorskip(package, reason="pip install -e '.[waiting]'")
