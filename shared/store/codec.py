"""Convert records to table rows and back.

A record is JSON, split into strings of at most 16,000 characters (Azure Tables: 32 K UTF-16 characters a string, where
a character may take two, and 1 MiB a row), beside the columns that queries need. Every row has the schema number that
it was written with.
"""

import base64
import zlib
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, TypeVar, cast

from ..first_use import import_lock
from ..model.text import Text
from .errors import StoreError

SCHEMA = 1
_CHUNK = 16_000
_LONGEST_KEPT = 4 * _CHUNK

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> Any:
    with import_lock:
        from pydantic import TypeAdapter

    return TypeAdapter(kind)


def dump(value: Any) -> str:
    """A dataclass as JSON, with datetimes in ISO 8601."""
    kind: Any = type(value)
    return str(_adapter(kind).dump_json(value).decode())


def load(kind: type[T], text: str) -> T:
    """The dataclass. Raises ValueError if the text is not valid for it."""
    value: T = cast(Any, _adapter)(kind).validate_json(text)
    return value


@lru_cache(maxsize=64)
def _kept(kind: Any, text: str) -> Any:
    """Flows read the rows of one change many times a minute; records are immutable."""
    return load(kind, text)


def pack(value: Any) -> str:
    """``dump``, compressed, as text: a thousand clusters in a few thousand characters."""
    return base64.b64encode(zlib.compress(dump(value).encode())).decode()


def unpack(kind: type[T], text: str) -> T:
    """What was packed. Raises ValueError if the text is not valid for it."""
    try:
        return load(kind, zlib.decompress(base64.b64decode(text)).decode())
    except zlib.error as error:
        raise ValueError(str(error)) from error


def to_columns(value: Any) -> dict[str, Any]:
    """``schema`` and ``json0``, ``json1``, …"""
    text = dump(value)
    chunks = {f"json{number}": text[start : start + _CHUNK] for number, start in enumerate(range(0, len(text), _CHUNK))}
    return {"schema": SCHEMA, **chunks}


def content_of(row: Mapping[str, Any]) -> str:
    """The schema number (as a number: ``"1"`` is not 1) and the JSON of a row, as a signature covers them."""
    return f"{row.get('schema')!r} {_text_of(row)}"


def _text_of(row: Mapping[str, Any]) -> str:
    text = ""
    number = 0
    while (chunk := row.get(f"json{number}")) is not None:
        text += str(chunk)
        number += 1
    return text


def from_columns(kind: type[T], row: Mapping[str, Any]) -> T:
    """Raises StoreError if a newer release wrote the row, or it is invalid."""
    if int(row.get("schema", 0)) > SCHEMA:
        raise StoreError(
            Text(
                "row {row} was written by a newer release (schema {schema})",
                row=str(row.get("RowKey")),
                schema=str(row.get("schema")),
            )
        )
    text = _text_of(row)
    try:
        return cast(Any, _kept)(kind, text) if len(text) <= _LONGEST_KEPT else load(kind, text)
    except ValueError as error:
        raise StoreError(
            Text("row {row} cannot be read as {kind}", row=str(row.get("RowKey")), kind=kind.__name__)
        ) from error
