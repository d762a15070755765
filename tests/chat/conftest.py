"""What several test modules of chat share: a server that answers as badly as a test asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hostile import HostileServer, hostile_server, trusted_authority


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileServer]:
    """Over TLS, by an authority that requests trusts."""
    authority, bundle = trusted_authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with hostile_server(authority) as running:
        yield running
