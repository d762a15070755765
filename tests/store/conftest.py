"""Each test has a table of its own on the storage emulator."""

from __future__ import annotations

import pytest

from shared.ids import new_id
from shared.store.records import Records
from shared.store.signs import Signs
from shared.store.table import Tables


@pytest.fixture
def tables(azurite: str) -> Tables:
    return Tables(f"t{new_id()}", connection_string=azurite)


@pytest.fixture
def records(tables: Tables) -> Records:
    return Records(tables)


@pytest.fixture
def signs(tables: Tables) -> Signs:
    return Signs(tables)
