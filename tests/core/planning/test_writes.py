"""What steps write, count and leave from."""

from __future__ import annotations

import pytest

from shared.core.planning.writes import count_new, existing_ids, new_resources, new_types, planned_ip_ids, written_id
from shared.model.network import PublicIp
from shared.model.plan import AddPublicIps, CreateNatGateway, CreatePublicIp, ObserveEgress, Step
from tests.support.builders import facts, nat_gateway
from tests.support.every_step import STEPS


def test_every_step_but_a_gate_writes_one_resource() -> None:
    for step in STEPS:
        assert (written_id(step) is None) is isinstance(step, ObserveEgress)


def test_addresses_of_prefixes_count_each_and_gateways_apart() -> None:
    made = new_resources(STEPS, facts())
    ips, gateways = count_new(made)
    assert ips == sum(step.address_count for step in made)
    assert gateways == sum(isinstance(step, CreateNatGateway) for step in made)
    assert count_new(()) == (0, 0)


def test_what_is_there_is_not_new() -> None:
    first = next(step for step in STEPS if isinstance(step, CreatePublicIp))
    there = facts(group_ips=(PublicIp(first.id, "pip", "203.0.113.1", "Standard", "Succeeded"),))
    assert existing_ids(STEPS, there) == (first.id,)
    assert first not in new_resources(STEPS, there)
    assert "microsoft.network/natgateways" in new_types(STEPS, there)


@pytest.mark.parametrize("step", STEPS)
def test_planned_ips_are_those_that_nodes_would_leave_from(step: Step) -> None:
    there = facts(nat_gateways=(nat_gateway(id=step.nat_gateway_id),) if isinstance(step, ObserveEgress) else ())
    found = planned_ip_ids((step, step), there)
    assert len(set(found)) == len(found)
    match step:
        case CreateNatGateway():
            assert found == step.egress_ids
        case AddPublicIps():
            assert found == (*step.after_ids, *step.after_prefix_ids)
        case ObserveEgress(nat_gateway_id=str()):
            assert found == nat_gateway().egress_ids
