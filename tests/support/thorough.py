"""How thorough this run is: `make test` tries some of what `make test-all` tries."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

IS_THOROUGH = os.environ.get("SNATBOT_TESTS") == "all"
slow = pytest.mark.slow
Case = TypeVar("Case")


def examples(number: int) -> settings:
    """So many examples of a property, the same in each run; in `make test-all` twenty times as many, and new ones."""
    return settings(
        max_examples=20 * number if IS_THOROUGH else number,
        deadline=None,  # none is timed
        derandomize=not IS_THOROUGH,
        suppress_health_check=list(HealthCheck),
    )


def sample(cases: Iterable[Case], *kept: Case) -> list[Any]:
    """Cases of a parametrized test, of which `make test` tries only those that are kept."""
    found = list(cases)
    if not set(kept) <= set(found):
        raise ValueError(f"{kept} must all be among {found}")
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=() if case in kept else slow)
        for case in found
    ]
