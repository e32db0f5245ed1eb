"""Names and addresses, on a machine that knows nobody but itself."""

import ipaddress
import socket
from typing import Any

HOST = "localhost"
OWN = {HOST, "ip6-localhost", socket.gethostname()}
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
PASSIVE, NUMERIC_HOST = 1, 4  # flags
NO_NAME, NO_SERVICE, NO_FAMILY, NO_KIND = -2, -8, -6, -7  # errors
TCP = 6
SERVICES = {"http": 80, "https": 443}

Found = tuple[Any, Any, int, str, tuple[Any, ...]]


def resolve(  # noqa: PLR0917 - as the socket module has it
    host: str | bytes | None,
    port: str | bytes | int | None,
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
) -> list[Found]:
    """`socket.getaddrinfo`."""
    if family not in (0, *LOOPBACK):
        raise socket.gaierror(NO_FAMILY, "ai_family not supported")
    if type not in (0, socket.SOCK_STREAM):
        raise socket.gaierror(NO_KIND, "ai_socktype not supported: a tab has streams only")
    number = _port(port)
    found = [each for each in _addresses(host, flags) if family in (0, each[0])]
    if not found:
        raise socket.gaierror(NO_NAME, "Address family for hostname not supported")
    return [
        (of, socket.SOCK_STREAM, TCP, "", (address, number, *((0, 0) if ":" in address else ())))
        for of, address in found
    ]


def _addresses(host: str | bytes | None, flags: int) -> list[tuple[Any, str]]:
    name = host.decode() if isinstance(host, bytes) else host
    if not name:
        return list((ANY if flags & PASSIVE else LOOPBACK).items())
    if name in OWN and not flags & NUMERIC_HOST:
        return list(LOOPBACK.items())
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        text = f"Name or service not known: a tab reaches {HOST}, not {name!r}"
        raise socket.gaierror(NO_NAME, text) from None
    return [(FAMILIES[address.version], str(address))]


def _port(port: str | bytes | int | None) -> int:
    name = port.decode() if isinstance(port, bytes) else port
    try:
        return SERVICES[name] if name in SERVICES else int(name or 0)
    except ValueError:
        raise socket.gaierror(NO_SERVICE, "Servname not supported for ai_socktype") from None


def is_local(address: str) -> bool:
    """Tell whether a numeric address is this machine's."""
    return address in ("::1", "::", "0.0.0.0") or address.startswith("127.")


def by_address(address: str) -> tuple[str, list[str], list[str]]:
    """`socket.gethostbyaddr`."""
    found = resolve(address, 0)[0][4][0]
    if not is_local(found):
        raise socket.herror(1, "Unknown host")
    return HOST, [], [found]


def install() -> None:
    """Have the `socket` module ask here."""
    module: Any = socket
    module.getaddrinfo = resolve
    module.gethostbyname = lambda name: resolve(name, 0, socket.AF_INET)[0][4][0]
    module.gethostbyname_ex = lambda name: (HOST, [], [module.gethostbyname(name)])
    module.gethostbyaddr = by_address
    module.getnameinfo = lambda address, flags: (address[0], str(address[1]))
    module.has_ipv6 = True
