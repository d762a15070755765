"""docs/architecture.md names files and identifiers that exist, on two screens."""

from __future__ import annotations

import re

import pytest

from tests.support.deployed import ROOT
from tests.support.every import every

TEXT = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?|[a-z_]+\.py)`", TEXT)))
PLACES = re.findall(r"`([A-Z]\w*(?:\.\w+)?)` in `([\w/]+\.py)`", TEXT)


@pytest.mark.parametrize("path", PATHS)
def test_a_file_or_folder_that_it_names_exists(path: str) -> None:
    folders = [ROOT, ROOT / "shared", ROOT / "shared/flows", ROOT / "shared/core"]
    assert any((folder / path).exists() for folder in folders)


@pytest.mark.parametrize(("name", "path"), PLACES)
def test_an_identifier_that_it_names_is_in_the_file(name: str, path: str) -> None:
    code = (ROOT / "shared" / path).read_text(encoding="utf-8")
    assert every(re.search(rf"\b{part}\b", code) for part in name.split("."))


def test_it_names_places_and_fits_on_two_screens() -> None:
    assert len(PATHS) > 15
    assert len(PLACES) >= 3
    assert len(TEXT.splitlines()) <= 100
