"""The published roles are exactly enough: the whole story runs with them, and what is missing is named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.clock import Instant
from shared.cloud.errors import Forbidden
from shared.model.change import ChangeState
from shared.model.check import CheckResult
from simulator.scenario import FOLDER
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure
from tests.support.theatre import READER, WRITER, Theatre

ROLES = Path(__file__).parents[2] / "infra" / "roles"
ROW = re.compile(r"^\| `(?P<action>[^`]+)` \| (?P<kind>\w+) \|", re.MULTILINE)


def actions(role: str) -> list[str]:
    found: list[str] = json.loads((ROLES / f"{role}.json").read_text())["Actions"]
    return found


def described(role: str) -> dict[str, str]:
    """Action to kind, from the page."""
    _, detector, remediator = (ROLES / "README.md").read_text().split("\n## ")
    return dict(ROW.findall(detector if role == "detector" else remediator))


def required(role: str) -> list[str]:
    return [action for action, kind in described(role).items() if kind == "required"]


def without(role: str, action: str) -> str:
    """The client id of an identity whose role lacks one action."""
    return f"{role} without {action}"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """The storm, with identities that hold exactly the published roles, and others that lack one action of it."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / "storm.yaml").read_text())
    held: Mapping[str, list[str]] = {
        READER: actions("detector"),
        WRITER: actions("remediator"),
        **{
            without(role, action): [one for one in actions(role) if one != action]
            for role in ("detector", "remediator")
            for action in required(role)
        },
        without("remediator", "Microsoft.Network/networkSecurityGroups/join/action"): [
            one for one in actions("remediator") if "networkSecurityGroups" not in one
        ],
    }
    content["identities"] = [{"client_id": client_id, "name": client_id} for client_id in held]
    content["roles"] = [{"identity": client_id, "actions": granted} for client_id, granted in held.items()]
    path = tmp_path_factory.mktemp("strict") / "strict.yaml"
    path.write_text(yaml.safe_dump(content))
    with serve_azure(path) as simulator:
        yield simulator


@pytest.fixture
def environment(strict: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> RunningSimulator:
    for name, value in strict.environment().items():
        monkeypatch.setenv(name, value)
    return strict


@pytest.mark.parametrize("role", ["detector", "remediator"])
def test_every_action_is_described_and_none_is_a_wildcard_or_a_write_elsewhere(role: str) -> None:
    assert list(described(role)) == actions(role)
    assert set(described(role).values()) <= {"required", "conditional", "precautionary"}
    for action in actions(role):
        assert "*" not in action
        assert "roleAssignments" not in action
        if not action.endswith("/read"):
            assert role == "remediator"
            kind = action.removeprefix("Microsoft.Network/").rpartition("/")[0].removesuffix("/join")
            writable = kind in ("publicIPAddresses", "publicIPPrefixes", "natGateways", "virtualNetworks/subnets")
            assert writable or action.endswith(("/join/action", "/associateResourcesToPool/action"))


@pytest.mark.parametrize("action", [*required("remediator"), "Microsoft.Network/networkSecurityGroups/join/action"])
def test_what_the_remediator_lacks_is_named_before_anyone_is_asked(
    environment: RunningSimulator, storage: str, action: str
) -> None:
    theatre = Theatre(environment, storage, REMEDIATOR_CLIENT_ID=without("remediator", action))
    cluster = theatre.app.discovery.clusters().clusters[0]

    plan = theatre.app.planner.plan_cluster(cluster.id, theatre.clock.now())

    assert not plan.is_executable
    (blocker,) = plan.blockers
    assert blocker.name == "permissions"
    assert action in blocker.message


@pytest.mark.parametrize("action", required("detector"))
def test_what_the_detector_lacks_is_named(environment: RunningSimulator, storage: str, action: str) -> None:
    theatre = Theatre(environment, storage, DETECTOR_CLIENT_ID=without("detector", action))
    cluster_id = Theatre(environment, storage).app.discovery.clusters().clusters[0].id

    try:
        plan = theatre.app.planner.plan_cluster(cluster_id, theatre.clock.now())
    except Forbidden as error:
        said = str(error)
    else:
        said = " ".join(f"{check.message} {check.remedy}" for check in plan.checks)
        said += " ".join(plan.demand.missing if plan.demand else ())
        if action == "Microsoft.Insights/metrics/read":
            assert any(check.result is CheckResult.WARN and check.name == "size" for check in plan.checks)
            return
        assert not plan.is_executable
    assert action in said


def test_the_whole_story_runs_with_exactly_these_roles(environment: RunningSimulator, storage: str) -> None:
    """Last in this file: it changes the network that the others plan for."""
    theatre = Theatre(environment, storage)
    fixed = theatre.run_on(theatre.approved())
    assert fixed.state is ChangeState.FIXED
    at = Instant.of(theatre.clock)
    rollback = theatre.decide(theatre.app.propose.propose_rollback(fixed, at, "Ada"), "approve")
    assert theatre.run_on(rollback).state is ChangeState.ROLLED_BACK
    at = Instant.of(theatre.clock)
    deletion = theatre.decide(theatre.app.propose.propose_deletion(fixed, at, "Ada"), "approve")
    assert theatre.run_on(deletion).state is ChangeState.DONE
    assert theatre.resources("natGateways") == []
    assert theatre.resources("publicIPAddresses") == []
    assert {one["status"] for one in environment.requests() if one["client_id"] in (READER, WRITER)} <= {
        200,
        201,
        202,
        204,
        404,
    }
