"""A Bicep file for each resource group, because a Bicep file is deployed to one.

Bicep can't change a single property of an existing resource, so a subnet and a NAT gateway are written in full, with
every writable property that was read, at the API version of that read. Azure rejects concurrent writes to subnets of
one virtual network (AnotherOperationInProgress), so each subnet depends on the previous one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...cloud.api_versions import NETWORK
from ...core.az_cli import az
from ...core.planning.writes import written_id
from ...model.plan import AssociateSubnet, DeleteCreated, Plan, Step
from ...model.resource_id import ArmId
from . import label_of, render

_WRITTEN_ANEW = {
    "associate_subnet": ("natgateway",),
    "add_public_ips": ("publicipaddresses", "publicipprefixes"),
}


@dataclass(frozen=True, slots=True)
class BicepFile:
    name: str
    subscription: str
    resource_group: str  # deployment target
    text: str

    @property
    def command(self) -> str:
        where = ("--subscription", self.subscription, "-g", self.resource_group)
        return az("deployment", "group", "create", *where, "--template-file", self.name)


def bicep_files(plan: Plan) -> tuple[BicepFile, ...]:
    """Empty if the plan writes nothing that code can express: advice, and deletions."""
    groups: dict[str, list[tuple[ArmId, Step]]] = {}
    for step in plan.new_steps():
        resource_id = written_id(step)
        if resource_id is not None and not _is_taken_away(step):
            groups.setdefault(resource_id.lower().partition("/providers/")[0], []).append((resource_id, step))
    return tuple(map(_file, groups.values()))


def as_bicep(plan: Plan) -> str:
    """Every file, after a comment with its deployment command."""
    return "\n\n".join(f"// {file.name}: {file.command}\n{file.text}" for file in bicep_files(plan))


def _is_taken_away(step: Step) -> bool:
    return isinstance(step, DeleteCreated) or (isinstance(step, AssociateSubnet) and step.after is None)


def _file(steps: Sequence[tuple[ArmId, Step]]) -> BicepFile:
    """The file of one resource group, from its steps by the id of the written resource."""
    labels = {resource_id: _label(resource_id, step) for resource_id, step in steps}

    def reference(resource_id: ArmId) -> str:
        """A symbol in the same file, else the id."""
        label = labels.get(resource_id)
        return f"{label}.id" if label else literal(resource_id)

    where = steps[0][0]
    text = render(
        "bicep.j2",
        literal,
        version=NETWORK,
        steps=[(resource_id, labels[resource_id], step) for resource_id, step in steps],
        reference=reference,
        kept=_kept,
    )
    return BicepFile(f"{where.resource_group}.bicep", where.subscription, where.resource_group, text)


def _label(resource_id: ArmId, step: Step) -> str:
    return label_of(f"subnet_{resource_id.name}" if isinstance(step, AssociateSubnet) else resource_id.name)


def _kept(step: Any) -> dict[str, Any]:
    """Properties that stay unchanged."""
    anew = _WRITTEN_ANEW[step.kind]
    return {key(name): value for name, value in step.properties_before.items() if name.lower() not in anew}


def literal(value: Any, depth: int = 1) -> str:
    """``depth``: the indentation level of the line that the value begins on."""
    inner, outer = "  " * (depth + 1), "  " * depth
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("${", "\\${")
            return f"'{escaped}'"
        case Mapping():
            lines = [f"{inner}{key(name)}: {literal(item, depth + 1)}" for name, item in value.items()]
            return "{\n" + "\n".join(lines) + f"\n{outer}}}" if lines else "{}"
        case list() | tuple():
            lines = [f"{inner}{literal(item, depth + 1)}" for item in value]
            return "[\n" + "\n".join(lines) + f"\n{outer}]" if lines else "[]"
        case None:
            return "null"
        case _:
            return str(value)


def key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else literal(name)
