"""A fixed allocation must fit the outbound IPs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.detection.rules.allocation_unsatisfiable import allocation_unsatisfiable
from shared.model.finding import Severity
from shared.model.load_balancer import LoadBalancer
from tests.support.builders import (
    at,
    fixed_allocation,
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
