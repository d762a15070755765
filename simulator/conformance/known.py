"""Differences that are accepted, each with its reason.

Each rule names kinds of resources and the places of differences, never a recording. A difference that
no rule covers makes the run fail.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .difference import Difference
from .history import type_of
from .recording import Exchange


@dataclass(frozen=True)
class Known:
    """A reason, and the differences it explains: `types` of resources and `places` (`kind where`), as globs."""

    reason: str
    types: tuple[str, ...]
    places: tuple[str, ...]

    def covers(self, exchange: Exchange, difference: Difference) -> bool:
        kind, place = type_of(exchange), f"{difference.kind} {difference.where.removeprefix('value[].')}"
        return any(fnmatchcase(kind, each) for each in self.types) and any(
            fnmatchcase(place, each.replace("[]", "[[]]")) for each in self.places
        )


_INTERFACES = ("microsoft.compute/virtualmachinescalesets*/networkinterfaces",)
_CLUSTERS = ("microsoft.containerservice/managedclusters",)
_BALANCING = "properties.ipConfigurations[].properties.loadBalancer"

KNOWN = (
    Known(
        "The interfaces that are simulated are those of AKS's nodes, with their settings and load balancer pools; "
        "the recorded scale sets were not AKS's.",
        _INTERFACES,
        (
            f"length {_BALANCING}BackendAddressPools[]",
            f"value {_BALANCING}BackendAddressPools[].id",
            f"missing {_BALANCING}InboundNatRules",
            "value properties.enableAcceleratedNetworking",
            "value properties.enableIPForwarding",
        ),
    ),
    Known(
        "Interfaces of machines that are being made, and second interfaces, lack them; "
        "nodes are simulated running, with one interface.",
        _INTERFACES,
        ("extra properties.primary", "extra properties.dnsSettings.internalDomainNameSuffix"),
    ),
    Known(
        "Api-version 2016-03-30 gave interfaces a location and knew less of them; what is newer is simulated.",
        _INTERFACES,
        (
            "missing location",
            "extra properties.enableAcceleratedNetworking",
            "extra properties.hostedWorkloads",
            "extra properties.tapConfigurations",
        ),
    ),
    Known(
        "Clusters of availability sets (one pool, no node image) are not simulated; Azure has retired them.",
        _CLUSTERS,
        ("value properties.maxAgentPools", "extra properties.agentPoolProfiles[].nodeImageVersion"),
    ),
    Known(
        "Clusters are shown as preview api-versions do; stable ones of 2023 left these out.",
        _CLUSTERS,
        (
            "extra properties.agentPoolProfiles[].workloadRuntime",
            "extra properties.agentPoolProfiles[].enableCustomCATrust",
            "extra properties.agentPoolProfiles[].networkProfile",
            "extra properties.networkProfile.loadBalancerProfile.backendPoolType",
        ),
    ),
    Known(
        "A cluster's own outbound addresses are simulated as public IPs, not as prefixes.",
        _CLUSTERS,
        (
            "missing properties.networkProfile.loadBalancerProfile.outboundIPPrefixes",
            "extra properties.networkProfile.loadBalancerProfile.outboundIPs",
        ),
    ),
    Known(
        "Usage counts what is in the simulator, and only the kinds of resources that are simulated.",
        ("microsoft.network/locations/usages",),
        ("length value[]", "value *"),
    ),
    Known(
        "Azure stopped showing it between 2020 and 2023.",
        ("microsoft.network/virtualnetworks*",),
        ("missing properties.enableVmProtection", "missing properties.subnetID"),
    ),
    Known(
        "The default was Enabled in 2020 and is Disabled since 2023 at the latest.",
        ("microsoft.network/virtualnetworks/subnets",),
        ("value properties.privateEndpointNetworkPolicies",),
    ),
)


def reason_for(exchange: Exchange, difference: Difference, known: Iterable[Known] = KNOWN) -> str | None:
    """Why a difference is accepted, or None."""
    return next((each.reason for each in known if each.covers(exchange, difference)), None)
