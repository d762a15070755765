"""A page of Resource Graph is read row by row, however its names are spelled."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.cloud.errors import UnexpectedAnswer
from shared.cloud.parse.graph_page import read_page

pytestmark = pytest.mark.disable_socket
ROWS = [{"id": "a", "n": 1}, {"id": "b", "tags": None}]


@pytest.mark.parametrize(
    "more",
    [
        {"totalRecords": 2, "count": 2, "facets": [], "resultTruncated": "false", "$skipToken": "x"},
        {"$skiptoken": "x"},
        {"$SkipToken": "x", "traceId": {"of": 1}},
    ],
)
def test_rows_and_token_are_read_whatever_else_a_page_has(more: dict[str, Any]) -> None:
    rows, token = read_page(json.dumps({"data": ROWS, **more}).encode())
    assert (list(rows), token) == (ROWS, "x")


@pytest.mark.parametrize("more", [{}, {"$skipToken": None}, {"$skipToken": ""}])
def test_without_a_token_it_is_the_last_page(more: dict[str, Any]) -> None:
    rows, token = read_page(json.dumps({"data": [], **more}).encode())
    assert (list(rows), token) == ([], "")


@pytest.mark.parametrize("body", ["{}", '{"data": null}', '{"data": {}}', "[]", "<html>", ""])
def test_a_page_without_rows_is_an_error_and_no_empty_fleet(body: str) -> None:
    with pytest.raises(UnexpectedAnswer):
        read_page(body.encode())


@pytest.mark.parametrize("odd", ["NaN", "1e999", "9" * 400, '"\\ud800"'])
def test_a_row_with_an_odd_value_is_a_row_and_the_others_are_too(odd: str) -> None:
    rows, _ = read_page(f'{{"data": [{{"id": "a", "x": {odd}}}, {{"id": "b"}}]}}'.encode())
    assert [row["id"] for row in rows] == ["a", "b"]
