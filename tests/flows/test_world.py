"""Whether an approved plan still fits: what changed forbids it, what could not be looked at just now makes it wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.detachment import plan_detachment
from shared.core.planner import plan_attachment
from shared.flows.world import whats_different
from shared.model.network import NetworkFacts
from tests.core.builders import BASELINE, DEMAND, POLICY, SYSTEM_SUBNET, USER_SUBNET, cluster, facts, subnet

PLAN = plan_attachment(facts(), DEMAND, BASELINE, POLICY)
ATTACHED = facts(subnets=tuple(subnet(one, nat_gateway_id=PLAN.nat_gateway_id) for one in (USER_SUBNET, SYSTEM_SUBNET)))
WAY_BACK = plan_detachment(PLAN, ATTACHED, "change-1", (USER_SUBNET, SYSTEM_SUBNET))


def test_nothing_changed() -> None:
    for plan, of in ((PLAN, facts()), (WAY_BACK, ATTACHED)):
        found = whats_different(plan, of)
        assert (found.forbids, found.unclear) == ((), ())


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (facts(cluster(power_state="Stopped")), "the cluster is Stopped"),
        (facts(subnets=(subnet(USER_SUBNET, properties={}), subnet(SYSTEM_SUBNET))), "snet-user: addressPrefix"),
        (replace(ATTACHED, subnets=(ATTACHED.subnets[0], subnet(SYSTEM_SUBNET))), "its NAT gateway is"),
    ],
)
def test_what_changed_forbids_it(of: NetworkFacts, said: str) -> None:
    assert any(said in one for one in whats_different(PLAN, of).forbids)


def test_what_was_not_read_is_not_taken_for_gone() -> None:
    hidden = facts(subnets=(), load_balancer=None, unreadable=("subnet snet-user (503)",))
    found = whats_different(PLAN, hidden)
    assert (found.forbids, found.unclear) == ((), ("subnet snet-user (503)",))
    for unread in ("load balancer (503)", "subnet snet-user (503)"):
        found = whats_different(WAY_BACK, replace(ATTACHED, load_balancer=None, subnets=(), unreadable=(unread,)))
        assert (found.forbids, found.unclear) == ((), (unread,))


def test_the_way_back_does_not_wait_for_what_it_does_not_need() -> None:
    found = whats_different(WAY_BACK, replace(ATTACHED, nodes=(), unreadable=("nodes (403)",)))
    assert (found.forbids, found.unclear) == ((), ())
