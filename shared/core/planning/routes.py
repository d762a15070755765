"""Where a subnet's own routes send traffic to public addresses: they take precedence over a NAT gateway.

A default route can be split into parts such as 0.0.0.0/1 and 128.0.0.0/1, so this module computes the share of the
public IPv4 address space that all routes together send elsewhere. The longest prefix wins (Azure docs:
nat-gateway/nat-overview, virtual-networks-udr-overview).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, ip_network

from ...model.network import Route

# Private, shared (100.64/10), loopback, link-local, multicast and reserved addresses are not public.
_NOT_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_SERVICE_TAG = re.compile(r"[A-Za-z]\w*(\.\w+)*", re.ASCII)  # such as AzureCloud or Storage.WestEurope


class Hop(StrEnum):
    """Where a next hop sends traffic to public addresses."""

    INTERNET = "internet"
    ELSEWHERE = "elsewhere"
    DROPPED = "dropped"
    UNKNOWN = "unknown"


_HOPS = {
    "internet": Hop.INTERNET,
    "none": Hop.DROPPED,
    "virtualappliance": Hop.ELSEWHERE,
    "virtualapplianceecmp": Hop.ELSEWHERE,
    "virtualnetworkgateway": Hop.ELSEWHERE,
    "vnetlocal": Hop.ELSEWHERE,
}


@dataclass(frozen=True, slots=True)
class PublicRoutes:
    detoured: int = 0  # number of public addresses that the detours cover
    detours: tuple[Route, ...] = ()  # routes that send public addresses elsewhere, or drop them
    unsized: tuple[Route, ...] = ()  # routes that do so for a service tag, whose addresses are not known here
    unknown: tuple[Route, ...] = ()  # routes whose prefix or next hop can't be parsed

    @property
    def is_most(self) -> bool:
        """Whether detours cover at least half of the public addresses."""
        return 2 * self.detoured >= PUBLIC_ADDRESSES

    @property
    def drops(self) -> bool:
        return any(hop_of(route) is Hop.DROPPED for route in (*self.detours, *self.unsized))


def hop_of(route: Route) -> Hop:
    return _HOPS.get(route.next_hop_type.strip().lower(), Hop.UNKNOWN)


def public_routes(routes: Iterable[Route]) -> PublicRoutes:
    """The public routes of one subnet, without IPv6 routes and routes for private addresses."""
    sized: list[tuple[IPv4Network, Route]] = []
    unsized, unknown = [], []
    for route in routes:
        try:
            network = ip_network(route.prefix.strip(), strict=False)
        except ValueError:
            is_tag = _SERVICE_TAG.fullmatch(route.prefix.strip()) is not None
            if not is_tag or hop_of(route) is Hop.UNKNOWN:
                unknown.append(route)
            elif hop_of(route) is not Hop.INTERNET:
                unsized.append(route)
            continue
        if isinstance(network, IPv4Network):
            sized.append((network, route))
    effective = [(route, size) for route, size in _effective(sized) if size]
    detours = [(route, size) for route, size in effective if hop_of(route) in (Hop.ELSEWHERE, Hop.DROPPED)]
    unknown += [route for route, _ in effective if hop_of(route) is Hop.UNKNOWN]
    total = sum(size for _, size in detours)
    return PublicRoutes(total, tuple(route for route, _ in detours), tuple(unsized), tuple(unknown))


def _effective(routes: Iterable[tuple[IPv4Network, Route]]) -> list[tuple[Route, int]]:
    """Each route with the number of public addresses that no longer prefix covers."""

    def order(entry: tuple[IPv4Network, Route]) -> tuple[int, int, bool]:
        # Azure does not allow two routes for the same prefix; if there are two, the detour counts.
        network, route = entry
        return int(network.network_address), network.prefixlen, hop_of(route) is not Hop.INTERNET

    found = sorted(routes, key=order)
    sizes = [_public_size(network) for network, _ in found]
    around: list[int] = []  # networks that contain the present one, the smallest last
    for index, (network, _) in enumerate(found):
        while around and not network.subnet_of(found[around[-1]][0]):
            around.pop()
        if around:
            sizes[around[-1]] -= _public_size(network)
        around.append(index)
    return [(route, size) for (_, route), size in zip(found, sizes, strict=True)]


def _public_size(network: IPv4Network) -> int:
    if any(network.subnet_of(other) for other in _NOT_PUBLIC):
        return 0
    return network.num_addresses - sum(other.num_addresses for other in _NOT_PUBLIC if other.subnet_of(network))


PUBLIC_ADDRESSES = _public_size(IPv4Network("0.0.0.0/0"))
