"""A NAT gateway of ours gets a public IP prefix: attached, verified, and every other property as before."""

from __future__ import annotations

from typing import Any

import pytest

from shared.clock import Instant
from shared.model.change import ChangeState
from tests.support.theatre import Theatre

LISTS = ("publicIpAddresses", "publicIpPrefixes")


def without_lists(gateway: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in gateway["properties"].items() if name not in LISTS}


@pytest.mark.parametrize("first", ["addresses", "prefix"])
def test_a_prefix_is_added_to_a_gateway_of_ours(first: str, storm: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.core.planning import sizing

    storm._settings["NAT_IPS"] = first
    storm.new_app()
    fixed = storm.run_on(storm.approved())
    (before,) = storm.resources("natGateways")

    storm._settings["NAT_IPS"] = "prefix"
    storm.new_app()
    # The simulated gateway never fills: each address counts for less instead.
    monkeypatch.setattr(sizing, "PORTS_PER_IP", 700)
    at = Instant.of(storm.clock)
    more = storm.app.propose.propose(fixed.cluster_id, at, "Ada")
    assert [step.kind for step in more.plan.steps] == ["create_public_ip_prefix", "add_public_ips"]
    storm.decide(more, "approve")
    done = storm.run_on(more)
    assert done.state is ChangeState.FIXED, done.stop_reason

    (after,) = storm.resources("natGateways")
    assert len(after["properties"]["publicIpPrefixes"]) == (1 if first == "addresses" else 2)
    assert after["properties"].get("publicIpAddresses", []) == before["properties"].get("publicIpAddresses", [])
    assert without_lists(after) == without_lists(before)
