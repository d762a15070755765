"""Each test makes a watch on clusters of its own."""

from __future__ import annotations

from typing import Any

import pytest

from shared.store.table import Table
from tests.support.watched_world import Make, World


@pytest.fixture
def make(table: Table) -> Make:
    def world(*names: str, **more: Any) -> World:
        return World(table, *names, **more)

    return world
