"""Simulators to test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.clients import Azure, azure


@pytest.fixture(scope="module")
def storm() -> Iterator[Azure]:
    """The storm, shared by tests that change nothing."""
    with azure("storm") as running:
        yield running


@pytest.fixture
def fresh_storm() -> Iterator[Azure]:
    """A storm of one's own."""
    with azure("storm") as running:
        yield running
