"""The rules that every network security group has (Azure docs: network-security-groups-overview)."""

from __future__ import annotations

from typing import Any

_ANY = "*"
_DEFAULTS = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", _ANY),
    ("DenyAllInBound", 65500, "Inbound", "Deny", _ANY, _ANY),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", _ANY, "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", _ANY, _ANY),
)


def default_rules() -> list[dict[str, Any]]:
    """The default rules, each with a name and properties."""
    return [
        {
            "name": name,
            "properties": {
                "protocol": _ANY,
                "sourcePortRange": _ANY,
                "destinationPortRange": _ANY,
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "access": access,
                "priority": priority,
                "direction": direction,
            },
        }
        for name, priority, direction, access, source, destination in _DEFAULTS
    ]
