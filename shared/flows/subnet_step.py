"""The write that can break a network: one property of a subnet, everything else carried along and read back.

Azure's subnet PUT replaces the whole subnet. So it is read right before, compared with what was approved, written with
the ETag of that read, and read again. Where Azure does not honour If-Match, another writer's change that falls between
that read and the write is lost: the window is kept as short as one request, and what the other side overwrites of ours
is found when reading back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..core.commands import associate_command
from ..model.network import Subnet
from ..model.plan import AssociateSubnet
from ..model.resource_id import ResourceId, same_id
from ..texts import count
from .steps import Done, Leave, NetworkWriter, Result, Stop, Wait

_WAIT_SECONDS = 3.0
_BY_OPTION = {"networkSecurityGroup": "--network-security-group", "routeTable": "--route-table"}


def associate_subnet(step: AssociateSubnet, network: NetworkWriter, leave: Leave) -> Result:
    """Changes the subnet's NAT gateway; every other property must be as it was when the plan was approved."""
    subnet = network.read_subnet(step.subnet_id)
    state = subnet.provisioning_state.lower()
    if state == "updating":
        return Wait(_WAIT_SECONDS, f"subnet {subnet.name} is being updated")
    if changed := changed_properties(step.properties_before, subnet.properties):
        return Stop(_overlap(step, subnet, changed))
    if same_id(subnet.nat_gateway_id, step.after) and state == "succeeded":
        name = ResourceId.parse(step.after).name if step.after else "no NAT gateway"
        return Done(f"subnet {subnet.name} has {name}; every other property is as before", dict(subnet.properties))
    if not same_id(subnet.nat_gateway_id, step.before) and not same_id(subnet.nat_gateway_id, step.after):
        return Stop(f"subnet {subnet.name} has another NAT gateway now: {subnet.nat_gateway_id or 'none'}")
    if state != "succeeded" and not leave.was_tried:
        return Stop(f"subnet {subnet.name} is {subnet.provisioning_state}; it must be Succeeded before a write")
    if leave.is_used_up:
        return Stop(
            f"subnet {subnet.name} was written {count(leave.writes, 'time')} and is not as planned: another writer, "
            f"such as a deployment pipeline, takes it back. By hand: {associate_command(step.subnet_id, step.after)}"
        )
    return _write(step, subnet, network, leave)


def undone(step: AssociateSubnet, network: NetworkWriter) -> Stop | None:
    """Whether somebody wrote to the subnet since the step was done: their write may have read it before ours."""
    subnet = network.read_subnet(step.subnet_id)
    if changed := changed_properties(step.properties_before, subnet.properties):
        return Stop(_overlap(step, subnet, changed))
    if same_id(subnet.nat_gateway_id, step.after):
        return None
    return Stop(
        f"another writer, such as a deployment pipeline, took the NAT gateway off subnet {subnet.name} again. "
        f"By hand: {associate_command(step.subnet_id, step.after)}"
    )


def _write(step: AssociateSubnet, subnet: Subnet, network: NetworkWriter, leave: Leave) -> Result:
    """Asking for leave takes calls to storage: read once more after it, so that only one request lies between."""
    leave.ask()
    latest = network.read_subnet(step.subnet_id)
    if latest.etag != subnet.etag or latest.properties != subnet.properties:
        return Wait(_WAIT_SECONDS, "somebody wrote to the virtual network in between; reading again")
    network.put_subnet(latest, step.after, latest.etag)
    return Wait(_WAIT_SECONDS, f"subnet {subnet.name} is being updated", has_written=True)


def changed_properties(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of writable properties that differ, the NAT gateway aside."""
    names = sorted({*before, *now} - {"natGateway"})
    return [name for name in names if before.get(name) != now.get(name)]


def _overlap(step: AssociateSubnet, subnet: Subnet, changed: list[str]) -> str:
    """Nobody's change is undone by itself: the commands put the subnet back as it was approved, if that is wanted."""
    restore = "; ".join(restore_command(step.subnet_id, name, step.properties_before.get(name)) for name in changed)
    return (
        f"subnet {subnet.name} is not as it was approved: {', '.join(changed)} changed. "
        f"Nothing more is written; ask for a new plan. If that change was not meant, this restores it: {restore}"
    )


def restore_command(subnet_id: str, name: str, value: Any) -> str:
    """The ``az`` command that gives one property of a subnet this value; None takes it off."""
    start = f"az network vnet subnet update --ids {subnet_id}"
    if value is None:
        return f"{start} --remove {name}"
    if name in _BY_OPTION and isinstance(value, Mapping) and value.get("id"):
        return f"{start} {_BY_OPTION[name]} {value['id']}"
    return f"{start} --set {name}='{json.dumps(value, separators=(',', ':'))}'"
