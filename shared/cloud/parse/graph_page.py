"""A page of Resource Graph, up to 16 MB: each row is decoded when it is its turn, and dropped when it is parsed."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ...model.text import Text
from ..error_mapping import json_object, json_value
from ..errors import UnexpectedAnswer
from .fields import text

_OPERATION = "Resource Graph"


class _Page(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """Documented members (REST: Resources - Resources, 2022-10-01). Raw members are not read."""

    data: list[msgspec.Raw]
    skip_token: str | None = msgspec.field(default=None, name="$skipToken")
    total_records: msgspec.Raw = msgspec.Raw()
    count: msgspec.Raw = msgspec.Raw()
    result_truncated: msgspec.Raw = msgspec.Raw()
    facets: msgspec.Raw = msgspec.Raw()


_PAGE = msgspec.json.Decoder(_Page)


def read_page(content: bytes) -> tuple[Iterable[Any], str]:
    """The rows, and the token of the next page; empty if there is none. Raises UnexpectedAnswer."""
    try:
        page = _PAGE.decode(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):  # odd spelling, another member, or no JSON
        plain = json_object(_OPERATION, content)
        rows = plain.get("data")
        if not isinstance(rows, list):
            raise UnexpectedAnswer(_OPERATION, Text("the answer has no rows")) from None
        return rows, text(plain, "$skipToken")
    return _decoded(page.data), page.skip_token or ""


def _decoded(rows: Iterable[msgspec.Raw]) -> Iterator[Any]:
    for row in rows:
        try:
            yield msgspec.json.decode(row)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            yield json_value(_OPERATION, bytes(row))
