"""Simulators to test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure
from tests.support.clients import Azure, azure


@pytest.fixture(scope="module")
def storm() -> Iterator[Azure]:
    """The storm, shared by tests that change nothing."""
    with azure("storm") as running:
        yield running


@pytest.fixture
def fresh_storm() -> Iterator[Azure]:
    """A storm of one's own."""
    with azure("storm") as running:
        yield running


@pytest.fixture(scope="module")
def shared_entra() -> Iterator[RunningSimulator]:
    with serve_azure(Path(__file__).parent / "entra.yaml") as simulator, pytest.MonkeyPatch.context() as patch:
        # requests prefers this variable, where it is set, to what a session says (psf/requests#3829).
        patch.setenv("REQUESTS_CA_BUNDLE", str(simulator.ca_path))
        yield simulator


@pytest.fixture
def entra(shared_entra: RunningSimulator) -> Iterator[RunningSimulator]:
    """Entra ID over TLS, shared by a file's tests; each leaves it without faults."""
    yield shared_entra
    shared_entra.clear_faults()
