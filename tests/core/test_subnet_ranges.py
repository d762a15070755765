"""Which subnet an address is in, in every shape that Azure gives a subnet's prefixes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.core.subnet_ranges import SubnetRanges
from tests.support.builders import SYSTEM_SUBNET, USER_SUBNET


@pytest.mark.parametrize(
    "properties",
    [
        {"addressPrefix": "10.1.0.0/24"},
        {"addressPrefix": None, "addressPrefixes": ["10.1.0.0/24", "fd00::/64"]},
        {"addressPrefixes": ["10.9.0.0/24", "10.1.0.0/24"], "addressPrefix": "10.1.0.0/24"},
    ],
)
def test_an_address_is_placed_by_the_prefix_that_holds_it(properties: dict[str, Any]) -> None:
    ranges = SubnetRanges([(USER_SUBNET, properties), (SYSTEM_SUBNET, {"addressPrefix": "10.2.0.0/24"})])
    assert ranges.subnet_of("10.1.0.255") == USER_SUBNET
    assert ranges.subnet_of("10.2.0.4") == SYSTEM_SUBNET
    assert ranges.subnet_of("10.3.0.4") is None


@pytest.mark.parametrize("properties", [{}, {"addressPrefixes": None}, {"addressPrefix": ""}, {"addressPrefix": 7}])
def test_a_subnet_without_a_readable_prefix_holds_nothing(properties: dict[str, Any]) -> None:
    assert SubnetRanges([(USER_SUBNET, properties)]).subnet_of("10.1.0.4") is None


@pytest.mark.parametrize("ip", ["", "aks-node-1", "10.1.0", "fe80::1"])
def test_what_is_no_address_of_a_subnet_is_in_none(ip: str) -> None:
    assert SubnetRanges([(USER_SUBNET, {"addressPrefix": "10.1.0.0/24"})]).subnet_of(ip) is None
