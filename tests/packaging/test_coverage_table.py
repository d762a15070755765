"""docs/coverage.md names tests that exist, and a row without a test claims nothing."""

from __future__ import annotations

import re

import pytest

from tests.support.deployed import ROOT

LINES = (ROOT / "docs/coverage.md").read_text(encoding="utf-8").splitlines()
ROWS = [line for line in LINES if line.startswith("| ") and not line.endswith("| Test |")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_row_names_a_test_or_says_that_it_is_not_known(row: str) -> None:
    _, _, *claims, test, _ = (cell.strip() for cell in row.split("|"))
    if not test:
        assert set(claims) == {"not known"}
        return
    path, name = test.strip("`").split("::")
    assert re.search(rf"^def {name}\(", (ROOT / "tests" / path).read_text(encoding="utf-8"), re.MULTILINE)
