"""The same change as Terraform and Bicep, with the real ids, for networks that are managed as code.

Terraform: provider azurerm, whose association resources touch one property of a subnet. Bicep has no such thing: its
subnet is the whole subnet, so every writable property that was read is spelled out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..model.plan import (
    AddPublicIps,
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    ObserveEgress,
    Plan,
    Step,
)
from ..model.resource_id import ResourceId

API_VERSION = "2024-05-01"  # of the Bicep resource types; the subnet's own properties are as they were read


def as_terraform(plan: Plan) -> str:
    """Empty when there is nothing to write as code: advice, and what is taken away."""
    ours = {step.id.lower(): step for step in plan.steps if isinstance(step, _CREATED)}
    return "\n\n".join(block for step in plan.steps for block in _terraform(step, ours))


def as_bicep(plan: Plan) -> str:
    """As ``as_terraform``. Deploy it to the resource group that the first comment names."""
    ours = {step.id.lower(): step for step in plan.steps if isinstance(step, _CREATED)}
    blocks = [block for step in plan.steps for block in _bicep(step, ours)]
    if not blocks:
        return ""
    groups = sorted({ResourceId.parse(_written_id(step)).group for step in plan.steps if _written_id(step)})
    comment = f"// resource group {groups[0]}" if len(groups) == 1 else f"// resource groups {', '.join(groups)}"
    return "\n\n".join([comment, *blocks])


_CREATED = CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway
_Created = Mapping[str, CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway]
_TERRAFORM_TYPE = {
    "create_public_ip": "azurerm_public_ip",
    "create_public_ip_prefix": "azurerm_public_ip_prefix",
    "create_nat_gateway": "azurerm_nat_gateway",
}


def _terraform(step: Step, ours: _Created) -> Iterator[str]:
    match step:
        case CreatePublicIp():
            yield _resource(step, {"allocation_method": "Static", "sku": "Standard"})
        case CreatePublicIpPrefix():
            yield _resource(step, {"prefix_length": step.length, "sku": "Standard"})
        case CreateNatGateway():
            yield _resource(step, {"idle_timeout_in_minutes": step.idle_timeout_minutes, "sku_name": "Standard"})
            yield from _ip_associations(step.id, (*step.public_ip_ids, *step.public_ip_prefix_ids), ours)
        case AddPublicIps():
            yield from _ip_associations(step.nat_gateway_id, step.added_ids, ours)
        case AssociateSubnet(after=str() as gateway_id):
            subnet = ResourceId.parse(step.subnet_id)
            yield _block(
                "azurerm_subnet_nat_gateway_association",
                _label(subnet.name),
                {"subnet_id": _text(step.subnet_id), "nat_gateway_id": _terraform_ref(gateway_id, ours)},
            )
        case AssociateSubnet() | ObserveEgress() | DeleteCreated():
            return


def _resource(step: CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway, more: Mapping[str, Any]) -> str:
    parsed = ResourceId.parse(step.id)
    values = {
        "name": _text(parsed.name),
        "resource_group_name": _text(parsed.group),
        "location": _text(step.location),
        **{
            name: value if isinstance(value, str) and value.startswith("[") else _text(value)
            for name, value in more.items()
        },
        "tags": _tags(step.tags),
    }
    return _block(_TERRAFORM_TYPE[step.kind], _label(parsed.name), values)


def _ip_associations(gateway_id: str, ip_ids: tuple[str, ...], ours: _Created) -> Iterator[str]:
    for ip_id in ip_ids:
        parsed = ResourceId.parse(ip_id)
        is_prefix = parsed.type.lower().endswith("/publicipprefixes")
        kind = (
            "azurerm_nat_gateway_public_ip_prefix_association"
            if is_prefix
            else "azurerm_nat_gateway_public_ip_association"
        )
        argument = "public_ip_prefix_id" if is_prefix else "public_ip_address_id"
        yield _block(
            kind,
            _label(parsed.name),
            {"nat_gateway_id": _terraform_ref(gateway_id, ours), argument: _terraform_ref(ip_id, ours)},
        )


def _terraform_ref(resource_id: str, ours: _Created) -> str:
    step = ours.get(resource_id.lower())
    if step is None:
        return _text(resource_id)
    return f"{_TERRAFORM_TYPE[step.kind]}.{_label(ResourceId.parse(step.id).name)}.id"


def _block(kind: str, label: str, values: Mapping[str, str]) -> str:
    width = max(len(name) for name in values)
    lines = "\n".join(f"  {name:<{width}} = {value}" for name, value in values.items())
    return f'resource "{kind}" "{label}" {{\n{lines}\n}}'


def _text(value: Any) -> str:
    # ``${`` and ``%{`` begin a template in Terraform.
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def _tags(tags: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{_text(name)} = {_text(value)}" for name, value in tags.items()) + " }"


def _label(name: str) -> str:
    label = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return label if re.match(r"[A-Za-z_]", label) else f"r_{label}"


def _bicep(step: Step, ours: _Created) -> Iterator[str]:
    match step:
        case CreatePublicIp():
            properties: dict[str, Any] = {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"}
            yield _bicep_resource(step, "publicIPAddresses", properties)
        case CreatePublicIpPrefix():
            properties = {"prefixLength": step.length, "publicIPAddressVersion": "IPv4"}
            yield _bicep_resource(step, "publicIPPrefixes", properties)
        case CreateNatGateway():
            properties = {"idleTimeoutInMinutes": step.idle_timeout_minutes}
            if step.public_ip_ids:
                properties["publicIpAddresses"] = [{"id": _bicep_ref(one, ours)} for one in step.public_ip_ids]
            if step.public_ip_prefix_ids:
                properties["publicIpPrefixes"] = [{"id": _bicep_ref(one, ours)} for one in step.public_ip_prefix_ids]
            yield _bicep_resource(step, "natGateways", properties)
        case AssociateSubnet(after=str() as gateway_id):
            subnet = ResourceId.parse(step.subnet_id)
            properties = {name: value for name, value in step.properties_before.items() if name != "natGateway"}
            properties["natGateway"] = {"id": _bicep_ref(gateway_id, ours)}
            body = {"name": f"{subnet.parent.name}/{subnet.name}", "properties": properties}
            yield _bicep_block(_label(f"subnet_{subnet.name}"), "virtualNetworks/subnets", body)
        case AddPublicIps() | AssociateSubnet() | ObserveEgress() | DeleteCreated():
            return


class _Reference(str):
    """Bicep code, not a text."""

    __slots__ = ()


def _bicep_ref(resource_id: str, ours: _Created) -> str:
    step = ours.get(resource_id.lower())
    return _Reference(f"{_label(ResourceId.parse(step.id).name)}.id") if step else resource_id


def _bicep_resource(
    step: CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway, kind: str, properties: Mapping[str, Any]
) -> str:
    name = ResourceId.parse(step.id).name
    body: dict[str, Any] = {"name": name, "location": step.location, "sku": {"name": "Standard"}}
    if not isinstance(step, CreateNatGateway) and step.zones:
        body["zones"] = list(step.zones)
    return _bicep_block(_label(name), kind, {**body, "properties": properties, "tags": dict(step.tags)})


def _bicep_block(label: str, kind: str, body: Mapping[str, Any]) -> str:
    return f"resource {label} 'Microsoft.Network/{kind}@{API_VERSION}' = {_bicep_value(body, 0)}"


def _bicep_value(value: Any, depth: int) -> str:
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
            lines = [f"{inner}{_bicep_key(name)}: {_bicep_value(one, depth + 1)}" for name, one in value.items()]
            return "{\n" + "\n".join(lines) + f"\n{outer}}}" if lines else "{}"
        case list() | tuple():
            lines = [f"{inner}{_bicep_value(one, depth + 1)}" for one in value]
            return "[\n" + "\n".join(lines) + f"\n{outer}]" if lines else "[]"
        case None:
            return "null"
        case _:
            return str(value)


def _bicep_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else _bicep_value(name, 0)


def _written_id(step: Step) -> str:
    match step:
        case CreatePublicIp() | CreatePublicIpPrefix() | CreateNatGateway():
            return step.id
        case AssociateSubnet():
            return step.subnet_id
        case _:
            return ""
