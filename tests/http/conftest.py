"""The function app in the local host, on a simulated Azure and Azurite: what a browser or a script would meet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from devhost.stage import Stage, set_up


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, azurite: str) -> Iterator[Stage]:
    """One failing cluster; a module's tests share it."""
    with set_up(tmp_path_factory.mktemp("stage"), "storm", storage=azurite) as ready:
        yield ready


@pytest.fixture
def browser(stage: Stage) -> Iterator[requests.Session]:
    """Keeps cookies, holds no function key."""
    with requests.Session() as session:
        yield session
    stage.simulator.clear_faults()
