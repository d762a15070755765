"""Which subnet an address is in, by the subnets' own prefixes.

That needs no list of nodes: it holds for nodes that nothing lists, for pods, and for nodes that are gone by now.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from ..model.network import address_prefixes
from ..model.resource_id import ArmId


class SubnetRanges:
    def __init__(self, subnets: Iterable[tuple[ArmId, Mapping[str, Any]]]) -> None:
        """Ids and ARM properties. Prefixes of one virtual network never overlap."""
        self._networks = [
            (network, subnet_id)
            for subnet_id, properties in subnets
            for prefix in address_prefixes(properties)
            if (network := _parsed(ipaddress.ip_network, prefix)) is not None
        ]

    def subnet_of(self, ip: str) -> ArmId | None:
        """None for an address of none of them, and for what is no address."""
        address = _parsed(ipaddress.ip_address, ip)
        return next((subnet_id for network, subnet_id in self._networks if address and address in network), None)


def _parsed(parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        return None
