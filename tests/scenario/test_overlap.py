"""Somebody else writes to a subnet in the moment of our write. Honoured or not, If-Match must not hide a loss."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.clock import Instant
from shared.model.change import Change, ChangeState
from simulator.scenario import FOLDER
from tests.support.azure_in_process import serve_azure
from tests.support.theatre import READER, WRITER, Theatre

COMING = {"to": "subnets/aks-user", "method": "PUT"}
ENDPOINTS = [{"service": "Microsoft.Storage"}, {"service": "Microsoft.Sql", "locations": ["westeurope"]}]
THEIRS = {"subnet": "shop-vnet/aks-user", "set": {"serviceEndpoints": ENDPOINTS}, "by": "pipeline@example.com"}
TO_THE_NETWORK = {
    "resource_group": "shop-network",
    "resource": "virtualNetworks/shop-vnet",
    "properties": {"dhcpOptions": {"dnsServers": ["10.0.0.4"]}},
    "by": "somebody@example.com",
}
# Theirs takes no time, so that it is over when ours arrives: otherwise Azure would let ours wait.
IGNORED = {"if_match_honoured": False, "operation_time_scale": 0.0}
Playing = Callable[..., AbstractContextManager[Theatre]]


@pytest.fixture
def storm_with(storage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Playing:
    """The storm with these settings of the services, and what others do in it."""

    @contextmanager
    def play(settings: dict[str, Any], *events: dict[str, Any], **more: Any) -> Iterator[Theatre]:
        content = yaml.safe_load((FOLDER / "storm.yaml").read_text())
        content["settings"] = {**content.get("settings", {}), **settings}
        content["events"] = [*content.get("events", []), *events]
        path = tmp_path / "storm-with.yaml"
        path.write_text(yaml.safe_dump(content | more))
        with serve_azure(path) as simulator:
            for name, value in simulator.environment().items():
                monkeypatch.setenv(name, value)
            yield Theatre(simulator, storage)

    return play


def endpoints(theatre: Theatre) -> set[str]:
    return {one["service"] for one in theatre.subnets()["aks-user"]["properties"].get("serviceEndpoints", [])}


def alarms(theatre: Theatre) -> list[str]:
    return [text for text in theatre.slack_texts() if "has stopped" in text or "Another writer" in text]


def resumed(theatre: Theatre, change: Change) -> Change:
    theatre.decide(theatre.change(change.id), "resume")
    return theatre.run_on(change)


def test_what_was_overwritten_unseen_is_an_alarm_that_says_who_and_how_to_look(storm_with: Playing) -> None:
    with storm_with(IGNORED, {"before_write": COMING, "put_subnet": THEIRS}) as theatre:
        change = theatre.approved()
        stopped = theatre.run_on(change)

        assert "Microsoft.Sql" not in endpoints(theatre), "theirs is lost, which Azure does not say"
        assert stopped.state is ChangeState.STOPPED
        assert "(pipeline@example.com) wrote to aks-user at" in stopped.stop_reason
        command = re.search(
            r"az monitor activity-log list .*--correlation-id ([0-9a-f-]{36}) --start-time", str(stopped.stop_commands)
        )
        assert command is not None
        assert "az network vnet subnet update --ids /subscriptions/" in str(stopped.stop_commands)
        assert len(alarms(theatre)) == 1
        assert any("pipeline@example.com" in entry.note for entry in theatre.journal(change))

        fixed = resumed(theatre, change)
        assert fixed.state is ChangeState.FIXED, "told once; a person has looked"
        assert len(alarms(theatre)) == 1
        assert len(theatre.writes(WRITER)) == 5


def test_where_the_log_holds_what_was_sent_the_command_restores_it(storm_with: Playing) -> None:
    settings = {**IGNORED, "activity_log_bodies": True}
    with storm_with(settings, {"before_write": COMING, "put_subnet": THEIRS}) as theatre:
        stopped = theatre.run_on(theatre.approved())
        assert stopped.state is ChangeState.STOPPED
        assert "--set 'serviceEndpoints=[" in "".join(stopped.stop_commands)
        assert "Microsoft.Sql" in str(stopped.stop_commands)
        assert "--remove" not in str(stopped.stop_commands)


def test_a_write_to_the_whole_network_counts_too(storm_with: Playing) -> None:
    with storm_with(IGNORED, {"before_write": COMING, "write": TO_THE_NETWORK}) as theatre:
        stopped = theatre.run_on(theatre.approved())
        assert stopped.state is ChangeState.STOPPED
        assert "(somebody@example.com) wrote to shop-vnet at" in stopped.stop_reason


def test_with_if_match_honoured_theirs_is_kept_and_the_log_raises_no_alarm(storm_with: Playing) -> None:
    """What they wrote is not what the plan was approved for, and is not touched."""
    honoured = {"operation_time_scale": 0.0}
    with storm_with(honoured, {"before_write": COMING, "put_subnet": THEIRS}) as theatre:
        stopped = theatre.run_on(theatre.approved())
        assert "Microsoft.Sql" in endpoints(theatre)
        assert stopped.state is ChangeState.STOPPED
        assert "serviceEndpoints changed" in stopped.stop_reason


def test_a_write_that_ours_was_refused_for_is_no_alarm(storm_with: Playing) -> None:
    """A virtual network and its subnets share their ETag: theirs is not about our subnet."""
    with storm_with({}, {"before_write": COMING, "write": TO_THE_NETWORK}) as theatre:
        fixed = theatre.run_on(theatre.approved())
        assert fixed.state is ChangeState.FIXED, "ours was refused once and then taken"
        assert [one["status"] for one in theatre.writes(WRITER) if "/subnets/aks-user" in one["path"]] == [412, 200]
        assert alarms(theatre) == []


def test_nobody_else_is_said_as_a_figure_of_the_verdict(storm_with: Playing) -> None:
    with storm_with({"if_match_honoured": False}) as theatre:
        fixed = theatre.run_on(theatre.approved())
        assert fixed.state is ChangeState.FIXED
        assert fixed.outcome is not None
        assert any("nobody else wrote to the subnets" in figure for figure in fixed.outcome.figures)


def test_a_log_that_may_not_be_read_is_no_silence(storm_with: Playing) -> None:
    roles = [
        {"identity": WRITER, "role": "Owner"},
        {
            "identity": READER,
            "actions": ["*/read", "Microsoft.PolicyInsights/*"],
            "not_actions": ["Microsoft.Insights/eventtypes/*"],
        },
    ]
    with storm_with({}, roles=roles) as theatre:
        fixed = theatre.run_on(theatre.approved())
        assert fixed.state is ChangeState.FIXED
        assert fixed.outcome is not None
        (said,) = [figure for figure in fixed.outcome.figures if "could not tell whether anybody else wrote" in figure]
        assert "Microsoft.Insights/eventtypes/values/read" in said


def test_a_log_that_stays_behind_is_waited_for_and_then_not_guessed_at(storm_with: Playing) -> None:
    with storm_with({"activity_log_lag_seconds": 7200}) as theatre:
        fixed = theatre.run_on(theatre.approved())
        assert fixed.state is ChangeState.FIXED
        assert fixed.outcome is not None
        assert any("does not show snatbot's own write to" in figure for figure in fixed.outcome.figures)


def test_a_worker_killed_right_after_its_write_leaves_nothing_unseen(storm_with: Playing) -> None:
    """How long the moment lasted was not recorded then: the longest that it can have lasted counts."""
    with storm_with(IGNORED, {"before_write": COMING, "put_subnet": THEIRS}) as theatre:
        theatre.simulator.add_fault(
            {"match": {"method": "PUT", "path": "subnets/aks-user"}, "times": 1, "then": {"drop": "after"}}
        )
        stopped = theatre.run_on(theatre.approved())
        assert stopped.state is ChangeState.STOPPED
        assert "pipeline@example.com" in stopped.stop_reason


def test_what_takes_the_gateway_off_while_the_proof_runs_is_an_alarm(storm_with: Playing) -> None:
    put = {"subnet": "shop-vnet/aks-user", "revert": True, "by": "pipeline@example.com"}
    late = {"to": "subnets/aks-system", "method": "PUT", "seconds": 11 * 60}
    with storm_with({}, {"after_write": late, "put_subnet": put}) as theatre:
        change = theatre.approved()
        stopped = theatre.run_on(change)
        assert stopped.state is ChangeState.STOPPED
        assert stopped.step == len(stopped.plan.steps), "it was being proven"
        assert "took the NAT gateway off subnet aks-user again" in stopped.stop_reason
        assert "--nat-gateway /subscriptions/" in str(stopped.stop_commands)
        assert "az monitor activity-log list --resource-id" in str(stopped.stop_commands)

        again = resumed(theatre, change)
        assert again.state is ChangeState.STOPPED, "nothing was restored"
        network = theatre.app.network_of(theatre.app.discovery.cluster(change.cluster_id).subscription)
        (step,) = [
            one
            for one in change.plan.steps
            if getattr(one, "subnet_id", "").endswith("aks-user") and one.kind == "associate_subnet"
        ]
        subnet = network.read_subnet(step.subnet_id)
        network.put_subnet(subnet, step.after, subnet.etag)
        theatre.clock.advance(60)
        assert resumed(theatre, change).state is ChangeState.FIXED


def test_a_roll_back_is_looked_at_again_as_well(storm_with: Playing) -> None:
    with storm_with(IGNORED) as theatre:
        fixed = theatre.run_on(theatre.approved())
        at = Instant.of(theatre.clock)
        rollback = theatre.decide(theatre.app.propose.propose_rollback(fixed, at, "Ada"), "approve")
        theatre.simulator.add_event({"before_write": COMING, "put_subnet": THEIRS})
        rolled_back = theatre.run_on(rollback)
        assert rolled_back.state is ChangeState.ROLLED_BACK
        (told,) = alarms(theatre)
        assert "(pipeline@example.com) wrote to aks-user" in told
