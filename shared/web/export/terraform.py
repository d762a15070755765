"""The same change as Terraform, with the real ids, for networks that are managed as code.

Provider azurerm: its association resources touch one property of a subnet or of a NAT gateway, and the provider itself
takes locks so that two of them don't write to one virtual network at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...model.plan import (
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
from ...model.resource_id import ArmId


def as_terraform(plan: Plan) -> str:
    """Empty when there is nothing to write as code: advice, and what is taken away.

    Public IPs that were reserved before are referred to by their ids.
    """
    there = {one.lower() for one in plan.existing_ids}
    ours = {step.id.lower(): step for step in plan.steps if isinstance(step, _CREATED) and step.id.lower() not in there}
    return "\n\n".join(block for step in plan.steps for block in _terraform(step, ours))


_CREATED = CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway
_Created = Mapping[str, CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway]
_TERRAFORM_TYPE = {
    "create_public_ip": "azurerm_public_ip",
    "create_public_ip_prefix": "azurerm_public_ip_prefix",
    "create_nat_gateway": "azurerm_nat_gateway",
}


def _terraform(step: Step, ours: _Created) -> Iterator[str]:
    match step:
        case CreatePublicIp() | CreatePublicIpPrefix() | CreateNatGateway() if step.id.lower() not in ours:
            return
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
            subnet = ArmId.parse(step.subnet_id)
            yield _block(
                "azurerm_subnet_nat_gateway_association",
                label_of(subnet.name),
                {"subnet_id": _text(step.subnet_id), "nat_gateway_id": _terraform_ref(gateway_id, ours)},
            )
        case AssociateSubnet() | ObserveEgress() | DeleteCreated():
            return


def _resource(step: CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway, more: Mapping[str, Any]) -> str:
    parsed = ArmId.parse(step.id)
    values = {
        "name": _text(parsed.name),
        "resource_group_name": _text(parsed.resource_group),
        "location": _text(step.location),
        **{
            name: value if isinstance(value, str) and value.startswith("[") else _text(value)
            for name, value in more.items()
        },
        "tags": _tags(step.tags),
    }
    return _block(_TERRAFORM_TYPE[step.kind], label_of(parsed.name), values)


def _ip_associations(gateway_id: str, ip_ids: tuple[str, ...], ours: _Created) -> Iterator[str]:
    for ip_id in ip_ids:
        parsed = ArmId.parse(ip_id)
        is_prefix = parsed.type.lower().endswith("/publicipprefixes")
        kind = (
            "azurerm_nat_gateway_public_ip_prefix_association"
            if is_prefix
            else "azurerm_nat_gateway_public_ip_association"
        )
        argument = "public_ip_prefix_id" if is_prefix else "public_ip_address_id"
        yield _block(
            kind,
            label_of(parsed.name),
            {"nat_gateway_id": _terraform_ref(gateway_id, ours), argument: _terraform_ref(ip_id, ours)},
        )


def _terraform_ref(resource_id: str, ours: _Created) -> str:
    step = ours.get(resource_id.lower())
    if step is None:
        return _text(resource_id)
    return f"{_TERRAFORM_TYPE[step.kind]}.{label_of(ArmId.parse(step.id).name)}.id"


def _block(kind: str, label: str, values: Mapping[str, str]) -> str:
    width = max(len(name) for name in values)
    lines = "\n".join(f"  {name:<{width}} = {value}" for name, value in values.items())
    return f'resource "{kind}" "{label}" {{\n{lines}\n}}'


def _text(value: Any) -> str:
    # ``${`` and ``%{`` begin a template in Terraform.
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def _tags(tags: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{_text(name)} = {_text(value)}" for name, value in tags.items()) + " }"


def label_of(name: str) -> str:
    """A name as both languages take it for a symbol."""
    label = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return label if re.match(r"[A-Za-z_]", label) else f"r_{label}"
