"""A fresh simulated Azure for every test: these change things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.testing import start_simulator
from tests.support.theatre import Theatre


@pytest.fixture
def theatre(azurite: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Theatre]:
    """One failing cluster with two subnets, remediation on, approval by link."""
    with start_simulator("storm") as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        yield Theatre(simulator, azurite)
