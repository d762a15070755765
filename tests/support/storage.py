"""Azure Tables in memory: what the bot does with storage, without an emulator's time.

Written after what Azurite answers, and held against it: tests/store runs on both. `make test-all` uses Azurite only.
"""

from __future__ import annotations

import operator
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Any, cast
from weakref import WeakValueDictionary

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.data.tables import TableClient, TableEntity, TableErrorCode, UpdateMode

from shared.store.table import Table

IN_MEMORY = "AccountName=memory;AccountKey=bm9uZQ=="
"""The connection string of an account that only `table_at` knows."""

_LONGEST_TEXT_BYTES = 64 * 1024
_LARGEST_ROW_BYTES = 1024 * 1024
_STATUS = {
    TableErrorCode.ENTITY_ALREADY_EXISTS: 409,
    TableErrorCode.RESOURCE_NOT_FOUND: 404,
    TableErrorCode.UPDATE_CONDITION_NOT_SATISFIED: 412,
}
_COMPARISON = re.compile(r"(\w+) (eq|ne|gt|ge|lt|le) (@\w+|'(?:[^']|'')*')")
_PART = re.compile(r" and (?![^(]*\))")
_OPERATORS = {name: getattr(operator, name) for name in ("eq", "ne", "gt", "ge", "lt", "le")}
_Comparison = tuple[str, str, str]
Rows = dict[str, TableEntity]


def table_at(storage: str, prefix: str) -> Table:
    """The table that an app with these settings has. Two in memory with the same prefix are the same."""
    table = Table(prefix, connection_string=storage)
    if storage == IN_MEMORY:
        client = _clients.setdefault(prefix, TableInMemory())
        table._client = cast(TableClient, client)
    return table


class TableInMemory:
    """The methods of ``azure.data.tables.TableClient`` that the bot uses."""

    def __init__(self) -> None:
        self._partitions: dict[str, Rows] = {}
        self._lock = threading.Lock()
        self._versions = count()

    def get_entity(self, partition_key: str, row_key: str) -> TableEntity:
        with self._lock:
            return _copy(_existing(self._partitions.get(partition_key, {}), row_key))

    def create_entity(self, entity: Mapping[str, Any]) -> dict[str, str]:
        return self._write("create", entity)

    def upsert_entity(self, entity: Mapping[str, Any], **options: Any) -> dict[str, str]:
        return self._write("upsert", entity, options)

    def update_entity(self, entity: Mapping[str, Any], **options: Any) -> dict[str, str]:
        return self._write("update", entity, options)

    def delete_entity(self, partition_key: str, row_key: str, **options: Any) -> None:
        """No error when there is no such row."""
        with self._lock:
            rows = self._partitions.get(partition_key, {})
            if row_key in rows:
                _check_version(rows, row_key, options)
                del rows[row_key]

    def submit_transaction(self, operations: Sequence[Any]) -> list[dict[str, str]]:
        if not operations or len(operations) > 100:
            raise ValueError(f"a transaction has 1 to 100 operations, not {len(operations)}")
        (partition,) = {operation[1]["PartitionKey"] for operation in operations}
        keys = {operation[1]["RowKey"] for operation in operations}
        if len(keys) < len(operations):
            raise _refused(TableErrorCode.INVALID_DUPLICATE_ROW)
        with self._lock:
            rows = dict(self._partitions.get(partition, {}))
            answers = [self._apply(rows, *operation) for operation in operations]
            self._partitions[partition] = rows
            return answers

    def query_entities(
        self,
        query_filter: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        select: Sequence[str] | None = None,
        results_per_page: int | None = None,
    ) -> Iterator[TableEntity]:
        """The entities in key order. ``query_filter``: see `_conditions`."""
        conditions = _conditions(query_filter)
        of_keys = [each for each in conditions if {column for column, _, _ in each} == {"PartitionKey"}]
        of_rows = [each for each in conditions if each not in of_keys]
        values = parameters or {}
        with self._lock:
            found = [
                _copy(row, select)
                for partition, rows in sorted(self._partitions.items())
                if _holds(of_keys, {"PartitionKey": partition}, values)
                for _, row in sorted(rows.items())
                if _holds(of_rows, row, values)
            ]
        return iter(found)

    def _write(self, kind: str, entity: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> dict[str, str]:
        with self._lock:
            return self._apply(self._partitions.setdefault(entity["PartitionKey"], {}), kind, entity, options)

    def _apply(
        self, rows: Rows, kind: str, entity: Mapping[str, Any], options: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        key = entity["RowKey"]
        if kind == "delete":
            _check_version(rows, key, options)
            del rows[key]
            return {}
        if kind == "create" and key in rows:
            raise _refused(TableErrorCode.ENTITY_ALREADY_EXISTS)
        if kind == "update":
            _check_version(rows, key, options)
        is_merged = kind != "create" and (options or {}).get("mode") is not UpdateMode.REPLACE
        row = TableEntity(rows.get(key, {}) if is_merged else {})
        row |= {name: _stored(value) for name, value in entity.items() if value is not None}
        if sum(_size(value) for value in row.values()) > _LARGEST_ROW_BYTES:
            raise _refused(TableErrorCode.ENTITY_TOO_LARGE)
        if re.search(r"[/\\#?\x00-\x1f\x7f-\x9f]", entity["PartitionKey"] + key):
            raise _refused(TableErrorCode.INVALID_INPUT)
        row._metadata = {"etag": f'W/"{next(self._versions)}"', "timestamp": datetime.now(UTC)}
        rows[key] = row
        return {"etag": str(row.metadata["etag"])}


_clients: WeakValueDictionary[str, TableInMemory] = WeakValueDictionary()


def _refused(code: TableErrorCode) -> HttpResponseError:
    status = _STATUS.get(code, 400)
    error = (ResourceNotFoundError if status == 404 else HttpResponseError)(code.value)
    error.status_code, error.error_code = status, code  # type: ignore[attr-defined]
    return error


def _existing(rows: Rows, key: str) -> TableEntity:
    if key not in rows:
        raise _refused(TableErrorCode.RESOURCE_NOT_FOUND)
    return rows[key]


def _check_version(rows: Rows, key: str, options: Mapping[str, Any] | None) -> None:
    etag = (options or {}).get("etag")
    if _existing(rows, key).metadata["etag"] != etag and etag is not None:
        raise _refused(TableErrorCode.UPDATE_CONDITION_NOT_SATISFIED)


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if _size(value) > _LONGEST_TEXT_BYTES:
        raise _refused(TableErrorCode.PROPERTY_VALUE_TOO_LARGE)
    if not isinstance(value, str | bool | int | float):
        raise TypeError(f"Azure Tables stores no {type(value).__name__}")
    return value


def _size(value: Any) -> int:
    return len(value.encode("utf-16-le")) if isinstance(value, str) else 8


def _copy(row: TableEntity, select: Sequence[str] | None = None) -> TableEntity:
    copy = TableEntity((name, row[name]) for name in select or row if name in row)
    copy._metadata = row.metadata
    return copy


@lru_cache(64)
def _conditions(query_filter: str) -> list[list[_Comparison]]:
    """Parses a filter: all conditions must hold, each with at least one alternative. Brackets hold alternatives: ``a
    and (b or c)``."""
    found: list[list[_Comparison]] = []
    for part in filter(None, _PART.split(query_filter)):
        comparisons = [(match[1], match[2], match[3]) for match in _COMPARISON.finditer(part)]
        rest = "".join(_COMPARISON.sub("", part).split())
        bracketed = f"({'or' * (len(comparisons) - 1)})"
        if not comparisons or ((rest, len(comparisons)) != ("", 1) and rest != bracketed):
            raise _refused(TableErrorCode.INVALID_INPUT)
        found.append(comparisons)
    return found


def _holds(conditions: list[list[_Comparison]], row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    def holds(column: str, name: str, text: str) -> bool:
        return column in row and bool(_OPERATORS[name](row[column], _value(text, values)))

    return all(any(holds(*comparison) for comparison in alternatives) for alternatives in conditions)


def _value(text: str, values: Mapping[str, Any]) -> Any:
    return values[text[1:]] if text.startswith("@") else text[1:-1].replace("''", "'")
