"""Steps, resources and costs in words."""

from __future__ import annotations

import pytest

from shared.chat.labels import describe_cost, describe_ips, describe_step, resource_name
from shared.model.plan import AssociateSubnet, Cost, ObserveEgress
from shared.model.resource_id import ArmId
from shared.model.text import Text
from tests.support import nouns

PREFIX = f"{nouns.GROUP}/publicIPPrefixes/ippre-1"


def test_taking_a_gateway_off_is_said_as_that() -> None:
    step = AssociateSubnet(ArmId(nouns.SUBNETS[0]), nouns.GATEWAY, None, {})
    assert describe_step(step) == "Take the NAT gateway off subnet `snet-user`"
    watched = describe_step(ObserveEgress(None, step.subnet_id, nouns.make_cluster().id))
    assert watched == "Watch subnet `snet-user` until its nodes leave through the load balancer"


@pytest.mark.parametrize(
    ("resource_id", "name"), [(nouns.GATEWAY, "ng-shop-prod-1"), ("no id at all", "no id at all"), (None, "none")]
)
def test_a_resource_is_called_by_its_name(resource_id: str | None, name: str) -> None:
    assert resource_name(resource_id) == name


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (nouns.IPS[:1], "1 public IP"),
        (nouns.IPS, "2 public IPs"),
        ((PREFIX,), "public IP prefix `ippre-1`"),
        ((*nouns.IPS, PREFIX), "2 public IPs and public IP prefix `ippre-1`"),
        ((), ""),
    ],
)
def test_addresses_are_counted_and_prefixes_named(ids: tuple[str, ...], words: str) -> None:
    assert describe_ips(ids) == words


def test_a_cost_says_whose_prices_these_are_and_an_unknown_one_why() -> None:
    known = Cost(44.97, "USD", (Text("one gateway"), Text("two IPs")), "PRICES", "2026-11")
    assert describe_cost(known) == "44.97 USD a month: one gateway; two IPs (PRICES as of 2026-11)"
    assert describe_cost(Cost(None, "USD", (Text("no price is set"),))) == "Unknown here: no price is set"
