"""What must not happen: acting on what was not approved, twice, late, or against a world that changed."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.auth.errors import LinkExpired, LinkTampered
from shared.auth.signing import LinkTarget
from shared.clock import Instant
from shared.cloud.api_versions import MANAGED_CLUSTERS
from shared.errors import NotFoundHere, Refused
from shared.model.change import ChangeState
from shared.model.plan import CreatePublicIp
from shared.model.resource_id import ArmId
from tests.support.every import every
from tests.support.theatre import ADA, WRITER, Theatre


def test_sixteen_approvals_at_once_are_one(theatre: Theatre) -> None:
    change = theatre.proposed()
    outcomes: list[str] = []

    def approve() -> None:
        try:
            theatre.decide(change, "approve")
            outcomes.append("approved")
        except Refused as refusal:
            outcomes.append(str(refusal))

    threads = [threading.Thread(target=approve) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("approved") == 1
    assert outcomes
    assert every("Already decided: approved by Ada" in text for text in outcomes if text != "approved")
    assert theatre.run_on(change).state is ChangeState.FIXED
    assert len(theatre.writes(WRITER)) == 5


def test_a_doubled_message_applies_once(theatre: Theatre) -> None:
    change = theatre.approved()
    threads = [
        threading.Thread(target=theatre.app.reconciler.run, args=(theatre.partition, change.id)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert theatre.run_on(change).state is ChangeState.FIXED
    assert len(theatre.resources("natGateways")) == 1
    assert len(theatre.resources("publicIPAddresses")) == 2


def test_an_expired_proposal_cannot_be_approved(theatre: Theatre) -> None:
    change = theatre.proposed()
    theatre.clock.advance(61 * 60)

    with pytest.raises(Refused, match="expired"):
        theatre.decide(change, "approve")


def test_a_link_for_another_plan_is_refused(theatre: Theatre) -> None:
    change = theatre.proposed()
    target = LinkTarget(theatre.partition, change.id, "0" * 64)

    with pytest.raises(Refused, match="plan has changed"):
        theatre.app.decide.decide(target, "approve", ADA, Instant.of(theatre.clock))


def test_a_link_to_nothing_says_so(theatre: Theatre) -> None:
    change = theatre.proposed()

    with pytest.raises(NotFoundHere):
        theatre.app.decide.view(LinkTarget(theatre.partition, "nothing", change.plan.digest))


def test_a_link_that_was_changed_on_its_way_is_refused(theatre: Theatre) -> None:
    url = theatre.app.links.page(theatre.proposed())
    token = url.partition("?t=")[2]

    assert theatre.app.signer.read_link(token).partition == theatre.partition
    with pytest.raises(LinkTampered):
        theatre.app.signer.read_link("A" + token[1:])


def test_a_link_does_not_outlive_its_time(theatre: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    token = theatre.app.links.page(theatre.proposed()).partition("?t=")[2]
    later = time.time() + 61 * 60
    monkeypatch.setattr(time, "time", lambda: later)

    with pytest.raises(LinkExpired):
        theatre.app.signer.read_link(token)


def test_a_plan_that_was_changed_in_storage_is_not_applied(theatre: Theatre) -> None:
    change = theatre.approved()
    first = change.plan.steps[0]
    assert isinstance(first, CreatePublicIp)
    forged = replace(first, id=ArmId(first.id.replace("pip-snatbot", "pip-stranger")))
    theatre.tamper(change, plan=replace(change.plan, steps=(forged, *change.plan.steps[1:])))

    change = theatre.run_on(change)

    assert change.state is ChangeState.FAILED
    assert "does not carry this app's signature" in (change.outcome.reason if change.outcome else "")
    assert theatre.writes() == []


def test_an_approval_written_into_storage_is_not_believed(theatre: Theatre) -> None:
    change = theatre.proposed()
    theatre.tamper(change, state=ChangeState.APPROVED, due_at=theatre.clock.now())

    change = theatre.run_on(change)

    assert change.state is ChangeState.FAILED
    assert theatre.writes() == []


def test_a_subnet_that_changed_after_approval_is_not_written_and_asked_again(theatre: Theatre) -> None:
    change = theatre.approved()
    subnet_id = next(step.subnet_id for step in change.plan.steps if step.kind == "associate_subnet")
    network = theatre.app.network_of(theatre.app.discovery.cluster(change.cluster_id).subscription)
    subnet = network.read_subnet(subnet_id)
    endpoints = [{"service": "Microsoft.Sql", "locations": ["westeurope"]}]
    changed = replace(subnet, properties={**subnet.properties, "serviceEndpoints": endpoints})
    network.put_subnet(changed, None, subnet.etag)
    theatre.clock.advance(30)
    written = len(theatre.writes())

    failed = theatre.run_on(change, minutes=2)

    assert failed.state is ChangeState.FAILED
    assert "serviceEndpoints changed" in (failed.outcome.reason if failed.outcome else "")
    assert len(theatre.writes()) == written
    again = [one for one in theatre.changes() if one.state is ChangeState.PROPOSED]
    assert len(again) == 1
    assert again[0].plan.digest != change.plan.digest


def test_a_second_change_on_the_same_virtual_network_waits_its_turn(theatre: Theatre) -> None:
    change = theatre.proposed()
    assert change.plan.vnet_id is not None
    wall = theatre.clock.wall()
    other = theatre.app.vnet_lock.claim_vnet(change.plan.vnet_id, "another", "worker", wall)

    with pytest.raises(Refused, match="Change another is running on this virtual network"):
        theatre.decide(change, "approve")

    other.release()
    theatre.decide(change, "approve")
    held = theatre.app.vnet_lock.claim_vnet(change.plan.vnet_id, "another", "worker", wall)
    theatre.tick(2)
    assert theatre.change(change.id).state is ChangeState.APPROVED
    assert theatre.writes() == []
    held.release()
    assert theatre.run_on(change).state is ChangeState.FIXED


def test_the_stop_flag_stops_before_the_next_step_and_resuming_goes_on(theatre: Theatre) -> None:
    change = theatre.approved()
    theatre.app.stop.set(True, "Grace", "change freeze", theatre.clock.now())

    stopped = theatre.run_on(change)

    assert stopped.state is ChangeState.STOPPED
    assert "stopped by Grace: change freeze" in stopped.stop_reason
    assert theatre.writes() == []
    theatre.app.stop.set(False, "Grace", "", theatre.clock.now())
    theatre.decide(stopped, "resume")
    assert theatre.run_on(stopped).state is ChangeState.FIXED


def test_a_change_that_stopped_for_waiting_too_long_has_its_time_again_when_resumed(theatre: Theatre) -> None:
    change = theatre.approved()
    busy = {"status": 409, "body": {"error": {"code": "AnotherOperationInProgress", "message": "upgrade"}}}
    theatre.simulator.add_fault({"match": {"method": "PUT", "path": "subnets/aks-user"}, "times": 10_000, "then": busy})

    stopped = theatre.run_on(change, minutes=120)

    assert stopped.state is ChangeState.STOPPED
    assert "waited 60 minutes" in stopped.stop_reason
    theatre.simulator.clear_faults()
    theatre.decide(stopped, "resume")
    assert theatre.run_on(stopped).state is ChangeState.FIXED


def test_with_remediation_off_nothing_is_offered_and_nothing_applied(theatre: Theatre) -> None:
    change = theatre.approved()
    theatre._settings["REMEDIATION"] = "off"
    app = theatre.new_app()

    app.reconciler.run(theatre.partition, change.id)

    assert theatre.change(change.id).state is ChangeState.FAILED
    assert "REMEDIATION is off" in str(theatre.change(change.id).outcome)
    assert theatre.writes() == []


def test_without_link_mode_possession_of_a_link_approves_nothing(theatre: Theatre) -> None:
    change = theatre.proposed()

    with pytest.raises(Refused, match="Possession of a link does not approve"):
        theatre.app.decide.decide(theatre.target(change), "approve", "Ada", Instant.of(theatre.clock))


def test_a_gateway_of_that_name_that_is_not_ours_is_left_alone(theatre: Theatre) -> None:
    change = theatre.approved()
    first = change.plan.steps[0]
    assert isinstance(first, CreatePublicIp)
    network = theatre.app.network_of(theatre.app.discovery.cluster(change.cluster_id).subscription)
    network.create_public_ip(replace(first, tags={"owner": "somebody else"}))
    theatre.clock.advance(timedelta(minutes=1).total_seconds())

    stopped = theatre.run_on(change)

    assert stopped.state is ChangeState.STOPPED
    assert "snatbot did not create" in stopped.stop_reason


POOL = {"name": "gpu", "mode": "User", "type": "VirtualMachines", "count": None, "provisioningState": "Succeeded"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nodeProvisioningProfile": {"mode": "Auto"}}, "node auto-provisioning is on now, it was off"),
        ({"networkProfile": {"outboundType": "userDefinedRouting"}}, "outbound type is userDefinedRouting now"),
        ({"agentPoolProfiles": POOL | {"virtualMachineNodesStatus": [{"count": 2}]}}, "node pool gpu is new"),
    ],
)
def test_a_cluster_of_another_shape_than_approved_is_left_alone_and_what_is_new_is_said(
    theatre: Theatre, change: dict[str, Any], said: str
) -> None:
    approved = theatre.approved()
    cluster = theatre.app.discovery.cluster(approved.cluster_id)
    if pool := change.get("agentPoolProfiles"):
        shown = theatre.app.arm.get(cluster.id, MANAGED_CLUSTERS)["properties"]["agentPoolProfiles"]
        change = {"agentPoolProfiles": [*shown, pool | {"vnetSubnetID": shown[0]["vnetSubnetID"]}]}
    theatre.simulator.add_event({"change_cluster": {"cluster": cluster.name, "properties": change}})

    ended = theatre.run_on(approved)

    assert ended.state is ChangeState.FAILED
    assert said in (ended.outcome.reason if ended.outcome else "")
    assert theatre.writes() == []
