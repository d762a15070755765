"""Which code does which step: one look and at most one write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ...core.planning.detach import check_load_balancer_egress
from ...formatting import sentences
from ...model.change import Change, JournalEntry
from ...model.check import CheckResult
from ...model.network import NetworkFacts
from ...model.plan import (
    AddPublicIps,
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    ObserveEgress,
    Step,
)
from . import steps
from .gate import NEXT_LOOK, Gate
from .steps import NetworkWriter, Result, Stop, Wait, WritePermit
from .subnet_step import associate_subnet, undone

ReadFacts = Callable[[str, datetime], NetworkFacts]


def dispatch(
    change: Change,
    step: Step,
    entry: JournalEntry,
    network: NetworkWriter,
    permit: WritePermit,
    gate: Gate,
    read_facts: ReadFacts,
    now: datetime,
) -> Result:
    """Raises AzureError, and StoreConflict when ``permit`` is not given."""
    match step:
        case CreatePublicIp():
            return steps.create_public_ip(step, network, permit)
        case CreatePublicIpPrefix():
            return steps.create_public_ip_prefix(step, network, permit)
        case CreateNatGateway():
            return steps.create_nat_gateway(step, network, permit)
        case AddPublicIps():
            return steps.add_public_ips(step, network, permit)
        case DeleteCreated():
            return steps.delete_created(step, network, permit)
        case AssociateSubnet(after=None):
            # The way back must not wait for an upgrade: nodes may be without egress.
            guarded = replace(permit, precondition=lambda: _without_egress(change, read_facts, now))
            return associate_subnet(step, network, guarded)
        case AssociateSubnet():
            busy = gate.busy(change.cluster_id)
            return Wait(NEXT_LOOK.total_seconds(), busy) if busy else associate_subnet(step, network, permit)
        case ObserveEgress():
            if (stop := _undone(change, network)) is not None:
                return stop
            return gate.look(step, change.plan, entry, now)


def _without_egress(change: Change, read_facts: ReadFacts, now: datetime) -> Result | None:
    """Whether taking the gateway off now would leave nodes without any egress: asked before each subnet."""
    check = check_load_balancer_egress(read_facts(change.cluster_id, now))
    if not check.is_blocking:
        return None
    if check.result is CheckResult.COULD_NOT_CHECK:
        return Wait(NEXT_LOOK.total_seconds(), check.message)
    return Stop(sentences(check.message, check.remedy), check.commands)


def _undone(change: Change, network: NetworkWriter) -> Stop | None:
    """Whether the subnet of the step before, which is watched now, still is as it was written."""
    moved = change.plan.steps[change.step - 1] if change.step else None
    return undone(moved, network) if isinstance(moved, AssociateSubnet) else None
