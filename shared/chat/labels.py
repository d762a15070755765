"""Steps, checks and states of a change in words, the same in chat and on pages."""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from ..core.az_cli import script
from ..formatting import addresses_of, clauses, listed, node_label, number, percent, public_ips_of, sentences
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
from ..model.text import Text, arranged, verbatim
from .message import EMPTY, Table

# Translators: states of a change, which is a plan that was proposed.
_STATE_LABELS: Mapping[ChangeState, Text] = {
    ChangeState.PROPOSED: Text("waiting for approval"),
    ChangeState.APPROVED: Text("approved, about to start"),
    ChangeState.APPLYING: Text("being applied"),
    ChangeState.VERIFYING: Text("applied, being verified"),
    ChangeState.STOPPED: Text("stopped"),
    ChangeState.FIXED: Text("fixed"),
    ChangeState.NOT_FIXED: Text("not fixed"),
    ChangeState.CANT_TELL: Text("can't tell"),
    ChangeState.ROLLED_BACK: Text("rolled back"),
    ChangeState.DONE: Text("done"),
    ChangeState.DENIED: Text("denied"),
    ChangeState.EXPIRED: Text("expired"),
    ChangeState.SUPERSEDED: Text("superseded"),
    ChangeState.FAILED: Text("failed"),
}
CHECK_LABELS: Mapping[CheckResult, Text] = {
    CheckResult.PASS: Text("Passed"),
    CheckResult.WARN: Text("Warning"),
    CheckResult.BLOCK: Text("Blocks"),
    CheckResult.COULD_NOT_CHECK: Text("Could not check"),
}
_RESOURCE_LABELS = {
    "natgateways": Text("NAT gateway"),
    "publicipaddresses": Text("public IP"),
    "publicipprefixes": Text("public IP prefix"),
}


def state_label(state: ChangeState) -> Text:
    return _STATE_LABELS[state]


def resource_name(resource_id: str | None) -> str:
    """The last name of an Azure resource id; the text itself if it is no id; ``none`` for None."""
    if resource_id is None:
        return Text("none")
    try:
        return ArmId.parse(resource_id).name
    except ValueError:
        return resource_id


def resource_label(resource_id: str) -> Text:
    """``NAT gateway``, ``public IP`` or ``public IP prefix``, by the Azure resource id's type."""
    return _RESOURCE_LABELS[_resource_type(resource_id)]


def _resource_type(resource_id: str) -> str:
    return ArmId.parse(resource_id).type.rpartition("/")[2].lower()


def describe_cost(cost: Cost) -> Text:
    """``44.97 USD a month …``, or why it is unknown."""
    lines = clauses(*cost.lines)
    if cost.per_month is None:
        return Text("Unknown here: {reasons}", reasons=lines)
    total = monthly(cost.per_month, cost.currency)
    if not cost.source:
        return arranged("{total}: {lines}", total=total, lines=lines)
    if not cost.as_of:
        return arranged("{total}: {lines} ({source})", total=total, lines=lines, source=cost.source)
    return Text(
        "{total}: {lines} ({source} as of {date})", total=total, lines=lines, source=cost.source, date=cost.as_of
    )


def monthly(amount: float, currency: str) -> Text:
    return Text("{amount:2} {currency} a month", amount=amount, currency=currency)


def describe_step(step: Step) -> Text:
    """The step as an instruction: ``Create public IP `pip-1```."""
    match step:
        case CreatePublicIp():
            return Text("Create public IP `{name}`", name=resource_name(step.id))
        case CreatePublicIpPrefix():
            return Text(
                "Create public IP prefix `{name}` with {addresses}",
                name=resource_name(step.id),
                addresses=addresses_of(step.address_count),
            )
        case CreateNatGateway():
            ips = public_ips_of(len(step.public_ip_ids)) if step.public_ip_ids else Text("a public IP prefix")
            return Text("Create NAT gateway `{name}` with {public_ips}", name=resource_name(step.id), public_ips=ips)
        case AddPublicIps():
            return Text(
                "Add {public_ips} to NAT gateway `{name}`",
                public_ips=describe_ips(step.added_ids),
                name=resource_name(step.nat_gateway_id),
            )
        case DeleteCreated():
            resource, name = resource_label(step.id), resource_name(step.id)
            if not step.addresses:
                return Text("Delete {resource} `{name}`", resource=resource, name=name)
            lost = listed(step.addresses, 16)
            return Text("Delete {resource} `{name}`, losing {addresses}", resource=resource, name=name, addresses=lost)
        case AssociateSubnet(after=None):
            return Text("Take the NAT gateway off subnet `{subnet}`", subnet=resource_name(step.subnet_id))
        case AssociateSubnet():
            subnet = resource_name(step.subnet_id)
            return Text(
                "Associate subnet `{subnet}` with `{gateway}`", subnet=subnet, gateway=resource_name(step.after)
            )
        case ObserveEgress(nat_gateway_id=None):
            return Text(
                "Watch subnet `{subnet}` until its nodes leave through the load balancer",
                subnet=resource_name(step.subnet_id),
            )
        case ObserveEgress():
            return Text(
                "Watch subnet `{subnet}` until its connections leave through the gateway",
                subnet=resource_name(step.subnet_id),
            )
    assert_never(step)


def describe_ips(ids: Sequence[str]) -> Text:
    """``2 public IPs``, ``public IP prefix `p```, or both."""
    prefixes = [id_ for id_ in ids if _resource_type(id_) == "publicipprefixes"]
    singles = len(ids) - len(prefixes)
    return listed(
        (
            *((public_ips_of(singles),) if singles else ()),
            *(Text("public IP prefix `{name}`", name=resource_name(prefix)) for prefix in prefixes),
        ),
        len(ids),
    )


def egress_addresses(plan: Plan, journal: Sequence[JournalEntry]) -> tuple[str, ...]:
    """The plan's later egress IPs: addresses once the journal has them, else the names of the IPs."""
    known = {}
    entries = {entry.step: entry for entry in journal}
    for index, step in enumerate(plan.steps):
        after = entries[index].after if index in entries else None
        if isinstance(step, CreatePublicIp | CreatePublicIpPrefix) and after and after.get("address"):
            known[resource_name(step.id)] = str(after["address"])
    return tuple(known.get(name, name) for name in plan.egress_then)


def describe_check(check: Check) -> Text:
    """The check's message and its remedy, as sentences."""
    return sentences(check.message, check.remedy)


def check_commands(checks: Iterable[Check]) -> Text:
    """Commands of the checks' remedies, one command a line."""
    return script(dict.fromkeys(command for check in checks for command in check.commands))


def node_table(nodes: Sequence[NodeFailures], note: Text = EMPTY) -> Table:
    """One row for each node. Share: failed of all new connections. Minutes: those with a failure."""
    rows = tuple(
        (
            node_label(node.name, node.is_gone),
            verbatim(node.ip),
            verbatim(node.pool),
            number(node.failed),
            percent(node.failed, node.failed + node.successful),
            number(node.failed_minutes),
        )
        for node in nodes
    )
    columns = (Text("Node"), Text("IP"), Text("Pool"), Text("Failed"), Text("Share"), Text("Minutes"))
    return Table(columns, rows, note, figures=3)
