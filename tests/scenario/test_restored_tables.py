"""docs/operating.md: the tables are lost in the middle of an apply, and a copy of them takes over."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.data.tables import TableServiceClient

from infra.copy_tables import copy_tables
from shared.model.change import ChangeState
from tests.support.refusals import half_done
from tests.support.theatre import Theatre, playing

pytestmark = pytest.mark.azurite


class OtherAccount:
    """Another storage account: rows by table, as Azure's client returned them."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Any]] = {}

    def create_table_if_not_exists(self, name: str) -> Any:
        rows = self.tables.setdefault(name, [])
        return SimpleNamespace(upsert_entity=lambda row, mode: rows.append(row))

    def list_tables(self) -> list[Any]:
        return [SimpleNamespace(name=name) for name in self.tables]

    def get_table_client(self, name: str) -> Any:
        return SimpleNamespace(list_entities=lambda: self.tables[name])


@pytest.fixture
def theatre(azurite: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Theatre]:
    with playing("storm", azurite, monkeypatch) as started:
        yield started


def test_a_copy_of_the_tables_goes_on_where_they_were_lost(theatre: Theatre, azurite: str) -> None:
    change = half_done(theatre)
    prefix = theatre._settings["TABLE_PREFIX"]
    tables, backup = TableServiceClient.from_connection_string(azurite), OtherAccount()
    rows = copy_tables(tables, cast(Any, backup), prefix)
    assert sum(rows.values()) > 10
    for name in rows:
        tables.delete_table(name)
    assert copy_tables(cast(Any, backup), tables, prefix) == rows
    theatre.new_app()
    assert theatre.run_on(change).state is ChangeState.FIXED
    found = theatre.app.verify_audit.run(theatre.clock.now())
    assert (found.is_whole, found.is_signing) == (True, True)
