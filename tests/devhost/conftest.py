"""The sample app, run by the local host."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.storage.queue import QueueClient

from devhost.host import DevHost

SAMPLE_APP = Path(__file__).parent / "sample_app"


@dataclass(frozen=True)
class Sample:
    """A host that runs the sample app, and what the app noted."""

    host: DevHost
    storage: str
    prefix: str
    journal_file: Path

    def journal(self, function: str | None = None) -> list[dict[str, Any]]:
        """What the app noted, of all functions or of one."""
        if not self.journal_file.exists():
            return []
        entries = [json.loads(line) for line in self.journal_file.read_text().splitlines()]
        return [entry for entry in entries if function in (None, entry["function"])]

    def wait_for(self, entries: int, function: str | None = None) -> None:
        """Until the app has noted so many."""
        deadline = time.monotonic() + 60
        while len(self.journal(function)) < entries:
            assert time.monotonic() < deadline, self.host.logs()
            time.sleep(0.02)

    def go(self) -> None:
        """What waits in the app goes on."""
        self.journal_file.with_name("go").touch()

    def bodies(self, function: str) -> list[str]:
        return [entry["body"] for entry in self.journal(function) if "count" in entry]

    def queue(self, name: str) -> QueueClient:
        return QueueClient.from_connection_string(self.storage, f"{self.prefix}-{name}")


StartSample = Callable[..., Sample]


@contextmanager
def run_sample(
    storage: str, folder: Path, settings: dict[str, str], app: Path = SAMPLE_APP, **options: Any
) -> Iterator[Sample]:
    """The sample app with a queue prefix of its own, its journal in `folder`; `options` are DevHost's."""
    prefix = f"t{uuid.uuid4().hex[:12]}"
    journal = folder / "journal"
    defaults = {"PREFIX": prefix, "TICK_SCHEDULE": "0 0 0 1 1 *", "SAMPLE_JOURNAL": str(journal)}
    with DevHost.start(app, {**defaults, **settings}, storage, **options) as host:
        yield Sample(host, storage, prefix, journal)


@pytest.fixture
def start_sample(azurite: str, tmp_path: Path) -> Iterator[StartSample]:
    """Starts the sample app; takes more settings, and DevHost's options by keyword."""
    with ExitStack() as stack:

        def start(settings: dict[str, str] | None = None, **options: Any) -> Sample:
            return stack.enter_context(run_sample(azurite, tmp_path, settings or {}, **options))

        yield start


@pytest.fixture(scope="module")
def shared_sample(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """One host for all tests of a module that leave nothing behind."""
    with run_sample(azurite, tmp_path_factory.mktemp("sample"), {}) as sample:
        yield sample


@pytest.fixture
def sample(start_sample: StartSample) -> Sample:
    """The sample app as it runs with the host's defaults."""
    return start_sample()
