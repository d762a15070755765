"""Names and ids of what is created."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.planning.naming import group_id, is_ours, new_ids
from shared.model.network import Ours
from tests.support.builders import NETWORK, VNET, facts, nat_gateway

TEMPLATE = "{kind}-{cluster}-{number}"


def test_ids_go_where_new_resources_go_and_leave_out_what_is_taken() -> None:
    of = facts(taken_names=("PIP-shop-prod-1",))
    found = new_ids(of, "pip", 2, TEMPLATE)
    assert found == [f"{NETWORK}/publicIPAddresses/pip-shop-prod-{number}" for number in (2, 3)]
    assert new_ids(of, "ng", 1, TEMPLATE) == [f"{NETWORK}/natGateways/ng-shop-prod-1"]
    assert new_ids(of, "ippre", 1, TEMPLATE)[0].type == "Microsoft.Network/publicIPPrefixes"
    assert new_ids(of, "pip", -1, TEMPLATE) == []


def test_the_group_is_the_networks_or_the_one_that_the_owner_names() -> None:
    assert group_id(VNET, "").rpartition("/")[2] == "rg-network"
    assert group_id(VNET, "rg(egress)").rpartition("/")[2] == "rg(egress)"


@pytest.mark.parametrize(
    ("tags", "is_known", "ours"),
    [
        ({"snatbot": "shop-prod"}, True, True),
        ({"snatbot": "shop-prod"}, False, False),
        ({"snatbot": "shop-test"}, True, False),
        ({}, True, False),
        (None, True, False),
    ],
)
def test_tag_and_records_must_both_say_so(tags: dict[str, str] | None, is_known: bool, ours: bool) -> None:
    gateway = replace(nat_gateway(), tags=tags)
    known = Ours(frozenset({gateway.id}) if is_known else frozenset())
    assert is_ours(gateway, facts(ours=known)) is ours
