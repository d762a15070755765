"""A fresh simulated Azure for every test: these change things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.theatre import Theatre, playing


@pytest.fixture
def theatre(storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Theatre]:
    """One failing cluster with two subnets, remediation on, approval by link."""
    with playing("storm", storage, monkeypatch) as started:
        yield started
