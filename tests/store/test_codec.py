"""What is stored comes back as it was, or it is an error that names the row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.change import ChangeState
from shared.store.codec import SCHEMA, dump, from_columns, load, to_columns
from shared.store.errors import StoreError
from tests.support.every import every
from tests.support.nouns import make_change, make_plan


@dataclass(frozen=True)
class Note:
    text: str
    at: datetime | None = None


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50_000))
def test_any_text_comes_back_from_columns_that_storage_takes(text: str) -> None:
    columns = to_columns(Note(text))
    assert every(len(str(value).encode("utf-16-le")) <= 64 * 1024 for value in columns.values())
    assert from_columns(Note, columns) == Note(text)


@pytest.mark.parametrize(
    "value", [make_plan(), make_change(ChangeState.FIXED), Note("x", datetime(2026, 1, 1, tzinfo=UTC))]
)
def test_nouns_come_back_with_their_types(value: Any) -> None:
    assert load(type(value), dump(value)) == value


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"schema": SCHEMA + 1, "json0": "{}"}, "written by a newer release"),
        ({"schema": SCHEMA}, "cannot be read as Note"),
        ({"schema": SCHEMA, "json0": '{"text": 1}'}, "cannot be read as Note"),
        ({"schema": SCHEMA, "json0": '{"text": "cut of'}, "cannot be read as Note"),
        ({"schema": SCHEMA, "json1": '{"text": "the first part is gone"}'}, "cannot be read as Note"),
    ],
)
def test_a_row_that_is_not_what_it_should_be_is_an_error_with_its_name(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(StoreError, match=f"row note-1 .*{reason}"):
        from_columns(Note, {"RowKey": "note-1", **row})
