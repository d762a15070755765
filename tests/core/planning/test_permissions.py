"""Which actions are needed where, and what a role grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.core.planning.permissions import is_granted, missing_needs, needs_for, scopes_of
from shared.core.planning.planner import plan_attachment
from shared.core.planning.preflight import check_access
from shared.core.planning.preflight.refusals import locks, other_changes, permissions, policies, quota
from shared.model.access import Access, Lock, Permission, PolicyDenial, Quota
from shared.model.check import CheckResult
from shared.model.network import NetworkFacts, OtherChange, Ours, PublicIp
from shared.model.plan import AddPublicIps, AssociateSubnet, CreatePublicIp, DeleteCreated, Step
from shared.model.resource_id import ArmId
from shared.model.text import Text
from tests.support.builders import (
    BASELINE,
    DEMAND,
    NETWORK,
    PLAN_OPTIONS,
    SYSTEM_SUBNET,
    USER_SUBNET,
    VNET,
    facts,
    subnet,
)

GROUP = ArmId(NETWORK.partition("/providers/")[0])
ALL = (Permission(("Microsoft.Network/*",)),)


def steps(nat_ips: str = "addresses", ips: int = 2) -> tuple[Step, ...]:
    wanted = replace(DEMAND, public_ip_count=ips)
    return plan_attachment(facts(), wanted, BASELINE, replace(PLAN_OPTIONS, nat_ips=nat_ips)).steps


STEPS, PREFIX_STEPS = steps(), steps("prefix")
MOVES = tuple(step for step in STEPS if isinstance(step, AssociateSubnet))
BACK = tuple(replace(step, before=step.after, after=None) for step in MOVES)
ADDRESS = STEPS[0]
assert isinstance(ADDRESS, CreatePublicIp)
PREFIX_ID = ArmId(f"{NETWORK}/publicIPPrefixes/p")


def actions(of: Sequence[Step]) -> set[str]:
    return {need.action.removeprefix("Microsoft.Network/") for need in needs_for(of, facts())}


# What one kind of step needs, and no more (Azure docs: permissions of Microsoft.Network).
KINDS: list[tuple[str, Sequence[Step], set[str]]] = [
    ("public IP", [ADDRESS], {"publicIPAddresses/read", "publicIPAddresses/write"}),
    ("prefix", PREFIX_STEPS[:1], {"publicIPPrefixes/read", "publicIPPrefixes/write"}),
    (
        "gateway",
        STEPS[2:3],
        {"natGateways/read", "natGateways/write", "publicIPAddresses/read", "publicIPAddresses/join/action"},
    ),
    (
        "gateway with a prefix",
        PREFIX_STEPS[1:2],
        {"natGateways/read", "natGateways/write", "publicIPPrefixes/read", "publicIPPrefixes/join/action"},
    ),
    (
        "prefix on a gateway",
        [AddPublicIps(ArmId(f"{NETWORK}/natGateways/ng"), (), (), {}, after_prefix_ids=(PREFIX_ID,))],
        {"natGateways/read", "natGateways/write", "publicIPPrefixes/read", "publicIPPrefixes/join/action"},
    ),
    (
        "subnet",
        MOVES,
        {
            "virtualNetworks/subnets/read",
            "virtualNetworks/subnets/write",
            "networkSecurityGroups/join/action",
            "natGateways/join/action",
        },
    ),
    (
        "rollback",
        BACK,
        {"virtualNetworks/subnets/read", "virtualNetworks/subnets/write", "networkSecurityGroups/join/action"},
    ),
    ("deletion", [DeleteCreated(PREFIX_ID, "shop-prod")], {"publicIPPrefixes/read", "publicIPPrefixes/delete"}),
]


@pytest.mark.parametrize(("of", "needed"), [one[1:] for one in KINDS], ids=[one[0] for one in KINDS])
def test_each_kind_of_step_needs_its_own_actions_and_no_more(of: Sequence[Step], needed: set[str]) -> None:
    assert actions(of) == needed


def test_a_subnet_from_an_ipam_pool_needs_the_pools_own_action_at_the_pool() -> None:
    pool = ArmId(f"{NETWORK}/networkManagers/avnm/ipamPools/nodes".replace("rg-network", "rg-hub"))
    read = {"IpamPoolPrefixAllocations": [{"pool": {"id": pool}, "numberOfIpAddresses": "256"}, {"pool": None}]}
    of = facts(subnets=(subnet(USER_SUBNET, properties={"addressPrefix": "10.1.0.0/24", **read}),))
    moves = [AssociateSubnet(of.subnets[0].id, None, None, of.subnets[0].properties)]
    action = "Microsoft.Network/networkManagers/ipamPools/associateResourcesToPool/action"
    assert (action, pool) in {(need.action, need.scope) for need in needs_for(moves, of)}
    assert pool in scopes_of(of)
    granted = {GROUP.lower(): ALL, USER_SUBNET.lower(): ALL}
    check = permissions(replace(of, access=Access(permissions=granted)), moves)
    assert check.result is CheckResult.BLOCK
    assert f"{action} on nodes" in check.message
    unread = permissions(
        replace(of, access=Access(permissions=granted, reasons={pool.lower(): Text("no role there")})), moves
    )
    assert (unread.result, unread.is_blocking) == (CheckResult.COULD_NOT_CHECK, False)
    assert f"{action} on nodes" in unread.message
    assert "no role there" in unread.message


def test_a_reservation_needs_nothing_on_the_subnets_and_no_lock_there_is_in_its_way() -> None:
    assert not any("subnets" in action or "join" in action for action in actions([ADDRESS]))
    lock = Lock("network", "ReadOnly", VNET)
    of = facts(access=Access(permissions={GROUP.lower(): ALL}, locks=(lock,), denials=(), quotas=()))
    assert {check.result for check in check_access(of, [ADDRESS])} == {CheckResult.PASS}
    assert CheckResult.BLOCK in {check.result for check in check_access(of, STEPS)}


def test_what_creates_nothing_asks_neither_policy_nor_quota() -> None:
    of = facts(access=Access(permissions={}, locks=(), denials=(), quotas=()))
    assert [check.name for check in check_access(of, BACK)] == ["permissions", "locks"]
    assert check_access(of, ()) == ()


def test_the_owners_own_prefix_is_asked_about_itself() -> None:
    elsewhere = ArmId(PREFIX_ID.replace("rg-network", "rg-partners"))
    prefix = PublicIp(elsewhere, "p", "203.0.113.8/30", "Standard", "Succeeded")
    of = facts(given_prefix=prefix)
    plan = plan_attachment(of, DEMAND, BASELINE, replace(PLAN_OPTIONS, nat_ips=elsewhere))
    wanted = {(need.action, need.scope) for need in needs_for(plan.steps, of)}
    assert ("Microsoft.Network/publicIPPrefixes/join/action", elsewhere) in wanted
    assert elsewhere in scopes_of(of)


@pytest.mark.parametrize(
    ("actions", "not_actions", "is_enough"),
    [
        (("*",), (), True),
        (("Microsoft.Network/*",), (), True),
        (("microsoft.network/natgateways/WRITE",), (), True),
        (("Microsoft.Network/*/write",), (), True),
        (("Microsoft.Network/natGateways/read",), (), False),
        (("*",), ("Microsoft.Network/natGateways/*",), False),
        ((), (), False),
    ],
)
def test_wildcards_case_and_exceptions(actions: tuple[str, ...], not_actions: tuple[str, ...], is_enough: bool) -> None:
    granted = (Permission(actions, not_actions),)
    assert is_granted("Microsoft.Network/natGateways/write", granted) is is_enough


def test_an_exception_of_one_role_does_not_take_what_another_gives() -> None:
    roles = (Permission(("*",), ("Microsoft.Network/*",)), *ALL)
    assert is_granted("Microsoft.Network/natGateways/write", roles)


def test_a_subnets_references_need_join_where_they_are() -> None:
    table = ArmId(f"{NETWORK}/routeTables/rt")
    policy = ArmId(f"{NETWORK}/serviceEndpointPolicies/p")
    properties = {"routeTable": {"id": table}, "serviceEndpointPolicies": [{"id": policy}], "addressPrefix": "x"}
    of = facts(subnets=(subnet(USER_SUBNET, properties=properties), subnet(SYSTEM_SUBNET)))
    needs = needs_for(plan_attachment(of, DEMAND, BASELINE, PLAN_OPTIONS).steps, of)
    wanted = {(need.action.rpartition("Network/")[2], need.scope) for need in needs}
    assert ("routeTables/join/action", table) in wanted
    assert ("serviceEndpointPolicies/join/action", policy) in wanted
    assert ("networkSecurityGroups/join/action", ArmId(f"{NETWORK}/networkSecurityGroups/nsg")) in wanted
    assert ("natGateways/write", GROUP) in wanted
    assert ("virtualNetworks/subnets/write", USER_SUBNET) in wanted
    assert len(needs) == len(set(needs))
    assert {need.scope for need in needs} <= set(scopes_of(of)), "what is needed is asked"


def test_what_is_missing_is_named_with_its_scope() -> None:
    of = facts()
    granted = {scope.lower(): ALL for scope in scopes_of(of)}
    assert missing_needs(needs_for(STEPS, of), granted) == ()
    del granted[USER_SUBNET.lower()]
    found = permissions(facts(access=Access(permissions=granted)), STEPS)
    assert found.result is CheckResult.BLOCK
    assert "Microsoft.Network/virtualNetworks/subnets/write on snet-user" in found.message


def test_what_could_not_be_asked_is_said_and_does_not_block() -> None:
    access = Access(reasons={"locks": Text("may not")})
    for check in (permissions, locks, policies, quota):
        found = check(facts(access=access), STEPS)
        assert found.result is CheckResult.COULD_NOT_CHECK
        assert not found.is_blocking
    assert "may not" in locks(facts(access=access), STEPS).message
    assert "could not be read" in permissions(facts(access=access), STEPS).message


@pytest.mark.parametrize(
    ("lock", "result"),
    [
        (Lock("a", "ReadOnly", ArmId(GROUP)), CheckResult.BLOCK),
        (Lock("a", "ReadOnly", VNET), CheckResult.BLOCK),
        (Lock("a", "CanNotDelete", ArmId(GROUP.upper())), CheckResult.WARN),
        (Lock("a", "ReadOnly", ArmId(f"{GROUP}-other")), CheckResult.PASS),
        (Lock("a", "ReadOnly", ArmId(f"{NETWORK}/natGateways/another")), CheckResult.PASS),
    ],
)
def test_a_lock_counts_where_it_covers_what_is_written(lock: Lock, result: CheckResult) -> None:
    assert locks(facts(access=Access(locks=(lock,))), STEPS).result is result


def test_policies_and_quotas() -> None:
    def asked(**known: object) -> NetworkFacts:
        return facts(access=Access(**known))  # type: ignore[arg-type]

    denial = PolicyDenial("Microsoft.Network/publicIPAddresses", f"{GROUP}/providers/x/policyAssignments/tags")
    assert policies(asked(denials=()), STEPS).result is CheckResult.PASS
    assert "tags" in policies(asked(denials=(denial,)), STEPS).message
    assert policies(asked(denials=(denial,)), PREFIX_STEPS).result is CheckResult.PASS, "it creates none"
    enough = (Quota("PublicIPAddresses", 8, 10), Quota("NatGateways", 0, 1), Quota("LoadBalancers", 9, 9))
    assert quota(asked(quotas=enough), STEPS).result is CheckResult.PASS
    assert quota(asked(quotas=enough), steps(ips=3)).result is CheckResult.BLOCK
    full = (Quota("PublicIPAddresses", 10, 10), Quota("NatGateways", 1, 1))
    assert quota(asked(quotas=full[1:]), STEPS).result is CheckResult.BLOCK
    assert quota(asked(quotas=full), MOVES).result is CheckResult.PASS, "it creates nothing"
    assert quota(asked(quotas=enough), steps("prefix", ips=4)).result is CheckResult.BLOCK, "a /30 is four"


def test_another_clusters_change_blocks_while_it_runs_and_warns_while_it_waits() -> None:
    def beside(*, is_proposal: bool) -> CheckResult:
        return other_changes(facts(ours=Ours(other_changes=(OtherChange("b", is_proposal),)))).result

    assert other_changes(facts()).result is CheckResult.PASS
    assert beside(is_proposal=True) is CheckResult.WARN
    assert beside(is_proposal=False) is CheckResult.BLOCK
