"""Steps, checks and states of a change in words, the same in chat and on pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from ..core.az_cli import script
from ..formatting import count, listed, node_label, number, percent, sentences
from ..model.change import ChangeState, JournalEntry
from ..model.check import Check, CheckResult
from ..model.plan import (
    AddPublicIps,
    AssociateSubnet,
    Cost,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    ObserveEgress,
    Plan,
    Step,
)
from ..model.reading import NodeFailures
from ..model.resource_id import ArmId
from .message import Table

_STATE_LABELS = {  # states whose value is not a good label
    ChangeState.PROPOSED: "waiting for approval",
    ChangeState.APPROVED: "approved, about to start",
    ChangeState.APPLYING: "being applied",
    ChangeState.VERIFYING: "applied, being verified",
}
CHECK_LABELS: Mapping[CheckResult, str] = {
    CheckResult.PASS: "Passed",
    CheckResult.WARN: "Warning",
    CheckResult.BLOCK: "Blocks",
    CheckResult.COULD_NOT_CHECK: "Could not check",
}
_RESOURCE_LABELS = {
    "natgateways": "NAT gateway",
    "publicipaddresses": "public IP",
    "publicipprefixes": "public IP prefix",
}


def state_label(state: ChangeState) -> str:
    return _STATE_LABELS.get(state, state.value)


def resource_name(resource_id: str | None) -> str:
    """The last name of an Azure resource id; the text itself if it is no id; ``none`` for None."""
    if resource_id is None:
        return "none"
    try:
        return ArmId.parse(resource_id).name
    except ValueError:
        return resource_id


def resource_label(resource_id: str) -> str:
    """``NAT gateway``, ``public IP`` or ``public IP prefix``, by the Azure resource id's type."""
    return _RESOURCE_LABELS[ArmId.parse(resource_id).type.rpartition("/")[2].lower()]


def describe_cost(cost: Cost) -> str:
    """``≈ 44.97 USD a month …``, or why it is unknown."""
    if cost.per_month is None:
        return f"Unknown here: {'; '.join(cost.lines)}"
    origin = " ".join(part for part in (cost.source, f"as of {cost.as_of}" if cost.as_of else "") if part)
    return f"{cost.per_month:,.2f} {cost.currency} a month: {'; '.join(cost.lines)}" + (
        f" ({origin})" if origin else ""
    )


def describe_step(step: Step) -> str:
    """The step as an instruction: ``Create public IP `pip-1```."""
    match step:
        case CreatePublicIp():
            return f"Create public IP `{resource_name(step.id)}`"
        case CreatePublicIpPrefix():
            return f"Create public IP prefix `{resource_name(step.id)}` with {prefix_size(step)}"
        case CreateNatGateway():
            ips = count(len(step.public_ip_ids), "public IP") if step.public_ip_ids else "a public IP prefix"
            return f"Create NAT gateway `{resource_name(step.id)}` with {ips}"
        case AddPublicIps():
            return f"Add {describe_ips(step.added_ids)} to NAT gateway `{resource_name(step.nat_gateway_id)}`"
        case DeleteCreated():
            lost = f", losing {listed(step.addresses, 16)}" if step.addresses else ""
            return f"Delete {resource_label(step.id)} `{resource_name(step.id)}`{lost}"
        case AssociateSubnet(after=None):
            return f"Take the NAT gateway off subnet `{resource_name(step.subnet_id)}`"
        case AssociateSubnet():
            return f"Associate subnet `{resource_name(step.subnet_id)}` with `{resource_name(step.after)}`"
        case ObserveEgress(nat_gateway_id=None):
            return f"Watch subnet `{resource_name(step.subnet_id)}` until its nodes leave through the load balancer"
        case ObserveEgress():
            return f"Watch subnet `{resource_name(step.subnet_id)}` until its connections leave through the gateway"
    assert_never(step)


def describe_ips(ids: Sequence[str]) -> str:
    """``2 public IPs``, ``public IP prefix `p```, or both."""
    prefixes = [f"public IP prefix `{resource_name(id_)}`" for id_ in ids if resource_label(id_) == "public IP prefix"]
    singles = len(ids) - len(prefixes)
    return " and ".join([*([count(singles, "public IP")] if singles else []), *prefixes])


def prefix_size(prefix: CreatePublicIpPrefix) -> str:
    """``4 addresses``"""
    return count(prefix.address_count, "address", "addresses")


def egress_addresses(plan: Plan, journal: Sequence[JournalEntry]) -> tuple[str, ...]:
    """The plan's later egress IPs: addresses once the journal has them, else the names of the IPs."""
    known = {}
    entries = {entry.step: entry for entry in journal}
    for index, step in enumerate(plan.steps):
        after = entries[index].after if index in entries else None
        if isinstance(step, CreatePublicIp | CreatePublicIpPrefix) and after and after.get("address"):
            known[resource_name(step.id)] = str(after["address"])
    return tuple(known.get(name, name) for name in plan.egress_then)


def describe_check(check: Check) -> str:
    """The check's message and its remedy, as sentences."""
    return sentences(check.message, check.remedy)


def check_commands(checks: Iterable[Check]) -> str:
    """Commands of the checks' remedies, one command a line."""
    return script(dict.fromkeys(command for check in checks for command in check.commands))


def node_table(nodes: Sequence[NodeFailures], note: str = "") -> Table:
    """One row for each node. Share: failed of all new connections. Minutes: those with a failure."""
    rows = tuple(
        (
            node_label(node.name, node.is_gone),
            node.ip,
            node.pool,
            number(node.failed),
            percent(node.failed, node.failed + node.successful),
            number(node.failed_minutes),
        )
        for node in nodes
    )
    noun = "nodes" if len(nodes) != 1 else "node"
    return Table(("Node", "IP", "Pool", "Failed", "Share", "Minutes"), rows, note, noun, ("Failed", "Share", "Minutes"))
