"""The scenario of `make serve`: trouble on one cluster at night, and on another in the morning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devhost.last_night import write_scenario
from simulator import scenario


@pytest.mark.parametrize("now", [datetime(2026, 11, 28, 0, 0, tzinfo=UTC), datetime(2026, 11, 28, 23, 59, tzinfo=UTC)])
def test_trouble_begins_at_night_and_in_the_morning_whenever_one_starts(tmp_path: Path, now: datetime) -> None:
    content = scenario.load(str(write_scenario(tmp_path, now)))
    begins = {}
    for cluster in content["clusters"]:
        (spike,) = (load["schedule"] for load in cluster["workloads"] if "schedule" in load)
        begins[cluster["name"]] = now + timedelta(minutes=spike["from_minute"])
    night, morning = datetime(2026, 11, 29, 0, 40, tzinfo=UTC), datetime(2026, 11, 29, 7, 40, tzinfo=UTC)
    assert begins == {"shop-prod": night, "pay-prod": morning}
    ranges = [vnet["address_space"] for vnet in content["virtual_networks"]]
    assert len(ranges) == 2
    assert ranges[0] != ranges[1], "the two share nothing but their subscription"
