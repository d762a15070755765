"""docs/operating.md: what the app created in storage and in Azure is what its owner is told to delete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient

from shared.app import App
from shared.model.change import ChangeState
from shared.settings import load_settings
from tests.support.deployed import ROOT
from tests.support.deployed_functions import deployed_functions
from tests.support.theatre import WRITER, playing
from tests.support.thorough import slow

SMALL_STORM = Path(__file__).parent / "scenarios" / "small-storm.yaml"


def listed(what: str) -> set[str]:
    manual = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"(?m)^\| {what} \|(.*)\|$", manual.partition("## Uninstalling")[2])
    return set(re.findall(r"`(snatbot[\w-]*)`", row))


@slow
@pytest.mark.azurite
def test_tables_and_resources_after_a_change_are_those_of_the_manual(
    azurite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with playing(SMALL_STORM, azurite, monkeypatch) as theatre:
        assert theatre.run_on(theatre.approved()).state is ChangeState.FIXED
        prefix = theatre._settings["TABLE_PREFIX"]
        as_deployed = App(load_settings(theatre._settings), theatre.clock)  # whose tables have no stand-in
        assert as_deployed.records.due("change", theatre.clock.now()) is not None
        assert list(as_deployed.probe_reports.partitions()) == []
        tables = TableServiceClient.from_connection_string(azurite).list_tables()
        found = {table.name.replace(prefix, "snatbot") for table in tables if table.name.startswith(prefix)}
        assert found == listed("Tables")
        kinds = {entry["path"].partition("?")[0].split("/")[-2] for entry in theatre.writes(WRITER)}
        assert kinds == {"natGateways", "publicIPAddresses", "subnets"}
        for created in theatre.resources("natGateways") + theatre.resources("publicIPAddresses"):
            assert created["tags"]["snatbot"]


def test_queues_of_the_functions_are_those_of_the_manual() -> None:
    bindings = [binding.get_dict_repr() for each in deployed_functions() for binding in each.get_bindings()]
    found = {name.replace("%QUEUE_PREFIX%", "snatbot") for each in bindings if (name := each.get("queueName"))}
    assert found == {f"{name}{end}" for name in listed("Queues") for end in ("", "-poison")}
