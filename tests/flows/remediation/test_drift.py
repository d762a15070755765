"""Whether an approved plan still fits: what changed forbids it, what could not be looked at just now makes it wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.planning.detach import plan_detachment
from shared.core.planning.planner import plan_attachment
from shared.flows.remediation.drift import Drift, find_drift
from shared.model.access import Access, Quota
from shared.model.cluster import NodePool
from shared.model.network import NetworkFacts, Ours, PublicIp
from shared.model.plan import AssociateSubnet, CreatePublicIp
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.model.unreadable import Unreadable, UnreadableKind
from tests.support.builders import (
    BASELINE,
    DEMAND,
    PLAN_OPTIONS,
    SYSTEM_SUBNET,
    USER_SUBNET,
    VNET,
    cluster,
    facts,
    load_balancer,
    nat_gateway,
    nic_configuration,
    node,
    subnet,
)

PLAN = plan_attachment(facts(), DEMAND, BASELINE, PLAN_OPTIONS)
ATTACHED = facts(subnets=tuple(subnet(one, nat_gateway_id=PLAN.nat_gateway_id) for one in (USER_SUBNET, SYSTEM_SUBNET)))
WAY_BACK = plan_detachment(PLAN, ATTACHED, "change-1", dict.fromkeys((USER_SUBNET, SYSTEM_SUBNET)))


def test_nothing_changed() -> None:
    for plan, of in ((PLAN, facts()), (WAY_BACK, ATTACHED)):
        found = find_drift(plan, of)
        assert (found.blocking, found.pending) == ((), ())


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (facts(cluster(power_state="Stopped")), "the cluster is Stopped"),
        (facts(subnets=(subnet(USER_SUBNET, properties={}), subnet(SYSTEM_SUBNET))), "snet-user: addressPrefix"),
        (replace(ATTACHED, subnets=(ATTACHED.subnets[0], subnet(SYSTEM_SUBNET))), "its NAT gateway is"),
    ],
)
def test_what_changed_forbids_it(of: NetworkFacts, said: str) -> None:
    assert any(said in one for one in find_drift(PLAN, of).blocking)


def test_what_was_not_read_is_not_taken_for_gone() -> None:
    hidden = facts(
        subnets=(), load_balancer=None, unreadable=(Unreadable(UnreadableKind.SUBNET, "snet-user", Text("503")),)
    )
    found = find_drift(PLAN, hidden)
    assert (found.blocking, found.pending) == ((), ("subnet snet-user (503)",))
    for unread in (
        Unreadable(UnreadableKind.LOAD_BALANCER, "", Text("503")),
        Unreadable(UnreadableKind.SUBNET, "snet-user", Text("503")),
    ):
        found = find_drift(WAY_BACK, replace(ATTACHED, load_balancer=None, subnets=(), unreadable=(unread,)))
        assert (found.blocking, found.pending) == ((), (str(unread),))


def test_nodes_own_public_ips_hold_up_no_change() -> None:
    of = facts(unreadable=(Unreadable(UnreadableKind.NODE_PUBLIC_IPS, "aks-edge-1-vmss", Text("403")),))
    assert find_drift(PLAN, of) == find_drift(PLAN, facts())


@pytest.mark.parametrize("kind", UnreadableKind)
def test_a_rollback_waits_for_the_load_balancer_and_the_subnets_alone(kind: UnreadableKind) -> None:
    unread = Unreadable(kind, "", Text("403"))
    needed = kind in (UnreadableKind.LOAD_BALANCER, UnreadableKind.SUBNET)
    found = find_drift(WAY_BACK, replace(ATTACHED, unreadable=(unread,)))
    assert (found.blocking, found.pending) == ((), (str(unread),) if needed else ())


# --- busy, new, half done ---

MOVES = [index for index, step in enumerate(PLAN.steps) if isinstance(step, AssociateSubnet)]
HALF = replace(ATTACHED, subnets=(ATTACHED.subnets[0], subnet(SYSTEM_SUBNET)))


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (facts(cluster(provisioning_state="Upgrading")), "waiting for AKS: shop-prod is Upgrading"),
        (facts(subnets=(subnet(USER_SUBNET, provisioning_state="Updating"), subnet(SYSTEM_SUBNET))), "is Updating"),
    ],
)
def test_what_is_busy_is_waited_for_and_not_refused(of: NetworkFacts, said: str) -> None:
    found = find_drift(PLAN, of)
    assert found.blocking == ()
    assert said in found.pending[0]


def test_a_way_back_does_not_wait_for_an_upgrade() -> None:
    upgrading = replace(ATTACHED, cluster=cluster(provisioning_state="Upgrading"))
    assert find_drift(WAY_BACK, upgrading) == Drift((), ())


def test_a_subnet_that_a_new_node_pool_uses_is_noticed() -> None:
    more = facts(subnets=(subnet(USER_SUBNET), subnet(SYSTEM_SUBNET), subnet(f"{VNET}/subnets/snet-new")))
    (said,) = find_drift(PLAN, more).blocking
    assert "snet-new" in said


@pytest.mark.parametrize("is_there", [True, False])
def test_the_quota_counts_only_what_is_not_there_yet(is_there: bool) -> None:
    """Both public IPs were made before it stopped: the full quota is no reason against going on."""
    ids = [step.id for step in PLAN.steps if isinstance(step, CreatePublicIp)]
    made = tuple(PublicIp(one, one.rpartition("/")[2], "20.0.0.1", "Standard", "Succeeded") for one in ids)
    full = Access(quotas=(Quota("StandardSkuPublicIpAddresses", 10, 10),))
    found = find_drift(PLAN, facts(group_ips=made if is_there else (), access=full), 2)
    assert any("quota is too small" in one for one in found.blocking) is not is_there


def test_what_is_done_must_still_be_so_when_it_goes_on() -> None:
    ours = Ours(frozenset({ArmId((PLAN.nat_gateway_id or "").lower())}))
    assert find_drift(PLAN, replace(HALF, ours=ours), MOVES[1]) == Drift((), ())
    (said,) = find_drift(PLAN, facts(), MOVES[1]).blocking
    assert "snet-user: its NAT gateway is none now" in said


@pytest.mark.parametrize("state", ["Failed", "Succeeded"])
def test_the_step_under_way_may_have_had_its_effect_or_failed(state: str) -> None:
    ours = Ours(frozenset({ArmId((PLAN.nat_gateway_id or "").lower())}))
    written = subnet(USER_SUBNET, nat_gateway_id=PLAN.nat_gateway_id, provisioning_state=state)
    of = facts(subnets=(written, subnet(SYSTEM_SUBNET)), ours=ours)
    assert find_drift(PLAN, of, MOVES[0], is_under_way=True) == Drift((), ())
    assert find_drift(PLAN, of, MOVES[0]).blocking


def test_a_half_done_way_back_does_not_go_on_without_an_outbound_rule() -> None:
    cut = replace(ATTACHED, load_balancer=None, subnets=(ATTACHED.subnets[0], subnet(SYSTEM_SUBNET)))
    (said,) = find_drift(WAY_BACK, cut, 2).blocking
    assert "no outbound rule" in said


def test_what_others_did_to_a_subnet_that_was_moved_is_their_business() -> None:
    moved = subnet(USER_SUBNET, nat_gateway_id=PLAN.nat_gateway_id, properties={})
    ours = Ours(frozenset({ArmId((PLAN.nat_gateway_id or "").lower())}))
    assert find_drift(PLAN, replace(HALF, subnets=(moved, HALF.subnets[1]), ours=ours), MOVES[1]).blocking == ()
    assert find_drift(PLAN, replace(HALF, subnets=(moved, HALF.subnets[1]), ours=ours), MOVES[0]).blocking


def test_what_is_only_watched_any_more_is_not_checked_again() -> None:
    blocked = replace(ATTACHED, cluster=cluster(authorized_ip_ranges=("192.0.2.0/24",)))
    assert find_drift(PLAN, blocked, len(PLAN.steps) - 1) == Drift((), ())


# --- the cluster has another shape than the plan was made for ---

POOLS = cluster().pools
SIZED = plan_attachment(facts(), replace(DEMAND, nodes=21), BASELINE, PLAN_OPTIONS)
MEMBERS = tuple(ArmId(nic_configuration(number)) for number in range(22))
NEW_SUBNET = ArmId(f"{VNET}/subnets/snet-new")


def grown(pool: NodePool) -> NetworkFacts:
    return facts(cluster((*POOLS, pool)))


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (grown(NodePool("gpu", "User", 1, 1, vnet_subnet_id=USER_SUBNET)), "node pool gpu is new"),
        (grown(NodePool("gpu", "User", 0, 0, vnet_subnet_id=NEW_SUBNET)), "snet-new"),
        (grown(NodePool("vms", "User", 1, 1, vnet_subnet_id=USER_SUBNET, kind="VirtualMachines")), "VirtualMachines"),
        (facts(cluster(POOLS[:1]), subnets=(subnet(SYSTEM_SUBNET), subnet(USER_SUBNET))), "node pool user is gone"),
        (facts(cluster((POOLS[0], replace(POOLS[1], kind="AvailabilitySet")))), "AvailabilitySet"),
        (facts(cluster((POOLS[0], replace(POOLS[1], pod_subnet_id=NEW_SUBNET)))), "snet-new"),
        (facts(cluster(has_auto_provisioning=True)), "node auto-provisioning is on now, it was off"),
        (facts(cluster(outbound_type="userDefinedRouting")), "userDefinedRouting now, it was loadBalancer"),
        (facts(cluster(outbound_type="managedNATGateway")), "managedNATGateway now, it was loadBalancer"),
        (facts(cluster(hosted_subnet_ids=(NEW_SUBNET,))), "hosted subnet snet-new is new"),
        (facts(cluster((POOLS[0], replace(POOLS[1], max_count=40)))), "48 nodes; the plan is sized for 21"),
        (
            facts(load_balancer=load_balancer(outbound_ip_configuration_ids=MEMBERS)),
            "22 nodes; the plan is sized for 21",
        ),
        (facts(subnets=(subnet(USER_SUBNET, nat_gateway_id=nat_gateway().id), subnet(SYSTEM_SUBNET))), "ng-other"),
    ],
)
def test_another_shape_of_the_cluster_forbids_it_and_is_named(of: NetworkFacts, said: str) -> None:
    found = find_drift(SIZED, of)
    assert found.pending == ()
    assert any(said in sentence for sentence in found.blocking), found.blocking


def test_a_way_back_goes_on_whatever_shape_the_cluster_has() -> None:
    changed = cluster((*POOLS, NodePool("gpu", "User", 9, 9, vnet_subnet_id=USER_SUBNET)), has_auto_provisioning=True)
    assert find_drift(WAY_BACK, replace(ATTACHED, cluster=changed)) == Drift()


def test_an_autoscaler_that_scales_within_its_bounds_changes_nothing() -> None:
    scaled = cluster((POOLS[0], replace(POOLS[1], count=2)))
    assert find_drift(SIZED, facts(scaled, nodes=(node(0),))) == Drift()
    assert plan_attachment(facts(scaled), DEMAND, BASELINE, PLAN_OPTIONS).digest == PLAN.digest


def test_a_plan_for_another_shape_is_another_plan() -> None:
    more = grown(NodePool("gpu", "User", 1, 1, vnet_subnet_id=USER_SUBNET))
    again = plan_attachment(more, DEMAND, BASELINE, PLAN_OPTIONS)
    assert [step.kind for step in again.steps] == [step.kind for step in PLAN.steps]
    assert again.digest != PLAN.digest
