"""Public addresses to allocate: all reserved for documentation and benchmarks (RFC 5737, 2544, 3849)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

_SINGLES = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "198.18.0.0/16")
_BLOCKS = ipaddress.IPv4Network("198.19.0.0/16")
_SIX = ipaddress.IPv6Network("2001:db8:100::/48")


class PublicAddresses(Iterator[str]):
    """Single addresses by `next`, aligned ranges by `block`; each is given once."""

    def __init__(self) -> None:
        self._singles = (str(host) for network in _SINGLES for host in ipaddress.ip_network(network).hosts())
        self._next_in_block = int(_BLOCKS.network_address)
        self._next_six = int(_SIX.network_address) + 1

    def __next__(self) -> str:
        return next(self._singles)

    def block(self, prefix_length: int) -> str:
        """A range of IPv4 addresses, as `198.19.0.0/29`."""
        size = 2 ** (32 - prefix_length)
        start = -(-self._next_in_block // size) * size
        self._next_in_block = start + size
        return f"{ipaddress.IPv4Address(start)}/{prefix_length}"

    def six(self) -> str:
        """An IPv6 address."""
        self._next_six += 1
        return str(ipaddress.IPv6Address(self._next_six))
