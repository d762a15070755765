"""Every test of storage runs on the emulator, and on the memory that stands in for it elsewhere."""

from __future__ import annotations

import pytest

from tests.support.storage import IN_MEMORY


@pytest.fixture(params=["memory", pytest.param("azurite", marks=pytest.mark.azurite)])
def storage(request: pytest.FixtureRequest) -> str:
    return IN_MEMORY if request.param == "memory" else str(request.getfixturevalue("azurite"))
