"""Writers other than the client: an operator or pipeline writes a subnet, AKS upgrades a cluster.

The same rules apply to them: during another operation on the virtual network their writes are refused and retried, and
during theirs other writes are refused.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from .errors import ServiceError
from .fleet import Cluster
from .http import Request
from .resourceid import parse
from .services.activitylog.recording import logged
from .services.network.writes import put_document
from .state.network import SUBNET, Document
from .state.operations import Operation
from .world import World

RETRY_SECONDS = 5
API_VERSION = "2024-05-01"
HOLDING = "PutVirtualMachineScaleSetOperation"
"""The operation by which an upgrade holds a virtual network; its name is assumed."""


def find_subnet(world: World, text: str) -> Document:
    """A subnet named as `vnet/subnet`, or by its id."""
    found = world.network.get(text)
    if found is None:
        ending = "/virtualnetworks/{}/subnets/{}".format(*text.lower().partition("/")[::2])
        found = next((each for each in world.network.of_kind(SUBNET) if each.key.endswith(ending)), None)
    if found is None:
        raise ValueError(f"there is no subnet {text!r}; name it as vnet/subnet, or by its id")
    return found


def put_subnet(world: World, given: Mapping[str, Any], moment: datetime) -> None:
    """Write a subnet as an operator or pipeline would: `set` properties, `drop` some, or `revert` to the start."""
    subnet = find_subnet(world, str(given["subnet"]))
    properties = copy.deepcopy(subnet.properties)
    if given.get("revert"):
        properties = copy.deepcopy(world.originals[subnet.key])
    properties |= dict(given.get("set") or {})
    for name in given.get("drop") or []:
        properties.pop(name, None)
    who = str(given.get("by", "operator"))
    body = json.dumps({"properties": properties}).encode()
    query = {"api-version": API_VERSION}
    request = Request("PUT", str(subnet.id), query=query, body=body, client_id=who)
    try:
        logged(world, request, lambda: put_document(world, request, parse(str(subnet.id))))
    except ServiceError as error:
        world.record_event(moment, f"{who} was refused to write {subnet.id}: {error}")
        if error.status in (409, 429):
            world.at(moment + timedelta(seconds=RETRY_SECONDS), lambda again: put_subnet(world, given, again))
        return
    world.record_event(moment, f"{who} wrote {subnet.id}")


def upgrade(world: World, cluster: Cluster, minutes: float, moment: datetime) -> None:
    """Upgrade a cluster as AKS does: its state is Upgrading, and writes of its virtual networks are refused."""
    cluster.provisioning_state = "Upgrading"

    def finish(_ended: datetime) -> None:
        cluster.provisioning_state = "Succeeded"

    holds = {parse(pool.subnet_id).parent for pool in cluster.pools}
    for number, vnet in enumerate(sorted(holds, key=str)):
        end = finish if number == 0 else _nothing
        key, where = cluster.id.lower(), ("Microsoft.Network", cluster.subscription, cluster.location)
        world.operations.start(Operation(HOLDING, *where, key, str(vnet), minutes * 60, 10, end, scaled=False))
    world.record_event(moment, f"AKS upgrades {cluster.name} for {minutes:g} minutes")


def _nothing(_ended: datetime) -> None:
    """The first operation ends the upgrade."""
