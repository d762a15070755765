"""How thorough this run is: `make test` tries some of what `make test-all` tries."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

IS_THOROUGH = os.environ.get("SNATBOT_TESTS") == "all"
slow = pytest.mark.slow


def examples(number: int) -> settings:
    """So many examples of a property, ten times as many in `make test-all`, and none timed."""
    return settings(
        max_examples=10 * number if IS_THOROUGH else number, deadline=None, suppress_health_check=list(HealthCheck)
    )
