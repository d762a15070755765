"""Find the subnet of an IP address by the subnets' own prefixes.

This needs no list of nodes, so it also works for unlisted nodes, for pods, and for nodes that no longer exist.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from ..model.network import address_prefixes
from ..model.resource_id import ArmId


class SubnetRanges:
    def __init__(self, subnets: Iterable[tuple[ArmId, Mapping[str, Any]]]) -> None:
        """Subnet ids with their ARM properties. Prefixes of one virtual network never overlap."""
        self._networks = [
            (network, subnet_id)
            for subnet_id, properties in subnets
            for prefix in address_prefixes(properties)
            if (network := _parsed(ipaddress.ip_network, prefix)) is not None
        ]

    def subnet_of(self, ip: str) -> ArmId | None:
        """None if the address is in none of the subnets, or is no IP address."""
        address = _parsed(ipaddress.ip_address, ip)
        return next((subnet_id for network, subnet_id in self._networks if address and address in network), None)


def _parsed(parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        return None
