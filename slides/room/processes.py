"""What Linux tells of processes: who started whom, and who listens where.

The system is asked, rather than the program's log read or its port tried: that finds what really
listens, whichever port it chose and whichever of its children it is, and the program does not
notice. A connection tried would be one more client of a program that counts its clients.
"""

import contextlib
import os
import socket
import struct
from collections.abc import Iterable

TCP_LISTEN = 10  # net/tcp_states.h

# linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 4, 20
NLM_F_REQUEST, NLM_F_DUMP, NLMSG_DONE = 0x1, 0x300, 3
REQUEST = struct.Struct("=IHHII BBBxI 48x")  # nlmsghdr, inet_diag_req_v2
HEAD = struct.Struct("=IH")
PORT, NUMBER = struct.Struct(">H"), struct.Struct("=I")  # idiag_sport, idiag_inode
ANSWER = 64 * 1024  # bytes


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
    return {port for number, port in listeners() if number in sockets} if sockets else set()


def listeners() -> Iterable[tuple[str, int]]:
    """The sockets of this machine that listen, each with its port."""
    try:
        return [*asked(socket.AF_INET), *asked(socket.AF_INET6)]
    except OSError:  # a system without sock_diag
        return list(read())


def asked(family: int) -> Iterable[tuple[str, int]]:
    """Ask by sock_diag(7) for those that listen alone; it takes a hundredth of the table's time.

    Raises OSError where the system has no such thing.
    """
    request = REQUEST.pack(
        REQUEST.size, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0,
        family, socket.IPPROTO_TCP, 0, 1 << TCP_LISTEN,
    )  # fmt: skip
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as link:
        link.sendto(request, (0, 0))
        while True:
            data = link.recv(ANSWER)
            while data:
                length, kind = HEAD.unpack_from(data)
                if kind == NLMSG_DONE:
                    return
                if kind != SOCK_DIAG_BY_FAMILY:
                    raise OSError("sock_diag does not answer")
                yield str(NUMBER.unpack_from(data, 84)[0]), PORT.unpack_from(data, 20)[0]
                data = data[length:]


def read() -> Iterable[tuple[str, int]]:
    """Read them in the tables of all sockets."""
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError), open(f"/proc/net/{table}") as file:
            next(file)  # the heads
            for line in file:
                fields = line.split()
                # They come first. Of the others there may be thousands, and each costs time.
                if int(fields[3], 16) != TCP_LISTEN:
                    break
                yield fields[9], int(fields[1].rpartition(":")[2], 16)
