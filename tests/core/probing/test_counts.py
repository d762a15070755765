"""What is counted of a new connection, by curl's exit code and times."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.probing.counts import by_target, counts_of
from shared.model.probe import TargetCounts

SECONDS = st.floats(0, 100)


def count(exit_code: int = 0, connect_s: float = 0.012, address: str = "52.168.1.9", **more: Any) -> TargetCounts:
    return counts_of("api:443", exit_code=exit_code, lookup_s=0.002, connect_s=connect_s, address=address, **more)


@pytest.mark.parametrize(
    ("exit_code", "connect_s", "field"),
    [
        (6, 0, "dns_failed"),
        (28, 0, "timed_out"),
        (35, 0.01, "tls_failed"),
        (60, 0.01, "tls_failed"),
        (7, 0, "failed_otherwise"),
        (28, 0.01, "failed_otherwise"),
        (255, 0, "failed_otherwise"),
    ],
)
def test_a_failure_is_in_one_count_by_how_far_it_came(exit_code: int, connect_s: float, field: str) -> None:
    found = count(exit_code, connect_s)
    assert (getattr(found, field), found.failed) == (1, 1)


@pytest.mark.parametrize(
    ("seconds", "retried", "slow"),
    [
        (0.0102, (0, 0, 0, 0), 0),
        (0.7, (0, 0, 0, 0), 0),
        (1.03, (1, 0, 0, 0), 1),
        (2.06, (0, 1, 0, 0), 1),
        (3.1, (0, 1, 0, 0), 1),
        (7.02, (0, 0, 1, 0), 1),
        (15.2, (0, 0, 0, 1), 1),
        (4.1, (0, 0, 1, 0), 1),
        (5.2, (0, 0, 1, 0), 1),
        (11.1, (0, 0, 0, 1), 1),
        (19.3, (0, 0, 0, 1), 1),
    ],
)
def test_a_slow_connection_is_counted_by_its_retries(seconds: float, retried: tuple[int, ...], slow: int) -> None:
    found = count(connect_s=seconds + 0.002)
    assert (found.retried, found.slow, found.failed) == (retried, slow, 0)
    assert found.slowest_ms == pytest.approx(1000 * seconds)


@pytest.mark.parametrize(
    ("connect_s", "address", "intercepted"),
    [(0.0022, "52.168.1.9", 1), (0.0024, "52.168.1.9", 0), (0.0022, "10.0.0.4", 0), (0.0022, "", 0)],
)
def test_what_answers_too_fast_for_a_public_address_is_intercepted(
    connect_s: float, address: str, intercepted: int
) -> None:
    assert count(connect_s=connect_s, address=address).intercepted == intercepted


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 99), SECONDS, SECONDS, st.text(max_size=9))))
def test_no_connection_is_lost_or_counted_twice(given: list[tuple[str, int, float, float, str]]) -> None:
    counts = [counts_of(t, exit_code=e, lookup_s=lo, connect_s=co, address=a) for t, e, lo, co, a in given]
    found = by_target(counts)
    assert sum(each.connections for each in found) == len(given)
    assert sum(each.failed for each in found) == sum(code != 0 or connect == 0 for _, code, _, connect, _ in given)
    assert all(each.failed <= each.connections for each in found)
    assert all(sum(each.retried) == each.slow <= each.connections for each in found)
    assert len(found) == len({each.target for each in counts})
