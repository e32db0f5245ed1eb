"""Whom a certificate is for."""

import ipaddress
from typing import Any

from tlslite.utils.asn1parser import ASN1Parser

ALTERNATIVE_NAMES = bytes.fromhex("0603551d11")  # the extension's identifier
DNS, ADDRESS = 0x82, 0x87  # tags of names in it


def names(certificate: Any) -> list[tuple[str, str]]:
    """Whom a certificate is for: its subject's alternative names."""
    whole = bytes(certificate.bytes)
    at = whole.find(ALTERNATIVE_NAMES)
    if at < 0:
        return []
    rest = whole[at + len(ALTERNATIVE_NAMES) :]
    rest = rest[3:] if rest.startswith(b"\x01\x01\xff") else rest  # it may be critical
    found = []
    listed = ASN1Parser(bytearray(ASN1Parser(bytearray(rest)).value))
    for index in range(listed.getChildCount()):
        name = listed.getChild(index)
        tag, value = listed.getChildBytes(index)[0], bytes(name.value)
        if tag == DNS:
            found.append(("DNS", value.decode()))
        elif tag == ADDRESS:
            found.append(("IP Address", str(ipaddress.ip_address(value))))
    return found


def matches(hostname: str | None, listed: list[tuple[str, str]]) -> bool:
    """Tell whether a certificate with such names is for this host."""
    if is_address(hostname):
        return ("IP Address", hostname) in listed
    parent = (hostname or "").partition(".")[2]
    return any(kind == "DNS" and name in (hostname, f"*.{parent}") for kind, name in listed)


def is_address(hostname: str | None) -> bool:
    """Tell whether it is a number, and no name."""
    try:
        ipaddress.ip_address(hostname or "")
    except ValueError:
        return False
    return True
