"""A fixed allocation must fit the outbound IPs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.detection.rules.allocation import allocation_unsatisfiable
from shared.model.cluster import LoadBalancerProfile
from shared.model.finding import Severity
from shared.model.load_balancer import LoadBalancer
from shared.model.resource_id import ArmId
from tests.support.builders import (
    at,
    fixed_allocation,
    load_balancer,
    outbound_rule,
    sized,
)


@pytest.mark.parametrize(
    ("count", "most", "balancer", "severity"),
    [
        (15, 15, fixed_allocation(4000), None),
        (15, 16, fixed_allocation(4000), Severity.WARNING),
        (17, 20, fixed_allocation(4000), Severity.HIGH),
        (17, 20, fixed_allocation(4000, 2), None),
        (17, 20, fixed_allocation(4000, 1, "publicIPPrefixes"), None),
        (17, 20, fixed_allocation(0), None),
        (17, 20, fixed_allocation(4000, 0), None),
    ],
)
def test_a_fixed_allocation_must_fit(count: int, most: int, balancer: LoadBalancer, severity: Severity | None) -> None:
    finding = allocation_unsatisfiable(sized(count, most), balancer, at(0))
    assert (finding.severity if finding else None) is severity


@pytest.mark.parametrize(
    ("count", "severity"), [(13, None), (14, None), (15, Severity.WARNING), (16, Severity.WARNING), (17, Severity.HIGH)]
)
def test_without_a_known_maximum_the_nodes_of_now_count(count: int, severity: Severity | None) -> None:
    provisioned = replace(sized(count, count), has_auto_provisioning=True)
    finding = allocation_unsatisfiable(provisioned, fixed_allocation(4000), at(0))
    assert (finding.severity if finding else None) is severity
    if finding:
        assert "unknown maximum" in finding.evidence
        assert finding.remedy == "use one outbound IP for every 16 nodes, or fewer ports per node"


def test_virtual_machines_pools_count() -> None:
    """13 nodes of 8,000 ports need two IPs."""
    finding = allocation_unsatisfiable(sized(13, 13), fixed_allocation(8000), at(0))
    assert finding is not None
    assert finding.severity is Severity.HIGH


def test_nodes_of_no_pool_count() -> None:
    balancer = fixed_allocation(8000)
    rule = replace(balancer.outbound_rules[0], node_count=13)
    finding = allocation_unsatisfiable(sized(3, 3), replace(balancer, outbound_rules=(rule,)), at(0))
    assert finding is not None
    assert finding.severity is Severity.HIGH
    assert finding.evidence.startswith("13 nodes now × 8,000 fixed ports")
    assert "2 outbound IPs" in finding.remedy


MANUAL = outbound_rule("partners", 32_000, 4, ArmId("/partner-ip"))


def test_a_manual_rule_is_no_allocation_of_the_nodes() -> None:
    balancer = load_balancer(outbound_rules=(MANUAL, outbound_rule()))
    assert allocation_unsatisfiable(sized(12, 12), balancer, at(0)) is None


def test_addresses_of_a_manual_rule_are_no_capacity() -> None:
    balancer = load_balancer(outbound_rules=(MANUAL, outbound_rule(ports=4_000)), outbound_ip_ids=("/a", "/b"))
    finding = allocation_unsatisfiable(sized(17, 17), balancer, at(0))
    assert finding is not None and finding.severity is Severity.HIGH
    assert "1 outbound IP × 64,000 = 64,000" in finding.evidence


def test_ipv6_addresses_are_no_capacity() -> None:
    rule = replace(outbound_rule(ports=4_000), ip_ids=(ArmId("/four"), ArmId("/six")), ipv4_ip_ids=(ArmId("/four"),))
    finding = allocation_unsatisfiable(sized(17, 17), load_balancer(outbound_rules=(rule,)), at(0))
    assert finding is not None and finding.severity is Severity.HIGH


def test_a_dual_stack_cluster_says_how_many_of_its_addresses_are_ipv4() -> None:
    dual = replace(
        sized(17, 17),
        ip_families=("IPv4", "IPv6"),
        load_balancer_profile=LoadBalancerProfile(4_000, managed_outbound_ip_count=1),
    )
    rule = outbound_rule("aksOutboundRule", 4_000, 30, ArmId("/four"), ArmId("/six"))
    finding = allocation_unsatisfiable(dual, load_balancer(outbound_rules=(rule,)), at(0))
    assert finding is not None and finding.severity is Severity.HIGH
