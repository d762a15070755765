"""The same writes as ``az`` commands for a person. Names are quoted: a resource group's may hold brackets."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from ..model.cluster import Cluster
from ..model.plan import (
    AddPublicIps,
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    ObserveEgress,
    Step,
)
from ..model.resource_id import ResourceId

_DELETE = {
    "natgateways": "az network nat gateway delete",
    "publicipaddresses": "az network public-ip delete",
    "publicipprefixes": "az network public-ip prefix delete",
}


def by_hand(steps: Sequence[Step], existing_ids: Sequence[str] = ()) -> Iterator[str]:
    """One command a write, in the plan's order; none for creating what exists.

    What they create carries the plan's tags, so that the plan, applied later, takes it for its own.
    """
    for step in _without(steps, existing_ids):
        if not isinstance(step, ObserveEgress):
            yield _command(step)


def _without(steps: Sequence[Step], existing_ids: Sequence[str]) -> Iterator[Step]:
    there = {one.lower() for one in existing_ids}
    made = (CreatePublicIp, CreatePublicIpPrefix, CreateNatGateway)
    return (step for step in steps if not (isinstance(step, made) and step.id.lower() in there))


def undo_commands(steps: Sequence[Step], existing_ids: Sequence[str] = ()) -> Iterator[str]:
    """Takes the gateway off the subnets; where no subnet was touched, what undoes the other writes, last one first."""
    moves = [step for step in steps if isinstance(step, AssociateSubnet)]
    for move in moves:
        yield associate_command(move.subnet_id, move.before)
    if moves:
        return
    for step in reversed(list(_without(steps, existing_ids))):
        match step:
            case AddPublicIps():
                yield _set_ips(step, step.before_ids, step.before_prefix_ids)
            case CreatePublicIp() | CreatePublicIpPrefix():
                yield _delete(step.id)


def aks_update(cluster: Cluster, *options: str) -> str:
    """Only a person may run this one: snatbot never writes managedClusters."""
    where = shlex.join(["--subscription", cluster.subscription, "-g", cluster.resource_group, "-n", cluster.name])
    return " ".join(["az aks update", where, *options])


def associate_command(subnet_id: str, nat_gateway_id: str | None) -> str:
    if nat_gateway_id is None:
        return f"az network vnet subnet update --ids {shlex.quote(subnet_id)} --remove natGateway"
    return shlex.join(
        ["az", "network", "vnet", "subnet", "update", "--ids", subnet_id, "--nat-gateway", nat_gateway_id]
    )


def _command(step: Step) -> str:
    match step:
        case CreatePublicIp():
            where = f"{_where(step.id)} -l {step.location}"
            zones = f" --zone {' '.join(step.zones)}" if step.zones else ""
            return f"az network public-ip create {where} --sku Standard --allocation-method Static{zones}{_tags(step)}"
        case CreatePublicIpPrefix():
            zones = f" --zone {' '.join(step.zones)}" if step.zones else ""
            where = f"{_where(step.id)} -l {step.location}"
            return f"az network public-ip prefix create {where} --length {step.length}{zones}{_tags(step)}"
        case CreateNatGateway():
            ips = f" --public-ip-addresses {shlex.join(step.public_ip_ids)}" if step.public_ip_ids else ""
            prefixes = (
                f" --public-ip-prefixes {shlex.join(step.public_ip_prefix_ids)}" if step.public_ip_prefix_ids else ""
            )
            return (
                f"az network nat gateway create {_where(step.id)} -l {step.location} "
                f"--idle-timeout {step.idle_timeout_minutes}{ips}{prefixes}{_tags(step)}"
            )
        case AddPublicIps():
            return _set_ips(step, step.after_ids, step.after_prefix_ids)
        case AssociateSubnet():
            return associate_command(step.subnet_id, step.after)
        case DeleteCreated():
            return _delete(step.id)
        case ObserveEgress():
            raise ValueError("watching has no command")


def _tags(step: CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway) -> str:
    tags = " ".join(shlex.quote(f"{name}={value}") for name, value in step.tags.items())
    return f" --tags {tags}" if tags else ""


def _set_ips(step: AddPublicIps, ip_ids: Sequence[str], prefix_ids: Sequence[str]) -> str:
    """Only the list that the step changes; each option sets the whole list."""
    options = []
    if step.before_ids != step.after_ids:
        options.append(f"--public-ip-addresses {shlex.join(ip_ids)}" if ip_ids else "--remove publicIpAddresses")
    if step.before_prefix_ids != step.after_prefix_ids:
        options.append(f"--public-ip-prefixes {shlex.join(prefix_ids)}" if prefix_ids else "--remove publicIpPrefixes")
    return f"az network nat gateway update {_where(step.nat_gateway_id)} {' '.join(options)}"


def _delete(resource_id: str) -> str:
    kind = ResourceId.parse(resource_id).type.rpartition("/")[2].lower()
    return f"{_DELETE[kind]} {_where(resource_id)}"


def _where(resource_id: str) -> str:
    parsed = ResourceId.parse(resource_id)
    return shlex.join(["--subscription", parsed.subscription, "-g", parsed.group, "-n", parsed.name])
