"""What a plan costs: the owner's prices, or unknown."""

from __future__ import annotations

import pytest

from shared.core.planning.cost import monthly_cost
from tests.support.builders import facts
from tests.support.planned import plan

MADE = plan(facts())


def test_cost_is_the_owners_prices_or_unknown() -> None:
    new = MADE.create_steps
    assert monthly_cost(new, {}).per_month is None
    assert monthly_cost(new, {"gateway_hour": "cheap", "ip_hour": "0"}).per_month is None
    bare = {"gateway_hour": "0.045", "ip_hour": "0.005", "currency": "USD"}
    assert monthly_cost(new, bare).per_month is None, "whose, and of when?"
    prices = {"gateway_hour": "0.045", "ip_hour": "0.005", "currency": "USD", "source": "list", "as_of": "2026-11-01"}
    found = monthly_cost(new, prices)
    assert found.per_month == pytest.approx(730 * (0.045 + 2 * 0.005), abs=0.01)
    assert (found.currency, found.source, found.as_of) == ("USD", "list", "2026-11-01")
