"""What the writing identity lacks and what is locked is said for every kind of plan, before anyone is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.clock import Instant
from shared.errors import Refused
from shared.model.change import Change
from shared.model.plan import PlanKind
from simulator.scenario import FOLDER
from tests.support.azure_in_process import serve_azure
from tests.support.theatre import READER, WRITER, Theatre

ROLES = Path(__file__).parents[2] / "infra" / "roles"
GROUP = "shop-network"
SCOPE = f"/subscriptions/5e1f0a3c-7a52-4f0e-9d5b-2f6c1f0c8a11/resourceGroups/{GROUP}"


def actions(role: str) -> list[str]:
    found: list[str] = json.loads((ROLES / f"{role}.json").read_text())["Actions"]
    return found


@contextmanager
def lacking(
    action: str, folder: Path, storage: str, monkeypatch: pytest.MonkeyPatch, **settings: str
) -> Iterator[Theatre]:
    """The storm, where the writing identity has the published role without one action."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / "storm.yaml").read_text())
    held = {READER: actions("detector"), WRITER: [one for one in actions("remediator") if one != action]}
    content["identities"] = [{"client_id": client_id, "name": client_id} for client_id in held]
    content["roles"] = [{"identity": client_id, "actions": granted} for client_id, granted in held.items()]
    path = folder / "lacking.yaml"
    path.write_text(yaml.safe_dump(content))
    with serve_azure(path) as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        yield Theatre(simulator, storage, **settings)


def lock(theatre: Theatre, level: str) -> None:
    theatre.simulator.add_event({"lock": {"name": "freeze", "level": level, "resource_group": GROUP, "scope": SCOPE}})


def roll_back(theatre: Theatre, change: Change) -> Change:
    return theatre.app.propose.propose_rollback(change, Instant.of(theatre.clock), "Ada")


def delete(theatre: Theatre, change: Change) -> Change:
    return theatre.app.propose.propose_deletion(change, Instant.of(theatre.clock), "Ada")


@pytest.mark.parametrize("verb", ["write", "join/action"])
def test_a_prefix_needs_actions_of_its_own(
    verb: str, tmp_path: Path, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = f"Microsoft.Network/publicIPPrefixes/{verb}"
    with lacking(action, tmp_path, storage, monkeypatch, NAT_IPS="prefix") as theatre:
        cluster = theatre.app.discovery.clusters().clusters[0]
        plan = theatre.app.planner.plan_cluster(cluster.id, theatre.clock.now())
        (blocker,) = plan.blockers
        assert blocker.name == "permissions"
        assert action in blocker.message

        singles = Theatre(theatre.simulator, storage).app.planner.plan_cluster(cluster.id, theatre.clock.now())
        assert singles.is_executable, "single addresses don't need it"


def test_a_roll_back_under_a_read_only_lock_is_not_offered(theatre: Theatre) -> None:
    fixed = theatre.run_on(theatre.approved())
    lock(theatre, "ReadOnly")
    with pytest.raises(Refused, match="read-only lock"):
        roll_back(theatre, fixed)


def test_a_deletion_that_the_identity_may_not_make_is_not_offered(
    tmp_path: Path, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = "Microsoft.Network/natGateways/delete"
    with lacking(action, tmp_path, storage, monkeypatch) as theatre:
        fixed = theatre.run_on(theatre.approved())
        rollback = theatre.run_on(theatre.decide(roll_back(theatre, fixed), "approve"))
        assert rollback.plan.kind is PlanKind.DETACH_NAT_GATEWAY
        with pytest.raises(Refused, match=action):
            delete(theatre, fixed)
        lock(theatre, "CanNotDelete")
        with pytest.raises(Refused, match="A lock forbids deleting"):
            delete(theatre, fixed)
