"""What tests of every kind share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

from devhost.azurite import Azurite
from devhost.browser import BrowserNotFoundError, Camera, camera
from shared.ids import new_id
from shared.store.liveness import Liveness
from shared.store.records import Records
from shared.store.stop_switch import StopSwitch
from shared.store.table import Table
from shared.store.vnet_lock import VnetLock
from tests.support.emitted import fail_if_logged, secrets_stay_out_of_logs
from tests.support.storage import IN_MEMORY, table_at
from tests.support.thorough import IS_THOROUGH, examples

TESTS = Path(__file__).parent
os.environ.setdefault("NO_PROXY", "127.0.0.1")  # saves looking for a proxy at every request
UNIT_FOLDERS = {"auth", "chat", "core", "flows", "model", "store", "web"}
# What starts processes and waits for them begins first: a file that begins last keeps one worker busy alone.
SLOWEST_FIRST = (
    *("browser", "host", "faults", "devhost", "http", "first_calls", "bench"),
    *("scenario", "wording", "simulator"),
)
NETWORKED = ("azurite", "browser", "network", "scenario")


settings.register_profile("snatbot", examples(30))
settings.load_profile("snatbot")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Unit tests open no socket: one that tries fails. Those are all tests in some folders, unless marked otherwise.

    Slow tests are for `make test-all`. Folders that take long come first.
    """
    items.sort(key=_turn)
    if not IS_THOROUGH and (slow := [item for item in items if item.get_closest_marker("slow")]):
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    emulated = {"azurite", "storage"} if IS_THOROUGH else {"azurite"}
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        networked = any(item.get_closest_marker(name) for name in NETWORKED)
        is_unit = folder in UNIT_FOLDERS or item.path.parent == TESTS
        if is_unit and not networked and not emulated & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.unit)
            item.add_marker(pytest.mark.disable_socket)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: no later search for garbage need look at it."""
    gc.collect()
    gc.freeze()


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return SLOWEST_FIRST.index(folder) if folder in SLOWEST_FIRST else len(SLOWEST_FIRST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not is_hypothesis_test(getattr(item, "obj", None)):  # Hypothesis also sends texts that stand in the tests
        fail_if_logged(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def _secrets_stay_out_of_logs() -> Iterator[None]:
    with secrets_stay_out_of_logs():
        yield


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of a storage emulator that all tests of a process share.

    Use a table and queue prefix of your own in each test, so that tests don't see each other's data.
    """
    with Azurite.start(tmp_path_factory.mktemp("azurite")) as emulator:
        yield emulator.connection_string


@pytest.fixture
def storage(request: pytest.FixtureRequest) -> str:
    """The connection string of storage in memory; of the emulator in `make test-all`."""
    return str(request.getfixturevalue("azurite")) if IS_THOROUGH else IN_MEMORY


@pytest.fixture
def table(storage: str) -> Table:
    """Each test has a table of its own."""
    return table_at(storage, f"t{new_id()}")


@pytest.fixture
def records(table: Table) -> Records:
    return Records(table)


@pytest.fixture
def liveness(table: Table) -> Liveness:
    return Liveness(table)


@pytest.fixture
def stop_switch(table: Table) -> StopSwitch:
    return StopSwitch(table)


@pytest.fixture
def vnet_lock(table: Table) -> VnetLock:
    return VnetLock(table)


@pytest.fixture(scope="session")  # starting one costs a second, and Playwright allows one a thread
def browser() -> Iterator[Camera]:
    """A Chromium; take a context of its own in each test. Mark the test `browser`."""
    try:
        with camera() as opened:
            yield opened
    except BrowserNotFoundError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recordings of the real services, where there is one; it is not part of this repository."""
    folder = os.environ.get("SNATBOT_RECORDINGS", "")
    if not folder:
        pytest.skip("SNATBOT_RECORDINGS names no folder of recordings")
    return Path(folder)


Measured = Callable[[str, float, str], None]
_MEASUREMENT = "measurement"


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Measured:
    """Notes a figure, its name and unit, to be shown after the test run."""

    def note(name: str, figure: float, unit: str) -> None:
        record_property(_MEASUREMENT, f"{name}: {figure:.2f} {unit}")

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows what the tests measured."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    properties = [each for report in reports for each in getattr(report, "user_properties", ())]
    for name, value in dict.fromkeys(properties):
        if name == _MEASUREMENT:
            terminalreporter.write_line(f"measured: {value}")
