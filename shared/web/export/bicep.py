"""The same change as Bicep, with the real ids, for networks that are managed as code.

A file for each resource group, because a Bicep file is deployed to one. Bicep can't change one property of what is
there: a subnet and a NAT gateway are spelled out whole, with every writable property that was read. Two subnets of one
virtual network can't be written at once (AnotherOperationInProgress), so each waits for the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...model.plan import AddPublicIps, AssociateSubnet, CreateNatGateway, CreatePublicIp, CreatePublicIpPrefix, Plan
from ...model.resource_id import ArmId
from .terraform import label_of

API_VERSION = "2024-05-01"  # of the resource types; the properties are as they were read


@dataclass(frozen=True, slots=True)
class BicepFile:
    """``name`` is the file's; it is deployed to the resource group. Files are deployed in the order of their list."""

    name: str
    subscription: str
    resource_group: str
    text: str

    @property
    def command(self) -> str:
        where = f"--subscription {self.subscription} -g {self.resource_group}"
        return f"az deployment group create {where} --template-file {self.name}"


_Written = CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway | AddPublicIps | AssociateSubnet


def bicep_files(plan: Plan) -> tuple[BicepFile, ...]:
    """Empty when there is nothing to write as code: advice, and what is taken away."""
    there = {one.lower() for one in plan.existing_ids}
    groups: dict[str, list[_Written]] = {}
    for step in plan.steps:
        if not isinstance(step, _Written) or (isinstance(step, AssociateSubnet) and step.after is None):
            continue
        if _written_id(step).lower() not in there:
            group_id = _written_id(step).lower().partition("/providers/")[0]
            groups.setdefault(group_id, []).append(step)
    return tuple(_file(steps) for steps in groups.values())


def as_bicep(plan: Plan) -> str:
    """Every file after a comment that says how it is deployed."""
    return "\n\n".join(f"// {one.name}: {one.command}\n{one.text}" for one in bicep_files(plan))


def _file(steps: Sequence[_Written]) -> BicepFile:
    """Of the steps of one resource group."""
    labels = {_written_id(step).lower(): _label_for(step) for step in steps}
    blocks, before = [], ""
    for step in steps:
        blocks.append(_block(step, labels, before))
        if isinstance(step, AssociateSubnet):
            before = _label_for(step)
    where = ArmId.parse(_written_id(steps[0]))
    return BicepFile(f"{where.resource_group}.bicep", where.subscription, where.resource_group, "\n\n".join(blocks))


def _label_for(step: _Written) -> str:
    name = ArmId.parse(_written_id(step)).name
    return label_of(f"subnet_{name}" if isinstance(step, AssociateSubnet) else name)


def _written_id(step: _Written) -> str:
    match step:
        case AssociateSubnet():
            return step.subnet_id
        case AddPublicIps():
            return step.nat_gateway_id
        case _:
            return step.id


def _block(step: _Written, labels: Mapping[str, str], before: str) -> str:
    """``labels`` are the symbols of this file by resource id; ``before`` is the subnet that must be written first."""
    label = _label_for(step)
    match step:
        case CreatePublicIp():
            properties: dict[str, Any] = {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"}
            return _resource(label, "publicIPAddresses", _created(step, properties))
        case CreatePublicIpPrefix():
            properties = {"prefixLength": step.length, "publicIPAddressVersion": "IPv4"}
            return _resource(label, "publicIPPrefixes", _created(step, properties))
        case CreateNatGateway():
            properties = {"idleTimeoutInMinutes": step.idle_timeout_minutes}
            properties |= _ip_lists(step.public_ip_ids, step.public_ip_prefix_ids, labels)
            return _resource(label, "natGateways", _created(step, properties))
        case AddPublicIps():
            return _resource(label, "natGateways", _enlarged(step, labels))
        case AssociateSubnet():
            return _resource(label, "virtualNetworks/subnets", _associated(step, labels, before))


def _created(step: CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway, properties: Mapping[str, Any]) -> Any:
    name = ArmId.parse(step.id).name
    zones = {"zones": list(step.zones)} if not isinstance(step, CreateNatGateway) and step.zones else {}
    body = {"name": name, "location": step.location, "sku": {"name": "Standard"}, **zones}
    return {**body, "properties": properties, "tags": dict(step.tags)}


def _enlarged(step: AddPublicIps, labels: Mapping[str, str]) -> Any:
    """The whole gateway: what its file leaves out would be taken off."""
    lists = _ip_lists(step.after_ids, step.after_prefix_ids, labels)
    kept = {name: value for name, value in step.properties_before.items() if name.lower() not in _LISTS}
    body: dict[str, Any] = {"name": ArmId.parse(step.nat_gateway_id).name, "location": step.location}
    body |= {"sku": {"name": "Standard"}, **({"zones": list(step.zones)} if step.zones else {})}
    return {**body, "properties": {**kept, **lists}, "tags": dict(step.tags or {})}


_LISTS = ("publicipaddresses", "publicipprefixes")


def _ip_lists(ip_ids: Sequence[str], prefix_ids: Sequence[str], labels: Mapping[str, str]) -> dict[str, Any]:
    lists = {"publicIpAddresses": ip_ids, "publicIpPrefixes": prefix_ids}
    return {name: [{"id": _ref(one, labels)} for one in ids] for name, ids in lists.items() if ids}


def _associated(step: AssociateSubnet, labels: Mapping[str, str], before: str) -> Any:
    subnet = ArmId.parse(step.subnet_id)
    properties = {name: value for name, value in step.properties_before.items() if name != "natGateway"}
    properties["natGateway"] = {"id": _ref(step.after or "", labels)}
    body = {"name": f"{subnet.parent.name}/{subnet.name}", "properties": properties}
    return {**body, "dependsOn": [_Reference(before)]} if before else body


class _Reference(str):
    """Bicep code, not a text."""

    __slots__ = ()


def _ref(resource_id: str, labels: Mapping[str, str]) -> str:
    """What is written in another file, or not at all, is named by its id."""
    label = labels.get(resource_id.lower())
    return _Reference(f"{label}.id") if label else resource_id


def _resource(label: str, kind: str, body: Mapping[str, Any]) -> str:
    return f"resource {label} 'Microsoft.Network/{kind}@{API_VERSION}' = {_value(body, 0)}"


def _value(value: Any, depth: int) -> str:
    inner, outer = "  " * (depth + 1), "  " * depth
    match value:
        case _Reference():
            return str(value)
        case bool():
            return "true" if value else "false"
        case str():
            escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("${", "\\${")
            return f"'{escaped}'"
        case Mapping():
            lines = [f"{inner}{_key(name)}: {_value(one, depth + 1)}" for name, one in value.items()]
            return "{\n" + "\n".join(lines) + f"\n{outer}}}" if lines else "{}"
        case list() | tuple():
            lines = [f"{inner}{_value(one, depth + 1)}" for one in value]
            return "[\n" + "\n".join(lines) + f"\n{outer}]" if lines else "[]"
        case None:
            return "null"
        case _:
            return str(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else _value(name, 0)
