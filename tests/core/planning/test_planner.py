"""From facts to one exact plan: what is created, in which order, and what is only advised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.core.planning.planner import plan_attachment
from shared.core.planning.request import PlanOptions
from shared.model.check import CheckResult
from shared.model.cluster import Cluster, NodePool
from shared.model.network import NetworkFacts
from shared.model.plan import (
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    ObserveEgress,
    Plan,
    PlanKind,
)
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.model.unreadable import Unreadable, UnreadableKind
from tests.support.builders import (
    BASELINE,
    DEMAND,
    NETWORK,
    PLAN_OPTIONS,
    START,
    SUBSCRIPTION,
    SYSTEM_SUBNET,
    USER_SUBNET,
    VNET,
    cluster,
    facts,
    load_balancer,
    nat_gateway,
    outbound_rule,
    subnet,
)


def plan(of: NetworkFacts | None = None, policy: PlanOptions = PLAN_OPTIONS, ips: int = 2) -> Plan:
    return plan_attachment(of or facts(), replace(DEMAND, public_ip_count=ips), BASELINE, policy)


def created_ips(of: Plan) -> list[CreatePublicIp]:
    return [step for step in of.steps if isinstance(step, CreatePublicIp)]


def gateway(of: Plan) -> CreateNatGateway:
    (found,) = [step for step in of.steps if isinstance(step, CreateNatGateway)]
    return found


def moved(of: Plan) -> list[str]:
    return [step.subnet_id for step in of.steps if isinstance(step, AssociateSubnet)]


def created(of: Plan) -> list[CreatePublicIp | CreateNatGateway]:
    return [*created_ips(of), gateway(of)]


def names(of: Plan) -> list[str]:
    return [ArmId.parse(step.id).name for step in created(of)]


def pool(name: str, mode: str, count: int, subnet_id: ArmId, pod_subnet_id: ArmId | None = None) -> NodePool:
    return NodePool(name, mode, count, count, vnet_subnet_id=subnet_id, pod_subnet_id=pod_subnet_id)


def subnet_id(name: str) -> ArmId:
    return ArmId(f"{VNET}/subnets/{name}")


def test_ips_come_first_then_the_gateway_then_each_subnet_with_its_gate() -> None:
    found = plan()
    kinds = [step.kind for step in found.steps]
    assert kinds == [
        "create_public_ip",
        "create_public_ip",
        "create_nat_gateway",
        "associate_subnet",
        "observe_egress",
        "associate_subnet",
        "observe_egress",
    ]
    assert found.kind is PlanKind.ATTACH_NAT_GATEWAY
    assert found.is_executable
    assert gateway(found).public_ip_ids == tuple(step.id for step in created_ips(found))
    assert found.summary == (
        "create NAT gateway ng-snatbot-shop-prod-1 with 2 public IPs and associate it with 2 subnets "
        "(snet-user, snet-system)"
    )


def test_a_subnet_step_carries_what_must_stay_and_what_changes() -> None:
    found = plan()
    first = next(step for step in found.steps if isinstance(step, AssociateSubnet))
    assert (first.before, first.after) == (None, gateway(found).id)
    assert first.properties_before == subnet(USER_SUBNET).properties
    gate = next(step for step in found.steps if isinstance(step, ObserveEgress))
    assert (gate.subnet_id, gate.nat_gateway_id) == (USER_SUBNET, gateway(found).id)


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ([pool("only", "System", 3, subnet_id("a"))], ["a"]),
        ([pool("sys", "System", 3, subnet_id("a")), pool("big", "User", 9, subnet_id("b"))], ["b", "a"]),
        (
            [
                pool("sys", "System", 1, subnet_id("a")),
                pool("big", "User", 9, subnet_id("b")),
                pool("small", "User", 2, subnet_id("c")),
            ],
            ["c", "b", "a"],
        ),
        ([pool("sys", "System", 3, subnet_id("a")), pool("user", "User", 1, subnet_id("a"))], ["a"]),
        (
            [
                pool("sys", "system", 3, subnet_id("a"), subnet_id("p")),
                pool("user", "User", 1, subnet_id("b"), subnet_id("q")),
            ],
            ["b", "q", "a", "p"],
        ),
        (
            [
                pool("sys", "System", 3, subnet_id("a")),
                pool("user", "User", 1, subnet_id("A"), subnet_id("b")),
            ],
            ["b", "A"],
        ),
    ],
)
def test_smallest_user_pool_first_and_the_system_pool_last(pools: list[NodePool], expected: list[str]) -> None:
    found = plan(facts(cluster(pools)))
    assert [ArmId.parse(one).name for one in moved(found)] == expected


def test_new_resources_go_beside_the_network_or_where_the_owner_wants_them() -> None:
    assert {ArmId.parse(step.id).resource_group for step in created_ips(plan())} == {"rg-network"}
    elsewhere = plan(policy=replace(PLAN_OPTIONS, nat_resource_group="rg-egress"))
    assert {ArmId.parse(step.id).resource_group for step in created(elsewhere)} == {"rg-egress"}


def test_the_idle_timeout_is_the_outbound_rules_unless_the_owner_sets_one() -> None:
    assert gateway(plan()).idle_timeout_minutes == 30
    assert gateway(plan(policy=replace(PLAN_OPTIONS, idle_timeout_minutes=4))).idle_timeout_minutes == 4
    assert any("outbound rule has 30; Microsoft advises 4" in note for note in plan().notes)


def test_a_manual_outbound_rule_decides_nothing_and_is_shown() -> None:
    manual = outbound_rule("partners", 32_000, 4, ArmId("/partner-ip"))
    found = plan(facts(load_balancer=load_balancer(outbound_rules=(manual, outbound_rule()))))
    assert gateway(found).idle_timeout_minutes == 30
    (note,) = [note for note in found.notes if "partners" in note]
    assert "not known as AKS's own" in note and "32,000 ports per node, idle timeout 4 minutes" in note


def test_everything_created_is_tagged_and_the_owners_tags_cannot_replace_ours() -> None:
    found = plan(policy=replace(PLAN_OPTIONS, tags={"team": "net", "snatbot": "mine"}))
    for step in created(found):
        assert step.tags == {"team": "net", "snatbot": "shop-prod"}


def test_egress_ips_now_and_then_and_both_ways_by_hand_are_shown() -> None:
    found = plan()
    assert found.egress_now == ("20.50.10.7",)
    assert found.egress_then == ("pip-snatbot-shop-prod-1", "pip-snatbot-shop-prod-2")
    assert [command.split()[1:4] for command in found.commands] == [
        ["network", "public-ip", "create"],
        ["network", "public-ip", "create"],
        ["network", "nat", "gateway"],
        ["network", "vnet", "subnet"],
        ["network", "vnet", "subnet"],
    ]
    assert USER_SUBNET in found.rollback_commands[0]
    assert [command.endswith("--remove natGateway") for command in found.rollback_commands] == [True, True]


# --- names ---


def test_names_that_are_taken_are_left_out_in_any_case() -> None:
    taken = ("PIP-snatbot-shop-prod-1", "pip-snatbot-shop-prod-3", "ng-snatbot-shop-prod-1")
    assert names(plan(facts(taken_names=taken))) == [
        "pip-snatbot-shop-prod-2",
        "pip-snatbot-shop-prod-4",
        "ng-snatbot-shop-prod-2",
    ]


@example("a" * 63, "a-rather-long-prefix-of-the-network-team-{kind}-{cluster}-{number}", 16, 34)
@example("a" * 40 + "-" * 22 + "z", "a-rather-long-prefix-of-the-team-{kind}-{number}-{cluster}", 2, 0)
@given(
    st.text(alphabet="abcXYZ019-_", min_size=1, max_size=61).map(lambda middle: f"a{middle}z"),
    st.sampled_from(
        [
            "{kind}-snatbot-{cluster}-{number}",
            "{kind}{number}-{cluster}",
            "{cluster}.{cluster}.{kind}.{number}",
            "a-rather-long-prefix-of-the-network-team-{kind}-{cluster}-{number}",
        ]
    ),
    st.integers(1, 16),
    st.integers(0, 120),
)
def test_names_are_free_distinct_and_allowed_by_azure(name: str, template: str, ips: int, taken: int) -> None:
    """Azure naming rules: 1 to 80 characters, starts with a letter or digit, ends with one or an underscore."""
    policy = replace(PLAN_OPTIONS, name_template=template)
    others = names(plan(facts(cluster(name=name)), policy, 16)) * (taken // 17)
    of = facts(cluster(name=name), taken_names=tuple(others))
    found = names(plan(of, policy, ips))
    assert len(set(found)) == ips + 1
    assert not {one.lower() for one in found} & {one.lower() for one in others}
    for one in found:
        assert 1 <= len(one) <= 80
        assert one[0].isalnum()
        assert one[-1].isalnum() or one[-1] == "_"


# --- what is only advised ---


def advice(of: NetworkFacts, ips: int = 2, kind: PlanKind = PlanKind.ADVICE) -> Plan:
    found = plan(of, ips=ips)
    assert found.kind is kind
    assert found.steps == ()
    assert not found.is_executable
    assert found.blockers
    return found


def test_a_managed_network_gets_the_command_for_a_person() -> None:
    managed = cluster([NodePool("system", "System", 3, 3)])
    without = facts(managed, vnet_id=None, vnet_location=None, subnets=(), nat_group_id="")
    found = advice(without, 3, PlanKind.MANAGED_NAT_GATEWAY)
    assert found.commands == (
        f"az aks update --subscription {SUBSCRIPTION} -g rg-shop -n shop-prod --outbound-type managedNATGateway "
        "--outbound-type-sku Standard --nat-gateway-managed-outbound-ip-count 3 --nat-gateway-idle-timeout 30",
    )


def test_a_foreign_gateway_gets_the_command_that_adds_ips_and_keeps_its_own() -> None:
    subnets = (subnet(USER_SUBNET, nat_gateway_id=ArmId(nat_gateway().id.upper())), subnet(SYSTEM_SUBNET))
    unrelated = nat_gateway("ng-unrelated")
    found = advice(facts(subnets=subnets, nat_gateways=(nat_gateway(), unrelated)))
    (command,) = found.commands
    assert command.startswith("az network nat gateway update ")
    assert f"-n ng-other --public-ip-addresses {NETWORK}/publicIPAddresses/pip-other" in command


@pytest.mark.parametrize(
    "changed",
    [
        {"outbound_type": "userDefinedRouting"},
        {"power_state": "Stopped"},
    ],
)
def test_what_the_bot_may_not_do_has_no_steps(changed: dict[str, Any]) -> None:
    assert advice(facts(cluster(**changed))).commands == ()


def test_what_could_not_be_read_has_no_steps() -> None:
    found = advice(facts(unreadable=(Unreadable(UnreadableKind.SUBNET, "snet-user", Text("403")),)))
    assert found.blockers[0].result is CheckResult.COULD_NOT_CHECK


def test_more_than_sixteen_ips_are_refused_with_the_reason() -> None:
    assert plan(ips=16).is_executable
    found = advice(facts(), 17, PlanKind.TOO_LARGE)
    assert found.blockers[0].name == "size"
    assert "17 public IPs are needed" in found.blockers[0].message
    managed = cluster([NodePool("system", "System", 3, 3)])
    without = facts(managed, vnet_id=None, vnet_location=None, subnets=(), nat_group_id="")
    (command,) = advice(without, 40, PlanKind.TOO_LARGE).commands
    assert "--nat-gateway-managed-outbound-ip-count 16 " in command


def test_a_size_without_port_metrics_is_a_warning() -> None:
    found = plan_attachment(
        facts(), replace(DEMAND, missing=(Text("used SNAT ports per node"),)), BASELINE, PLAN_OPTIONS
    )
    assert found.is_executable
    assert "size" in {check.name for check in found.warnings}


def test_the_idle_timeout_falls_back_to_the_clusters_profile() -> None:
    managed: Cluster = cluster([NodePool("system", "System", 3, 3)])
    of = facts(managed, vnet_id=None, vnet_location=None, subnets=(), load_balancer=None, nat_group_id="")
    assert advice(of, 2, PlanKind.MANAGED_NAT_GATEWAY).commands[0].endswith("--nat-gateway-idle-timeout 30")


# --- the digest ---


def test_the_digest_does_not_change_with_evidence_time_prices_or_etags() -> None:
    again = replace(
        facts(), at=START.replace(year=2027), subnets=tuple(replace(one, etag="W/2") for one in facts().subnets)
    )
    other_evidence = replace(DEMAND, ports=7, arithmetic=(Text("other"),))
    found = plan_attachment(again, other_evidence, replace(BASELINE, successful_per_minute=1), PLAN_OPTIONS)
    assert found.digest == plan().digest
    assert found.steps == plan().steps


@pytest.mark.parametrize(
    "other",
    [
        plan(ips=3),
        plan(policy=replace(PLAN_OPTIONS, nat_resource_group="rg-egress")),
        plan(policy=replace(PLAN_OPTIONS, idle_timeout_minutes=4)),
        plan(policy=replace(PLAN_OPTIONS, tags={"team": "net"})),
        plan(policy=replace(PLAN_OPTIONS, name_template="{kind}-{number}")),
        plan(facts(vnet_location="northeurope")),
        plan(facts(taken_names=("pip-snatbot-shop-prod-1",))),
        plan(facts(subnets=(subnet(USER_SUBNET), subnet(SYSTEM_SUBNET, properties={"addressPrefix": "10.1.0.0/16"})))),
        plan(facts(cluster(name="shop-test"))),
        plan(facts(cluster([pool("only", "System", 3, USER_SUBNET)]))),
        plan(
            facts(
                load_balancer=load_balancer(
                    outbound_rules=(replace(load_balancer().outbound_rules[0], idle_timeout_minutes=9),)
                )
            )
        ),
    ],
)
def test_the_digest_changes_with_every_write_and_every_writable_precondition(other: Plan) -> None:
    assert other.is_executable
    assert other.digest != plan().digest
