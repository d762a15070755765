"""A fresh simulated Azure for every test: these change things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.theatre import Theatre, playing

SMALL_STORM = Path(__file__).parent / "scenarios" / "small-storm.yaml"


@pytest.fixture
def theatre(storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Theatre]:
    """One failing cluster of three nodes in two subnets, remediation on, approval by link."""
    with playing(SMALL_STORM, storage, monkeypatch) as started:
        yield started


@pytest.fixture
def storm(storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Theatre]:
    """The same with the twelve nodes that the demo has."""
    with playing("storm", storage, monkeypatch) as started:
        yield started
