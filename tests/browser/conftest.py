"""A real browser for tests of pages; they are skipped, visibly, where none can be had."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devhost.browser import BrowserNotFoundError, Camera, camera


@pytest.fixture(scope="module")  # Playwright allows one at a time in a process
def browser() -> Iterator[Camera]:
    try:
        with camera() as opened:
            yield opened
    except BrowserNotFoundError as missing:
        pytest.skip(str(missing))
