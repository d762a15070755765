"""Whether somebody else wrote to a subnet at the same time as snatbot, so that one of the two writes may be lost.

A PUT replaces the whole subnet. If-Match would reject the later writer, but no document says that subnets support it.
If they don't, snatbot's write overwrites a write that arrives after snatbot's last read, and the subnet does not show
it. Only the activity log shows it, minutes later: a foreign write that began between snatbot's read and its write.
Azure's clock times both writes; snatbot's own clock only measures how long that interval lasted.
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ...model.access import LoggedWrite
from ...model.resource_id import ArmId, same_id
from ...model.text import Text
from ..az_cli import az

MOST_EXPOSED_SECONDS = 60.0  # a read and a write, each at its timeout
_SLACK = timedelta(seconds=1)
_BY_OPTION = {"networkSecurityGroup": "--network-security-group", "routeTable": "--route-table"}


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """A subnet step that is done."""

    step: int
    subnet_id: ArmId
    request_id: str  # client request id of its writes
    exposed_seconds: float | None  # longest time from a last read to the answer of the write; None: not recorded
    is_expected: bool  # the activity log should show a write
    properties: Mapping[str, Any]  # as read back


@dataclass(frozen=True, slots=True)
class Overlap:
    own: OwnWrite
    other: LoggedWrite


def own_writes(own: OwnWrite, log: Sequence[LoggedWrite], app_id: str) -> tuple[LoggedWrite, ...]:
    """snatbot's writes of this step that took effect. ``app_id`` is snatbot's client id, empty if unknown."""
    return tuple(
        write
        for write in log
        if not write.has_failed and same_id(write.resource_id, own.subnet_id) and _is_own(own, write, app_id)
    )


def overlaps(own: OwnWrite, log: Sequence[LoggedWrite], app_id: str) -> tuple[Overlap, ...]:
    """Writes by others to the subnet or its virtual network that began during one of snatbot's writes."""
    exposed_seconds = MOST_EXPOSED_SECONDS if own.exposed_seconds is None else own.exposed_seconds
    moments = [
        (write.at - timedelta(seconds=exposed_seconds) - _SLACK, write.at + _SLACK)
        for write in own_writes(own, log, app_id)
    ]
    vnet_id = str(own.subnet_id.parent)
    return tuple(
        Overlap(own, write)
        for write in log
        if (same_id(write.resource_id, own.subnet_id) or same_id(write.resource_id, vnet_id))
        and not write.has_failed
        and not _is_own(own, write, app_id)
        and any(start <= write.at <= end for start, end in moments)
    )


def _is_own(own: OwnWrite, write: LoggedWrite, app_id: str) -> bool:
    return own.request_id in write.request_ids or bool(app_id and write.app_id.lower() == app_id.lower())


def describe(overlap: Overlap) -> Text:
    """Who wrote when, as sentences without the last full stop."""
    own, other = overlap.own, overlap.other
    return Text(
        "another writer ({caller}) wrote to {resource} at {at} UTC, between snatbot's last look at subnet {subnet} and "
        "its write ({action}, correlation id {correlation_id}). Azure took both: what they changed may be overwritten. "
        "{what}",
        caller=other.caller,
        resource=other.resource_id.name,
        at=f"{other.at:%H:%M:%S}",
        subnet=own.subnet_id.name,
        action=other.action,
        correlation_id=other.correlation_id,
        what=_what(overlap),
    )


def _what(overlap: Overlap) -> Text:
    lost = _lost(overlap)
    if lost is None:
        return Text("The log does not say what it was: have it made again, or set it by hand")
    if lost:
        return Text("Restore it if it was meant")
    return Text("What they sent is what the subnet has now, the NAT gateway aside")


def _lost(overlap: Overlap) -> dict[str, Any] | None:
    """Properties that the other writer sent and that the subnet has otherwise; None if the log has no body."""
    own, sent = overlap.own, overlap.other.properties
    if sent is None or not same_id(overlap.other.resource_id, own.subnet_id):
        return None
    return {name: sent.get(name) for name in changed_properties(sent, own.properties)}


def commands(overlap: Overlap) -> tuple[str, ...]:
    """Commands that show the write and restore the properties that it lost."""
    subnet_id, other, lost = overlap.own.subnet_id, overlap.other, _lost(overlap)
    which = ("--subscription", subnet_id.subscription, "--correlation-id", other.correlation_id)
    since = f"{other.at - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
    list_it = az("monitor", "activity-log", "list", *which, "--start-time", since, "--offset", "1h")
    show = (Text("# the other write"), list_it)
    if lost is None:
        return (*show, Text("# set it by hand"), _update(subnet_id, "--set", "<property>=<value>"))
    restore = (restore_command(subnet_id, name, value) for name, value in lost.items())
    return (*show, *((Text("# as they wrote it"), *restore) if lost else ()))


def changed_properties(
    before: Mapping[str, Any], now: Mapping[str, Any], ignored: Set[str] = frozenset({"natGateway"})
) -> list[str]:
    """Names of writable properties that differ."""
    names = sorted({*before, *now} - ignored)
    return [name for name in names if before.get(name) != now.get(name)]


def restore_command(subnet_id: str, name: str, value: Any) -> str:
    """The ``az`` command that sets one property of a subnet to this value; None removes it."""
    if value is None:
        return _update(subnet_id, "--remove", name)
    if name in _BY_OPTION and isinstance(value, Mapping) and value.get("id"):
        return _update(subnet_id, _BY_OPTION[name], str(value["id"]))
    return _update(subnet_id, "--set", f"{name}={json.dumps(value, separators=(',', ':'))}")


def _update(subnet_id: str, *change: str) -> str:
    return az("network", "vnet", "subnet", "update", "--ids", subnet_id, *change)
