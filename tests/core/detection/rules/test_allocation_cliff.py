"""The cliff of default allocation: when it warns, and when it only notes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.detection.rules.allocation import allocation_cliff
from shared.model.finding import Severity
from tests.support.builders import (
    at,
    fixed_allocation,
    load_balancer,
    outbound_rule,
    port_reading,
    sized,
)


@pytest.mark.parametrize(
    ("count", "most", "severity"),
    [
        (12, 40, None),
        (12, 49, None),
        (12, 50, Severity.NOTICE),
        (44, 60, Severity.NOTICE),
        (45, 60, Severity.WARNING),
        (50, 50, Severity.NOTICE),
        (46, 51, Severity.WARNING),
        (46, 46, Severity.NOTICE),
        (51, 80, None),
        (95, 120, Severity.WARNING),
        (790, 900, Severity.WARNING),
        (900, 990, None),
        (0, 90, None),
    ],
)
def test_the_cliff_is_told_when_the_cluster_may_fall_off(count: int, most: int, severity: Severity | None) -> None:
    finding = allocation_cliff(sized(count, most), load_balancer(), None, at(0))
    assert (finding.severity if finding else None) is severity


def test_a_fixed_pool_that_only_an_upgrade_takes_across_is_no_warning_that_never_clears() -> None:
    fixed_pool = sized(46, 46, surge="")
    finding = allocation_cliff(fixed_pool, load_balancer(), port_reading((400.0, 1024.0)), at(0))
    assert finding is not None
    assert finding.severity is Severity.NOTICE
    finding = allocation_cliff(fixed_pool, load_balancer(), port_reading((600.0, 1024.0)), at(0))
    assert finding is not None
    assert finding.severity is Severity.WARNING, "its next upgrade would fail connections"


def test_a_node_that_would_run_out_beyond_the_cliff_makes_it_a_warning() -> None:
    finding = allocation_cliff(sized(12, 60), load_balancer(), port_reading((600.0, 1024.0)), at(0))
    assert finding is not None
    assert finding.severity is Severity.WARNING
    assert "cut from 1,024 to 512" in finding.evidence
    assert "a node uses more than that already" in finding.evidence


def test_a_fixed_allocation_has_no_cliff() -> None:
    assert allocation_cliff(sized(50, 90), fixed_allocation(1024, 2), None, at(0)) is None


@pytest.mark.parametrize(("count", "severity"), [(12, None), (44, None), (45, Severity.WARNING), (51, None)])
def test_an_unknown_maximum_is_said_where_the_cliff_is_near(count: int, severity: Severity | None) -> None:
    provisioned = replace(sized(count, count), has_auto_provisioning=True)
    finding = allocation_cliff(provisioned, load_balancer(), None, at(0))
    assert (finding.severity if finding else None) is severity
    if finding:
        assert "its maximum is unknown" in finding.evidence
        assert finding.remedy.endswith("one for every 62 nodes")


@pytest.mark.parametrize("number_of_manual", [1, 2])
def test_manual_rules_hide_no_cliff(number_of_manual: int) -> None:
    manual = [outbound_rule(f"partners{number}", 32_000, 4) for number in range(number_of_manual)]
    balancer = load_balancer(outbound_rules=(*manual, outbound_rule("AKSOutboundRule")))
    finding = allocation_cliff(sized(45, 60), balancer, None, at(0))
    assert finding is not None and finding.severity is Severity.WARNING


def test_without_a_rule_of_aks_among_several_the_cliff_is_unknown() -> None:
    balancer = load_balancer(outbound_rules=(outbound_rule("first"), outbound_rule("second")))
    assert allocation_cliff(sized(45, 60), balancer, None, at(0)) is None
