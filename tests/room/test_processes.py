"""What Linux tells of processes: the quick way and the old way tell the same."""

import contextlib
import os
import socket

import pytest

from slides.room import processes
from slides.room.keeper import IS_LINUX

pytestmark = pytest.mark.skipif(not IS_LINUX, reason="it asks Linux")


@pytest.fixture
def ports():
    """Sockets that listen, more than one answer holds; one that does not, and one of IPv6."""
    before = listening()  # what other tests of this process share
    with contextlib.ExitStack() as stack:
        open_ = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(500)]
        stack.enter_context(socket.create_connection(open_[0].getsockname()))
        with contextlib.suppress(OSError):  # a machine without IPv6
            six = socket.create_server(("::1", 0), family=socket.AF_INET6)
            open_.append(stack.enter_context(six))
        yield before | {each.getsockname()[1] for each in open_}


def listening():
    """The ports on which this process listens."""
    return processes.listening(processes.sockets(os.getpid()))


def test_who_listens_where_is_asked_of_the_system(ports):
    """Of all sockets of this process, those that listen."""
    assert listening() == ports


def test_a_system_without_sock_diag_has_tables(ports, monkeypatch):
    """They say the same, but it takes longer."""

    def refused(*_):
        raise OSError("Protocol not supported")

    monkeypatch.setattr(processes.socket, "socket", refused)
    assert listening() == ports
