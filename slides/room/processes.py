"""What Linux tells of processes: who started whom, and who listens where.

The system is asked, rather than the program's log read or its port tried: that finds what really
listens, whichever port it chose and whichever of its children it is, and the program does not
notice. A connection tried would be one more client of a program that counts its clients.
"""

import contextlib
import os
from collections.abc import Iterable

LISTENING = "0A"  # TCP_LISTEN, in net/tcp_states.h


def children(pid: int) -> set[int]:
    """The processes that a process started, or that were given to it."""
    found: set[int] = set()
    with contextlib.suppress(OSError):  # it is gone
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found.update(map(int, file.read().split()))
    return found


def family(pid: int) -> set[int]:
    """A process, its children, and theirs."""
    found, new = {pid}, {pid}
    while new:
        new = set().union(*map(children, new)) - found
        found |= new
    return found


def sockets(pid: int) -> set[str]:
    """The sockets that a process has, by the system's numbers for them."""
    found = set()
    with contextlib.suppress(OSError):
        for each in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                link = os.readlink(f"/proc/{pid}/fd/{each}")
                if link.startswith("socket:["):
                    found.add(link[8:-1])
    return found


def listening(sockets: set[str]) -> set[int]:
    """The TCP ports on which some of these sockets listen."""
    return {port for socket, port in listeners() if socket in sockets} if sockets else set()


def listeners() -> Iterable[tuple[str, int]]:
    """The sockets of this machine that listen, each with its port."""
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError), open(f"/proc/net/{table}") as file:
            next(file)  # the heads
            for line in file:
                fields = line.split()
                # They come first. Of the others there may be thousands, and each costs time.
                if fields[3] != LISTENING:
                    break
                yield fields[9], int(fields[1].rpartition(":")[2], 16)
