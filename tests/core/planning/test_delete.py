"""Deletion of what the bot made: each address that is lost is named, and what is used or foreign stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.core.planning.delete import check_steps, plan_deletion
from shared.model.access import Access, Lock
from shared.model.network import NetworkFacts, Ours
from shared.model.plan import CreatePublicIp, DeleteCreated
from shared.model.resource_id import ArmId
from tests.support.builders import NETWORK, USER_SUBNET, facts, nat_gateway
from tests.support.every import every
from tests.support.planned import TAGS, ip, ours, plan

MADE = plan(facts())


def left(**changed: Any) -> NetworkFacts:
    made = [step for step in MADE.steps if isinstance(step, CreatePublicIp)]
    gateway_id = MADE.nat_gateway_id or ""
    gateway = nat_gateway("ng-snatbot-shop-prod-1", id=gateway_id, subnet_ids=(), tags=TAGS, public_ip_ids=())
    ips = tuple(ip(number, id=step.id, attached_to_id=gateway_id) for number, step in enumerate(made, 1))
    known = ours(gateway_id, *(one.id for one in ips))
    return facts(**{"nat_gateways": (gateway,), "group_ips": ips, "ours": known, **changed})


def test_deletion_names_each_address_that_is_lost_and_takes_the_gateway_first() -> None:
    found = plan_deletion(MADE, left(), "change-1")
    assert found.is_executable
    assert [step.kind for step in found.steps] == ["delete_created"] * 3
    first = found.steps[0]
    assert isinstance(first, DeleteCreated)
    assert first.id == MADE.nat_gateway_id
    assert "203.0.113.1" in found.summary
    assert "203.0.113.2" in found.summary
    assert found.of_change_id == "change-1"
    assert found.commands
    assert every(" delete " in command for command in found.commands)
    assert not any(check.is_blocking for check in check_steps(found, left()))


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"nat_gateways": (), "group_ips": ()}, "resources"),
        ({"nat_gateways": (replace(left().nat_gateways[0], subnet_ids=(USER_SUBNET,)),)}, "use"),
        ({"group_ips": (replace(left().group_ips[0], attached_to_id=ArmId("/somebody")),)}, "use"),
        ({"group_ips": (replace(left().group_ips[0], tags={}),)}, "ownership"),
        ({"ours": Ours()}, "ownership"),
        (
            {"access": Access(locks=(Lock("keep", "CanNotDelete", ArmId(NETWORK.partition("/providers/")[0])),))},
            "locks",
        ),
    ],
)
def test_what_is_used_foreign_or_locked_is_not_deleted(changed: dict[str, Any], check: str) -> None:
    found = plan_deletion(MADE, left(**changed), "change-1")
    assert not found.is_executable
    assert check in {blocker.name for blocker in found.blockers}
