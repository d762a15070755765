"""What a plan takes the cluster to be, and what of it is new."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.planning.plan_builder import Outline, build_plan
from shared.core.planning.shape import new_in, shape_of
from shared.model.plan import CreatePublicIp, PlanKind
from shared.model.resource_id import ArmId
from shared.model.text import Text
from tests.support.builders import DEMAND, NETWORK, cluster, facts

STEP = CreatePublicIp(ArmId(f"{NETWORK}/publicIPAddresses/pip"), "westeurope", (), {})
PLAN = build_plan(Outline(PlanKind.RESERVE_PUBLIC_IPS, Text("reserve"), steps=(STEP,)), facts(), DEMAND)


def test_the_shape_is_what_only_people_change() -> None:
    scaled = tuple(replace(pool, count=pool.count + 1, provisioning_state="Scaling") for pool in cluster().pools)
    assert shape_of(cluster(scaled, power_state="Stopped")) == shape_of(cluster()) == PLAN.shape
    assert shape_of(cluster())["pool/user"] == "VirtualMachineScaleSets, snet-user"


@pytest.mark.parametrize("kind", ["VIRTUALMACHINESCALESETS", "virtualMachineScaleSets"])
def test_casing_is_no_news(kind: str) -> None:
    pools = tuple(replace(pool, kind=kind) for pool in cluster().pools)
    assert list(new_in(PLAN, facts(cluster(pools)))) == []


def test_a_plan_that_knows_no_shape_and_no_size_is_held_against_none() -> None:
    older = replace(PLAN, shape=None, demand=None)
    assert list(new_in(older, facts(cluster(outbound_type="none", has_auto_provisioning=True)))) == []


@pytest.mark.parametrize(("sized_for", "is_told"), [(0, False), (20, True), (21, False), (100, False)])
def test_more_nodes_than_the_plan_is_sized_for_are_told(sized_for: int, is_told: bool) -> None:
    """3 and 15 at most, with 10 % of surge each (AKS's default): 4 + 17."""
    sized = replace(PLAN, demand=replace(DEMAND, nodes=sized_for))
    told = list(new_in(sized, facts()))
    assert bool(told) is is_told
    assert not told or "21 nodes; the plan is sized for 20" in told[0]


def test_advice_and_ways_back_keep_no_shape() -> None:
    assert build_plan(Outline(PlanKind.ADVICE, Text("look")), facts()).shape is None
    assert build_plan(Outline(PlanKind.DETACH_NAT_GATEWAY, Text("back"), steps=(STEP,)), facts()).shape is None
