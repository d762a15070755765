"""Terraform with provider azurerm.

Its association resources change one property of a subnet or a NAT gateway, and the provider's locks prevent concurrent
writes to one virtual network.
"""

import json
from typing import Any

from ...model.plan import Plan
from ...model.resource_id import ArmId
from . import label_of, render

_TYPES = {
    "create_public_ip": "azurerm_public_ip",
    "create_public_ip_prefix": "azurerm_public_ip_prefix",
    "create_nat_gateway": "azurerm_nat_gateway",
}


def as_terraform(plan: Plan) -> str:
    """Empty if the plan writes nothing that code can express: advice, and deletions.

    Reserved public IPs are referenced by their ids.
    """
    symbols = {
        step.id: f"{_TYPES[step.kind]}.{label_of(step.id.name)}.id"
        for step in plan.create_steps
        if step.id not in plan.existing_ids
    }

    def reference(resource_id: ArmId) -> str:
        return symbols.get(resource_id) or _literal(resource_id)

    return render("terraform.j2", _literal, steps=plan.new_steps(), reference=reference)


def _literal(value: Any) -> str:
    # ``${`` and ``%{`` start a template in Terraform.
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")
