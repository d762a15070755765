"""What part of the public address space a set of routes sends elsewhere, against a count by segments."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.planning.routes import PUBLIC_ADDRESSES, public_routes
from shared.model.network import Route
from tests.support.thorough import examples

END = 2**32
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
SPECIAL = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
HIDDEN = [IPv4Network(text) for text in (*PRIVATE, *SPECIAL)]
HOPS = ("Internet", "VirtualAppliance", "VirtualNetworkGateway", "VnetLocal", "None")


def route(prefix: str, hop: str = "VirtualAppliance") -> Route:
    return Route(prefix, prefix, hop)


def routes(*prefixes: str, hop: str = "VirtualAppliance") -> list[Route]:
    return [route(prefix, hop) for prefix in prefixes]


def counted(given: Sequence[Route]) -> int:
    """Public addresses that leave elsewhere. All between two borders are alike, so the first of them tells."""
    networks = [(IPv4Network(one.prefix, strict=False), one) for one in given]
    borders = {0, END}
    for network in (*HIDDEN, *(network for network, _ in networks)):
        borders |= {int(network.network_address), int(network.broadcast_address) + 1}
    ordered, total = sorted(borders), 0
    for start, end in pairwise(ordered):
        address = IPv4Address(start)
        if any(address in network for network in HIDDEN):
            continue
        holding = [(network.prefixlen, one) for network, one in networks if address in network]
        if holding and max(holding, key=lambda entry: entry[0])[1].next_hop_type != "Internet":
            total += end - start
    return total


NETWORKS = st.builds(
    lambda address, length: str(IPv4Network((address, length), strict=False)),
    st.one_of(st.integers(0, END - 1), st.sampled_from([0, 2**31, int(IPv4Address("10.0.0.0"))])),
    st.integers(0, 32),
)


@examples(80)
@given(st.dictionaries(NETWORKS, st.sampled_from(HOPS), max_size=12))
def test_the_longest_prefix_wins_and_only_public_addresses_count(hops: dict[str, str]) -> None:
    given_routes = [route(prefix, hop) for prefix, hop in hops.items()]
    found = public_routes(given_routes)
    assert found.detoured == counted(given_routes)
    assert found.is_most == (2 * counted(given_routes) >= counted(routes("0.0.0.0/0")))
    assert (found.unknown, found.unsized) == ((), ())
    assert public_routes(reversed(given_routes)).detoured == found.detoured


@examples(50)
@given(st.integers(0, 8))
def test_a_default_route_in_pieces_is_a_default_route(length: int) -> None:
    pieces = [str(piece) for piece in IPv4Network("0.0.0.0/0").subnets(new_prefix=length)]
    assert public_routes(routes(*pieces)).detoured == PUBLIC_ADDRESSES == counted(routes("0.0.0.0/0"))


@pytest.mark.parametrize(
    ("given_routes", "is_most"),
    [
        (routes("0.0.0.0/0"), True),
        (routes("0.0.0.0/1", "128.0.0.0/1"), True),
        (routes("0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"), True),
        (routes("0.0.0.0/1"), True),  # the lower half has more public addresses: multicast and reserved are above
        (routes("128.0.0.0/1"), False),
        (routes("0.0.0.0/2", "64.0.0.0/2"), True),
        (routes("198.51.100.0/24"), False),
        (routes(*PRIVATE, *SPECIAL), False),
        (routes("0.0.0.0/0", hop="Internet"), False),
        ([route("0.0.0.0/0"), *routes("0.0.0.0/1", "128.0.0.0/1", hop="internet")], False),
        ([route("0.0.0.0/0"), route("0.0.0.0/1", "Internet")], False),
        ([route("0.0.0.0/0"), route("128.0.0.0/1", "Internet")], True),
        ([route("0.0.0.0/0", "Internet"), route("0.0.0.0/0")], True),  # Azure allows no second one: the worse counts
        (routes("::/0"), False),
        ([], False),
    ],
)
def test_half_of_the_public_addresses_are_most(given_routes: list[Route], is_most: bool) -> None:
    assert public_routes(given_routes).is_most is is_most
    assert public_routes(given_routes).unknown == ()


@pytest.mark.parametrize(
    ("odd", "kind"),
    [
        (route("AzureCloud"), "unsized"),
        (route("Storage.WestEurope", "None"), "unsized"),
        (route("AzureCloud.westeurope", "Internet"), ""),
        (route("AzureCloud", "Wormhole"), "unknown"),
        (route("0.0.0.0/33"), "unknown"),
        (route("0.0.0.0/0", "Internet-ish"), "unknown"),
        (route("203.0.113.0/24", ""), "unknown"),
        (route(""), "unknown"),
        (route("", "Internet"), "unknown"),
        (route("10.1.0.0/16", "Wormhole"), ""),
        (route(" 198.51.100.7 ", " VIRTUALAPPLIANCEECMP "), "detours"),
    ],
)
def test_what_has_no_known_size_or_meaning_is_named(odd: Route, kind: str) -> None:
    found = public_routes([odd])
    named = {name for name in ("detours", "unsized", "unknown") if getattr(found, name)}
    assert named == ({kind} if kind else set())


def test_what_is_dropped_is_seen_however_small() -> None:
    assert public_routes([route("203.0.113.0/24", "NONE")]).drops
    assert not public_routes([route("10.0.0.0/8", "None"), route("203.0.113.0/24")]).drops
    hidden = [route("203.0.113.0/24", "None"), *routes("203.0.113.0/25", "203.0.113.128/25", hop="Internet")]
    assert not public_routes(hidden).drops
