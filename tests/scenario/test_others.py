"""Others act meanwhile: an upgrade, the autoscaler, an operator, a pipeline. Nobody's change is lost in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.model.change import ChangeState
from shared.model.network import Subnet
from simulator.scenario import FOLDER
from tests.support.azure_in_process import serve_azure
from tests.support.theatre import WRITER, Theatre

OURS = {"to": "subnets/aks-user", "method": "PUT"}
Playing = Callable[..., Any]


@pytest.fixture
def storm_with(storage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Playing:
    """The storm, and what others do in it."""

    @contextmanager
    def play(*events: dict[str, Any]) -> Iterator[Theatre]:
        content = yaml.safe_load((FOLDER / "storm.yaml").read_text())
        content["events"] = [*content.get("events", []), *events]
        path = tmp_path / "storm-with.yaml"
        path.write_text(yaml.safe_dump(content))
        with serve_azure(path) as simulator:
            for name, value in simulator.environment().items():
                monkeypatch.setenv(name, value)
            yield Theatre(simulator, storage)

    return play


def subnet_writes(theatre: Theatre) -> int:
    return sum(
        entry["status"] in (200, 201) and "/subnets/aks-user" in entry["path"] for entry in theatre.writes(WRITER)
    )


def test_an_upgrade_that_starts_midway_is_waited_for(storm_with: Playing) -> None:
    with storm_with(
        {"after_write": {**OURS, "seconds": 20}, "upgrade": {"cluster": "shop-prod", "minutes": 30}}
    ) as theatre:
        change = theatre.approved()
        started = theatre.clock.now()
        fixed = theatre.run_on(change)
        assert fixed.state is ChangeState.FIXED
        assert (theatre.clock.now() - started).total_seconds() > 30 * 60
        assert len(theatre.changes()) == 1
        assert not any("has stopped" in text for text in theatre.slack_texts())


def test_nodes_that_the_autoscaler_adds_change_nothing(storm_with: Playing) -> None:
    scale = {"cluster": "shop-prod", "pool": "user", "nodes": 12}
    with storm_with({"after_write": {"to": "natGateways", "method": "PUT"}, "scale": scale}) as theatre:
        assert theatre.run_on(theatre.approved()).state is ChangeState.FIXED
        assert len(theatre.changes()) == 1
        assert len(theatre.writes(WRITER)) == 5
        assert not any("has stopped" in text for text in theatre.slack_texts())


def test_nodes_that_the_autoscaler_takes_away_are_no_alarm(storm_with: Playing) -> None:
    scale = {"cluster": "shop-prod", "pool": "user", "nodes": 7}
    with storm_with({"after_write": {**OURS, "seconds": 30}, "scale": scale}) as theatre:
        assert theatre.run_on(theatre.approved()).state is ChangeState.FIXED
        assert not any("has stopped" in text for text in theatre.slack_texts())


def test_a_node_that_is_lost_after_the_move_stops_before_the_next_subnet(storm_with: Playing) -> None:
    lost = {"cluster": "shop-prod", "pool": "user", "instance": 2, "ready": False}
    with storm_with({"after_write": {**OURS, "seconds": 30}, "node_ready": lost}) as theatre:
        stopped = theatre.run_on(theatre.approved())
        assert stopped.state is ChangeState.STOPPED
        assert "not Ready any more" in stopped.stop_reason
        assert theatre.subnets()["aks-system"]["nat_gateway"] is None


def test_what_an_operator_overwrites_is_an_alarm_with_the_command_that_restores_it(storm_with: Playing) -> None:
    put = {"subnet": "shop-vnet/aks-user", "drop": ["networkSecurityGroup"], "by": "operator"}
    with storm_with({"after_write": OURS, "put_subnet": put}) as theatre:
        stopped = theatre.run_on(theatre.approved())
        assert stopped.state is ChangeState.STOPPED
        assert "networkSecurityGroup changed" in stopped.stop_reason
        assert "--network-security-group /subscriptions/" in str(stopped.stop_commands)
        assert subnet_writes(theatre) == 1, "the operator's change is not undone"


def test_a_pipeline_that_takes_it_back_every_time_is_not_fought(storm_with: Playing) -> None:
    put = {"subnet": "shop-vnet/aks-user", "revert": True, "by": "pipeline"}
    with storm_with({"after_write": {**OURS, "repeat": True}, "put_subnet": put}) as theatre:
        stopped = theatre.run_on(theatre.approved())
        assert stopped.state is ChangeState.STOPPED
        assert "another writer" in stopped.stop_reason
        assert "az monitor activity-log list --resource-id" in str(stopped.stop_commands)
        assert "--nat-gateway /subscriptions/" in str(stopped.stop_commands)
        assert subnet_writes(theatre) <= 3


def test_a_write_between_our_read_and_ours_is_kept(theatre: Theatre) -> None:
    """Azure refuses ours by the ETag; what the other wrote is then not as approved."""
    change = theatre.approved()
    network = theatre.app.network_of(theatre.app.discovery.cluster(change.cluster_id).subscription)
    put, written = network.put_subnet, list[str]()

    def overtaken(subnet: Subnet, nat_gateway_id: str | None, etag: str, request_id: str = "") -> Subnet:
        if not written:
            written.append(subnet.id)
            endpoints = [{"service": "Microsoft.Sql", "locations": ["westeurope"]}]
            put(replace(subnet, properties={**subnet.properties, "serviceEndpoints": endpoints}), None, etag)
            theatre.clock.advance(60)
        return put(subnet, nat_gateway_id, etag, request_id)

    network.put_subnet = overtaken  # type: ignore[method-assign]

    stopped = theatre.run_on(change)

    assert stopped.state is ChangeState.STOPPED
    assert "serviceEndpoints changed" in stopped.stop_reason
    (endpoint,) = theatre.subnets()["aks-user"]["properties"]["serviceEndpoints"]
    assert endpoint["service"] == "Microsoft.Sql"
