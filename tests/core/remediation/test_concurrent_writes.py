"""Who wrote in the moment of our write: by Azure's own times, and by ids that our writes carry."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.core.remediation.concurrent_writes import (
    MOST_EXPOSED_SECONDS,
    OwnWrite,
    commands,
    describe,
    overlaps,
    own_writes,
    restore_command,
)
from shared.ids import write_id
from shared.model.access import LoggedWrite
from shared.model.resource_id import ArmId

VNET = ArmId("/subscriptions/s1/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/vnet")
SUBNET = ArmId(f"{VNET}/subnets/nodes")
AT = datetime(2026, 11, 22, 20, 0, 30, tzinfo=UTC)
OURS, THEIRS = write_id("chg-1", 3), "11111111-1111-4111-8111-111111111111"
OWN = OwnWrite(3, SUBNET, OURS, 0.2, True, {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": "/nsg"}})


def write(at: datetime = AT, *, request_id: str = THEIRS, **fields: Any) -> LoggedWrite:
    usual = LoggedWrite(
        operation_id=f"op-{at:%H%M%S%f}-{request_id}",
        at=at,
        caller="pipeline@example.com",
        action="Microsoft.Network/virtualNetworks/subnets/write",
        resource_id=ArmId(SUBNET.upper()),
        correlation_id=request_id,
        request_ids=frozenset({request_id}),
    )
    return replace(usual, **fields)


def ago(seconds: float) -> datetime:
    return AT - timedelta(seconds=seconds)


OUR_WRITE = write(request_id=OURS)


def found(*others: LoggedWrite, own: OwnWrite = OWN, app_id: str = "") -> list[LoggedWrite]:
    return [overlap.other for overlap in overlaps(own, [*others, OUR_WRITE], app_id)]


@pytest.mark.parametrize(
    ("seconds", "is_overlap"), [(0.1, True), (1.1, True), (1.3, False), (-0.9, True), (-1.1, False), (40, False)]
)
def test_only_what_began_between_our_read_and_our_write_counts(seconds: float, is_overlap: bool) -> None:
    other = write(ago(seconds))
    assert found(other) == ([other] if is_overlap else [])


def test_a_moment_that_was_not_recorded_is_as_long_as_it_can_be() -> None:
    other = write(ago(MOST_EXPOSED_SECONDS - 1))
    assert found(other) == []
    assert found(other, own=replace(OWN, exposed_seconds=None)) == [other]


def test_the_whole_network_counts_and_other_resources_do_not() -> None:
    network = write(ago(0.1), resource_id=VNET, action="Microsoft.Network/virtualNetworks/write")
    neighbour = write(ago(0.1), resource_id=f"{VNET}/subnets/other")
    assert found(network, neighbour) == [network]


def test_what_failed_had_no_effect_whoevers_it_was() -> None:
    assert found(write(ago(0.1), has_failed=True)) == []
    refused = replace(OUR_WRITE, has_failed=True)
    assert overlaps(OWN, [write(ago(0.1)), refused], "") == ()
    assert own_writes(OWN, [refused], "") == ()


def test_our_own_repeated_write_is_nobody_else() -> None:
    assert found(write(ago(0.1), request_id=OURS)) == []


def test_where_the_ids_do_not_come_through_our_application_is_known_by_its_client_id() -> None:
    ours = write(request_id="made up by Azure", app_id="0A0A")
    assert own_writes(OWN, [ours], "") == ()
    assert own_writes(OWN, [ours], "0a0a") == (ours,)
    assert overlaps(OWN, [ours], "0a0a") == ()


def test_without_our_own_write_nothing_can_be_held_against_it() -> None:
    assert overlaps(OWN, [write(ago(0.1))], "") == ()


def words(**fields: Any) -> str:
    (overlap,) = overlaps(OWN, [write(ago(0.1), **fields), OUR_WRITE], "")
    return "\n".join([describe(overlap), *commands(overlap)])


def test_the_words_say_who_when_and_how_to_look() -> None:
    said = words()
    assert "another writer (pipeline@example.com) wrote to NODES at 20:00:29 UTC" in said
    assert f"--correlation-id {THEIRS} --start-time 2026-11-22T19:55:29Z --offset 1h" in said
    assert f"az network vnet subnet update --ids {SUBNET} --set '<property>=<value>'" in said


def test_what_they_sent_is_compared_with_what_is_there_now() -> None:
    said = words(properties={"addressPrefix": "10.0.0.0/24", "serviceEndpoints": [{"service": "Microsoft.Sql"}]})
    assert f"az network vnet subnet update --ids {SUBNET} --set 'serviceEndpoints=[" in said
    assert "--remove networkSecurityGroup" in said
    assert "addressPrefix" not in said
    same = words(properties=dict(OWN.properties))
    assert "What they sent is what the subnet has now" in same
    assert "subnet update" not in same


def test_a_restoring_command_is_one_shell_word_a_value() -> None:
    value = [{"service": "Microsoft.Sql"}]
    assert shlex.split(restore_command(SUBNET, "serviceEndpoints", value))[-1] == (
        'serviceEndpoints=[{"service":"Microsoft.Sql"}]'
    )
    assert restore_command(SUBNET, "routeTable", {"id": "/rt"}).endswith("--route-table /rt")
    assert restore_command(SUBNET, "routeTable", None).endswith("--remove routeTable")
    quoted = restore_command(SUBNET.replace("rg-network", "rg(net)"), "delegations", [{"name": "o'brien"}])
    assert shlex.split(quoted)[-1] == 'delegations=[{"name":"o\'brien"}]'
    assert shlex.split(quoted)[6] == SUBNET.replace("rg-network", "rg(net)")


def test_a_steps_writes_have_one_id_whoever_sends_them() -> None:
    assert write_id("chg-1", 3) == OURS
    assert len({write_id("chg-1", step) for step in range(5)} | {write_id("chg-2", 3)}) == 6
