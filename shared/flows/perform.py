"""Which code does which step: one look and at most one write."""

from __future__ import annotations

from datetime import datetime

from ..model.change import Change, JournalEntry
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
from . import steps
from .prove import NEXT_LOOK, Prove
from .steps import Leave, NetworkWriter, Result, Stop, Wait
from .subnet_step import associate_subnet, undone


def perform(
    change: Change,
    step: Step,
    entry: JournalEntry,
    network: NetworkWriter,
    leave: Leave,
    prove: Prove,
    now: datetime,
) -> Result:
    """Raises AzureError, and StoreConflict when ``leave`` is not given."""
    match step:
        case CreatePublicIp():
            return steps.create_public_ip(step, network, leave)
        case CreatePublicIpPrefix():
            return steps.create_public_ip_prefix(step, network, leave)
        case CreateNatGateway():
            return steps.create_nat_gateway(step, network, leave)
        case AddPublicIps():
            return steps.add_public_ips(step, network, leave)
        case DeleteCreated():
            return steps.delete_created(step, network, leave)
        case AssociateSubnet():
            # The way back must not wait for an upgrade: nodes may be without egress.
            busy = prove.busy(change.cluster_id) if step.after is not None else ""
            return Wait(NEXT_LOOK.total_seconds(), busy) if busy else associate_subnet(step, network, leave)
        case ObserveEgress():
            if (stop := _undone(change, network)) is not None:
                return stop
            return prove.gate(step, change.plan, entry.started_at, now, (entry.before or {}).get("ready_nodes"))


def _undone(change: Change, network: NetworkWriter) -> Stop | None:
    """Whether the subnet of the step before, which is watched now, still is as it was written."""
    moved = change.plan.steps[change.step - 1] if change.step else None
    return undone(moved, network) if isinstance(moved, AssociateSubnet) else None
