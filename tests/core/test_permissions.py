"""Which actions are needed where, and what a role grants."""

from __future__ import annotations

import pytest

from shared.core.permissions import is_granted, missing_needs, needs_of
from shared.core.preflight.refusals import locks, other_changes, permissions, policies, quota
from shared.model.access import Access, Lock, Permission, PolicyDenial, Quota
from shared.model.network import NetworkFacts, OtherChange, Ours
from shared.model.plan import CheckResult
from tests.core.builders import NETWORK, SYSTEM_SUBNET, USER_SUBNET, VNET, facts, subnet

GROUP = NETWORK.partition("/providers/")[0]
ALL = (Permission(("Microsoft.Network/*",)),)


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
    table = f"{NETWORK}/routeTables/rt"
    policy = f"{NETWORK}/serviceEndpointPolicies/p"
    properties = {"routeTable": {"id": table}, "serviceEndpointPolicies": [{"id": policy}], "addressPrefix": "x"}
    needs = needs_of(facts(subnets=(subnet(USER_SUBNET, properties=properties), subnet(SYSTEM_SUBNET))))
    wanted = {(need.action.rpartition("Network/")[2], need.scope) for need in needs}
    assert ("routeTables/join/action", table) in wanted
    assert ("serviceEndpointPolicies/join/action", policy) in wanted
    assert ("networkSecurityGroups/join/action", f"{NETWORK}/networkSecurityGroups/nsg") in wanted
    assert ("natGateways/write", GROUP) in wanted
    assert ("virtualNetworks/subnets/write", USER_SUBNET) in wanted
    assert len(needs) == len(set(needs))


def test_what_is_missing_is_named_with_its_scope() -> None:
    of = facts()
    granted = {need.scope.lower(): ALL for need in needs_of(of)}
    assert missing_needs(needs_of(of), granted) == ()
    del granted[USER_SUBNET.lower()]
    found = permissions(facts(access=Access(permissions=granted)))
    assert found.result is CheckResult.BLOCK
    assert "Microsoft.Network/virtualNetworks/subnets/write on snet-user" in found.message


def test_what_could_not_be_asked_is_said_and_does_not_block() -> None:
    access = Access(reasons={"locks": "may not"})
    for check in (permissions, locks, policies, quota):
        found = check(facts(access=access))
        assert found.result is CheckResult.COULD_NOT_CHECK
        assert not found.is_blocking
    assert "may not" in locks(facts(access=access)).message


@pytest.mark.parametrize(
    ("lock", "result"),
    [
        (Lock("a", "ReadOnly", GROUP), CheckResult.BLOCK),
        (Lock("a", "ReadOnly", VNET), CheckResult.BLOCK),
        (Lock("a", "CanNotDelete", GROUP.upper()), CheckResult.WARN),
        (Lock("a", "ReadOnly", f"{GROUP}-other"), CheckResult.PASS),
        (Lock("a", "ReadOnly", f"{NETWORK}/natGateways/another"), CheckResult.PASS),
    ],
)
def test_a_lock_counts_where_it_covers_what_is_written(lock: Lock, result: CheckResult) -> None:
    assert locks(facts(access=Access(locks=(lock,)))).result is result


def test_policies_and_quotas() -> None:
    def asked(**known: object) -> NetworkFacts:
        return facts(access=Access(**known))  # type: ignore[arg-type]

    denial = PolicyDenial("Microsoft.Network/publicIPAddresses", f"{GROUP}/providers/x/policyAssignments/tags")
    assert policies(asked(denials=())).result is CheckResult.PASS
    assert "tags" in policies(asked(denials=(denial,))).message
    enough = (Quota("PublicIPAddresses", 8, 10), Quota("NatGateways", 0, 1), Quota("LoadBalancers", 9, 9))
    assert quota(asked(quotas=enough), 2, 1).result is CheckResult.PASS
    assert quota(asked(quotas=enough), 3, 1).result is CheckResult.BLOCK
    assert quota(asked(quotas=enough), 0, 2).result is CheckResult.BLOCK


def test_another_clusters_change_blocks_while_it_runs_and_warns_while_it_waits() -> None:
    def beside(state: str, is_proposal: bool) -> CheckResult:
        return other_changes(facts(ours=Ours(other_changes=(OtherChange("1", "b", state, is_proposal),)))).result

    assert other_changes(facts()).result is CheckResult.PASS
    assert beside("proposed", True) is CheckResult.WARN
    assert beside("applying", False) is CheckResult.BLOCK
