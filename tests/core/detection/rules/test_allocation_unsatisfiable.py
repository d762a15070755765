"""A fixed allocation must fit the outbound IPs."""

from __future__ import annotations

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
