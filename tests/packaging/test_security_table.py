"""docs/security.md names a test that exists for each attack."""

from __future__ import annotations

import re

import pytest

from tests.support.deployed import ROOT

TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
TABLE = TEXT.partition("| Attack | Defence | Test |\n|---|---|---|\n")[2].partition("\n\n")[0].splitlines()


def test_the_table_is_there() -> None:
    assert len(TABLE) > 40


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.split("|")[1].strip())
def test_each_attack_has_a_defence_and_a_test(row: str) -> None:
    _, attack, defence, test, _ = (cell.strip() for cell in row.split("|"))
    assert attack
    assert defence
    path, name = test.strip("`").split("::")
    assert re.search(rf"^def {name}\(", (ROOT / "tests" / path).read_text(encoding="utf-8"), re.MULTILINE)
