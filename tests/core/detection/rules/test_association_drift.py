"""Subnets that are not as snatbot left them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shared.core.associations import Associations
from shared.core.az_cli import associate_command
from shared.core.detection.rules.association_drift import association_drift
from shared.model.finding import Severity
from shared.model.fleet import WatchedGateway
from shared.model.plan import AssociateSubnet
from shared.model.resource_id import ArmId
from tests.support.builders import (
    NETWORK,
    SYSTEM_SUBNET,
    USER_SUBNET,
    at,
    cluster,
)

GATEWAY = WatchedGateway(ArmId(f"{NETWORK}/natGateways/ng"), "ng", "westeurope", 2, (USER_SUBNET,))
PROVISIONED = ArmId(f"{SYSTEM_SUBNET.parent}/subnets/snet-provisioned")
OURS = {USER_SUBNET: GATEWAY.id, SYSTEM_SUBNET: GATEWAY.id}


def left(gateways: Mapping[ArmId, ArmId | None]) -> Associations:
    """As snatbot's verified writes left the subnets; None: it took the gateway off."""
    return Associations(
        {
            subnet: AssociateSubnet(subnet, None if gateway else GATEWAY.id, gateway, {})
            for subnet, gateway in gateways.items()
        }
    )


HALF_BACK = left({USER_SUBNET: None, SYSTEM_SUBNET: GATEWAY.id})


def test_subnets_with_their_gateway_are_as_they_should_be() -> None:
    assert association_drift(cluster(), OURS, left(OURS), at(0)) is None
    assert association_drift(cluster(), {}, Associations(), at(0)) is None, "nothing was ever associated"


@pytest.mark.parametrize("now", [None, ArmId(f"{NETWORK}/natGateways/other")])
def test_a_subnet_that_lost_its_gateway_is_critical(now: ArmId | None) -> None:
    finding = association_drift(cluster(), {**OURS, USER_SUBNET: now}, left(OURS), at(0))
    assert finding is not None
    assert finding.severity is Severity.CRITICAL
    assert "snet-user, which was associated with ng" in finding.evidence
    assert finding.commands == (associate_command(USER_SUBNET, GATEWAY.id),)


def test_a_new_pool_in_a_subnet_without_a_gateway_is_critical() -> None:
    only_user = {USER_SUBNET: GATEWAY.id}
    finding = association_drift(cluster(), only_user, left(only_user), at(0))
    assert finding is not None
    assert "subnet snet-system of a node pool has no NAT gateway" in finding.evidence
    coming = replace(left(only_user), unverified=frozenset({SYSTEM_SUBNET}))
    assert association_drift(cluster(), only_user, coming, at(0)) is None, "the change has not come to it yet"


def test_what_a_roll_back_took_off_is_as_it_should_be_and_what_it_has_not_come_to_is_not() -> None:
    still = {SYSTEM_SUBNET: GATEWAY.id}
    assert association_drift(cluster(), still, HALF_BACK, at(0)) is None
    finding = association_drift(cluster(), {}, HALF_BACK, at(0))
    assert finding is not None
    assert finding.severity is Severity.CRITICAL
    assert "snet-system" in finding.evidence
    assert "snet-user" not in finding.evidence


def test_a_gateway_that_others_put_back_after_a_roll_back_is_a_warning() -> None:
    finding = association_drift(cluster(), OURS, HALF_BACK, at(0))
    assert finding is not None
    assert finding.severity is Severity.WARNING
    assert finding.evidence == "subnet snet-user, from which snatbot took ng, has it again"
    assert finding.commands == (associate_command(USER_SUBNET, None),)
    assert "outside snatbot" in finding.remedy
    other = {**OURS, USER_SUBNET: ArmId(f"{NETWORK}/natGateways/other")}
    assert association_drift(cluster(), other, HALF_BACK, at(0)) is None, "the owner's own way"


@pytest.mark.parametrize(
    ("serving", "lost"),
    [
        ({**OURS, PROVISIONED: GATEWAY.id}, []),
        (OURS, ["snet-provisioned"]),
        ({}, ["snet-user", "snet-system"]),  # the gateway is not seen, so what else it serves isn't either
    ],
)
def test_a_subnet_that_only_auto_provisioned_nodes_are_in_is_watched(
    serving: Mapping[ArmId, ArmId | None], lost: list[str]
) -> None:
    known = left({**OURS, PROVISIONED: GATEWAY.id})
    finding = association_drift(cluster(has_auto_provisioning=True), serving, known, at(0))
    evidence = finding.evidence if finding else ""
    assert [name for name in ("snet-user", "snet-system", "snet-provisioned") if name in evidence] == lost
    assert association_drift(cluster(), OURS, known, at(0)) is None, "a subnet of a pool that is gone"
