"""What differs between the types of network resources that can be written.

Durations and Retry-After are as recorded from Azure: a public IP took about a second and says 1, a
subnet 3, a NAT gateway about ten seconds and says 10; deletions say 10. Polls repeat it. Durations
are a little shorter than that, so that a client that waits as told waits once.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DELETE_SECONDS = 9.8
DELETE_RETRY_AFTER = 10


@dataclass(frozen=True)
class Kind:
    """A writable type: its name in operations, how long writes take, defaults, read-only properties."""

    resource_type: str
    operation_noun: str
    put_seconds: float
    put_retry_after: int
    defaults: Mapping[str, Any] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()
    sku: str | None = None
    members: frozenset[str] = frozenset()  # all that a body may have, in lower case; empty: anything

    @property
    def put_name(self) -> str:
        return f"Put{self.operation_noun}Operation"

    @property
    def delete_name(self) -> str:
        return f"Delete{self.operation_noun}Operation"

    def filled(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """Written properties with Azure's defaults, without what is read-only."""
        kept = {name: value for name, value in written.items() if name not in self.read_only}
        return copy.deepcopy(dict(self.defaults)) | copy.deepcopy(kept)


_COMMON = {"provisioningState", "resourceGuid"}

SUBNETS = Kind(
    "virtualNetworks/subnets",
    "Subnet",
    2.8,
    3,
    defaults={
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    },
    read_only=frozenset(
        _COMMON
        | {
            "ipConfigurations",
            "ipConfigurationProfiles",
            "privateEndpoints",
            "resourceNavigationLinks",
            "serviceAssociationLinks",
            "interfaceEndpoints",
            "purpose",
        }
    ),
)
VIRTUAL_NETWORKS = Kind(
    "virtualNetworks",
    "VirtualNetwork",
    2.8,
    3,
    defaults={
        "addressSpace": {"addressPrefixes": []},
        "virtualNetworkPeerings": [],
        "enableDdosProtection": False,
        "privateEndpointVNetPolicies": "Disabled",
    },
    read_only=frozenset(_COMMON | {"subnets", "flowLogs", "defaultPublicNatGateway", "enableVmProtection"}),
)
PUBLIC_IPS = Kind(
    "publicIPAddresses",
    "PublicIpAddress",
    0.9,
    1,
    defaults={
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Dynamic",
        "idleTimeoutInMinutes": 4,
        "ipTags": [],
        "ddosSettings": {"protectionMode": "VirtualNetworkInherited"},
    },
    read_only=frozenset(_COMMON | {"ipConfiguration", "natGateway"}),
    sku="Basic",
)
PUBLIC_IP_PREFIXES = Kind(
    "publicIPPrefixes",
    "PublicIpPrefix",
    2.8,
    3,
    defaults={"publicIPAddressVersion": "IPv4", "ipTags": []},
    read_only=frozenset(_COMMON | {"publicIPAddresses", "loadBalancerFrontendIpConfiguration", "natGateway"}),
    sku="Standard",
)
NAT_GATEWAYS = Kind(
    "natGateways",
    "NatGateway",
    9.8,
    10,
    defaults={"idleTimeoutInMinutes": 4},
    read_only=frozenset(_COMMON | {"subnets", "type", "scope", "privateIPAddresses", "privateIPAddressesV6"}),
    sku="Standard",
    # Of the SDK's model NatGatewayPropertiesFormat (azure-mgmt-network 33.1, api 2026-03-01).
    members=frozenset(
        {"provisioningstate", "resourceguid", "subnets", "idletimeoutinminutes", "publicipaddresses"}
        | {"publicipaddressesv6", "publicipprefixes", "publicipprefixesv6", "sourcevirtualnetwork"}
        | {"servicegateway", "nat64"}
    ),
)
SECURITY_GROUPS = Kind(
    "networkSecurityGroups",
    "NetworkSecurityGroup",
    2,
    3,
    defaults={"securityRules": []},
    read_only=frozenset(_COMMON | {"defaultSecurityRules", "networkInterfaces", "subnets", "flowLogs"}),
)
ROUTE_TABLES = Kind(
    "routeTables",
    "RouteTable",
    2,
    3,
    defaults={"disableBgpRoutePropagation": False, "routes": []},
    read_only=frozenset(_COMMON | {"subnets"}),
)

KINDS = {
    f"microsoft.network/{kind.resource_type}".lower(): kind
    for kind in (
        VIRTUAL_NETWORKS,
        SUBNETS,
        PUBLIC_IPS,
        PUBLIC_IP_PREFIXES,
        NAT_GATEWAYS,
        SECURITY_GROUPS,
        ROUTE_TABLES,
    )
}
