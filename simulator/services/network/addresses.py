"""Public addresses to hand out: all reserved for documentation and benchmarks (RFC 5737, RFC 2544)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

_NETWORKS = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "198.18.0.0/15")


def public_addresses() -> Iterator[str]:
    """Addresses, each once."""
    for network in _NETWORKS:
        for address in ipaddress.ip_network(network).hosts():
            yield str(address)
