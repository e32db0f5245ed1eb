"""Ports and addresses: which are free, who can reach them, and what to say when one is taken."""

import argparse
import errno
import ipaddress
import socket


def next_free(port: int, address: str = "127.0.0.1", beside: str | None = None) -> int:
    """The first port above `port` that can be listened on; 0 when none can.

    For two servers side by side the one after it is free, too, at the address `beside`.
    """
    for candidate in range(port + 1, 65536 if beside is None else 65535):
        if is_free(candidate, address) and (beside is None or is_free(candidate + 1, beside)):
            return candidate
    return 0


def is_free(port: int, address: str = "127.0.0.1") -> bool:
    """Tell whether a port can be listened on just now."""
    return why_not(port, address) is None


def why_not(port: int, address: str = "127.0.0.1") -> OSError | None:
    """What goes wrong when a port is listened on just now; None when nothing does."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: a port whose last connections are only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error
    return None


def is_loopback(address: str) -> bool:
    """Tell whether only this machine reaches an address."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def refusal(
    error: OSError,
    port: int,
    address: str,
    command: str,
    *,
    option: str = "--port",
    beside: str | None = None,
) -> str:
    """Why a port could not be listened on, and what to type instead; `beside`: see `next_free`."""
    if error.errno == errno.EADDRINUSE:
        free = next_free(port, address, beside)
        return f"Port {port} is in use. The next free one is {free}: {command} {option} {free}"
    if error.errno == errno.EACCES:
        free = next_free(8000, address, beside)
        return f"Port {port} needs more rights. Try {command} {option} {free}"
    return f"{address} cannot be listened on: {error.strerror or error}"


def open_warning(address: str) -> str:
    """What to say loudly about an address; empty for one that only this machine reaches."""
    if is_loopback(address):
        return ""
    return f"NOTE: {address} is open to the network: everybody who can reach it gets in."


def a_port(text: str) -> int:
    """A port number on a command line."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 1 to 65535")
    return int(text)
