"""How many resources go into a batch: never too many, never too many series, and no more batches than that takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cloud.batch_limits import MOST_SERIES, BatchLimits, expected_series, smaller, split

pytestmark = pytest.mark.disable_socket


@given(st.lists(st.integers(1, MOST_SERIES + 1), max_size=200), st.sampled_from([1, 10, 25, 50]))
def test_batches_keep_the_order_and_both_limits(held: list[int], most: int) -> None:
    ids = [f"lb{number}" for number in range(len(held))]
    series = dict(zip(ids, held, strict=True))
    batches = list(split(ids, series, most))
    assert [resource_id for batch in batches for resource_id in batch] == ids
    for batch in batches:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(series[resource_id] for resource_id in batch) <= MOST_SERIES


@given(st.integers(1, 300), st.integers(1, 5_000), st.integers(1, 16))
def test_load_balancers_alike_take_as_few_batches_as_can_be(number: int, nodes: int, frontends: int) -> None:
    held = expected_series("UsedSnatPorts,AllocatedSnatPorts", nodes, frontends)
    assert held == nodes * frontends * 8
    ids = [f"lb{each}" for each in range(number)]
    in_batch = max(1, min(50, MOST_SERIES // held))
    assert len(list(split(ids, dict.fromkeys(ids, held), 50))) == -(-number // in_batch)


def test_a_region_keeps_smaller_batches_for_an_hour_and_says_so() -> None:
    now = [0.0]
    sizes = BatchLimits(lambda: now[0])
    assert (sizes.size("s in we"), sizes.problems) == (50, {})
    sizes.reduce("s in we", 49)
    sizes.reduce("s in we", 50)
    assert (sizes.size("s in we"), sizes.size("s in ne")) == (25, 50)
    assert sizes.problems["s in we"].endswith(
        "batches of 50 leave out points that Azure Monitor has; at most 25 resources a request"
    )
    sizes.reduce("s in we", 1)
    assert sizes.problems["s in we"].endswith("1 resource a request")
    sizes.restore("s in we")
    assert (sizes.size("s in we"), sizes.problems) == (50, {})
    sizes.reduce("s in we", 25)
    now[0] = 3601.0
    assert (sizes.size("s in we"), sizes.problems) == (50, {})


def test_the_steps_end_at_single_requests() -> None:
    assert [smaller(size) for size in (50, 49, 25, 12, 10, 2, 1)] == [25, 25, 10, 10, 1, 1, 1]
