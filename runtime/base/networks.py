"""Which network addresses may be reached: public ones, and those of the others that an administrator names.

The addresses at which clouds hand out credentials are never reached. An address that carries an IPv4 address inside
(mapped, NAT64, 6to4, Teredo) counts as that.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from .errors import BaigongError

__all__ = ["Address", "AddressRefused", "Guard", "Network", "allows", "read_networks"]

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NEVER: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.169.254/32",
        "169.254.170.2/32",
        "100.100.100.200/32",
        "fd00:ec2::254/128",
        "168.63.129.16/32",
    )
)
"""Where clouds hand out credentials."""

_NAT64: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")


class AddressRefused(BaigongError):
    """An address must not be reached: it is inside this network, the port is not allowed, or all of it is offline."""

    code = "BG903"
    exit_code = 4
    status = 403
    undone = True


@dataclass(frozen=True, slots=True)
class Guard:
    """Which addresses may be reached.

    Args:
        inner: Networks that are not public and may be reached all the same.
        ports: Ports that may be reached.
        offline: Whether nothing beyond this machine may be reached; what `inner` names of the machine itself may.
    """

    inner: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset({80, 443})
    offline: bool = False

    def check(self, host: str, port: int, addresses: Iterable[Address]) -> list[Address]:
        """Return the addresses of a host if all of them may be reached.

        Raises:
            AddressRefused: One must not be.
        """
        if port not in self.ports:
            raise AddressRefused(
                f"The port {port} is not allowed.", where=host, fix="Name it in policy.egress: host:port."
            )
        found = list(addresses)
        if not found:
            raise AddressRefused("The host has no address.", where=host)
        for address in found:
            self._check(host, address)
        return found

    def _check(self, host: str, address: Address) -> None:
        inside = embedded(address)
        if any(inside in network for network in _NEVER):
            raise AddressRefused(f"The address {address} is never reached.", where=host)
        if any(inside in network for network in self.inner):
            if self.offline and not inside.is_loopback:
                raise _offline(host)
            return
        if self.offline:
            raise _offline(host)
        if not inside.is_global or inside.is_multicast or inside.is_reserved:
            raise AddressRefused(
                f"The address {address} is not a public one.",
                where=host,
                fix="An administrator may allow it with BAIGONG_INNER_NETWORKS.",
            )


def _offline(host: str) -> AddressRefused:
    return AddressRefused("The setting BAIGONG_OFFLINE refuses every connection that leaves this machine.", where=host)


def embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    carries = any(address in network for network in _NAT64)
    if carries or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def read_networks(text: str) -> tuple[Network, ...]:
    """Read networks such as `10.0.0.0/8, 127.0.0.1`, separated by commas.

    Raises:
        ValueError: One is none.
    """
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def allows(egress: Iterable[str], url: str) -> bool:
    """Whether a policy lets a URL be reached: `host`, `host:port` or `*.domain`; without a port, the scheme's own."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    for entry in egress:
        name, _, port = entry.lower().rpartition(":") if re.search(r":\d+$", entry) else (entry.lower(), "", "")
        fits = host.endswith(name[1:]) and host != name[2:] if name.startswith("*.") else host == name.strip("[]")
        if fits and parts.port == (int(port) if port else None):
            return True
        if fits and port and parts.port is None and int(port) == {"http": 80, "https": 443}.get(parts.scheme):
            return True
    return False
