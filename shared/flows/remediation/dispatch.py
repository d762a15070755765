"""Run the code for each kind of step: one check and at most one write."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from ...cloud.network import Network
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
)
from . import steps
from .gate import Gate
from .step_result import RECHECK_AFTER, Result, Stop, Wait, WritePermit
from .subnet_step import associate_subnet, stop_if_changed

ReadNetwork = Callable[[str, datetime], NetworkFacts]


def dispatch(
    change: Change,
    entry: JournalEntry,
    network: Network,
    permit: WritePermit,
    gate: Gate,
    read_network: ReadNetwork,
    now: datetime,
) -> Result:
    """Run the change's current step. Raises AzureError, and the errors of ``permit``."""
    match step := change.current_step:
        case CreatePublicIp() | CreatePublicIpPrefix():
            return steps.create_address(step, network, permit)
        case CreateNatGateway():
            return steps.create_nat_gateway(step, network, permit)
        case AddPublicIps():
            return steps.add_public_ips(step, network, permit)
        case DeleteCreated():
            return steps.delete_created(step, network, permit)
        case AssociateSubnet(after=None):
            # A rollback must not wait for an upgrade: nodes may be without egress.
            guarded = replace(permit, precondition=lambda: _without_egress(change, read_network, now))
            return associate_subnet(step, network, guarded)
        case AssociateSubnet():
            busy = gate.busy(change.cluster_id)
            return Wait(RECHECK_AFTER.total_seconds(), busy) if busy else associate_subnet(step, network, permit)
        case ObserveEgress():
            moved = change.plan.steps[change.step - 1] if change.step else None
            stop = stop_if_changed(moved, network) if isinstance(moved, AssociateSubnet) else None
            return stop or gate.observe(step, change.plan, entry, now)
        case _:
            assert_never(step)


def _without_egress(change: Change, read_network: ReadNetwork, now: datetime) -> Result | None:
    """Hold a detach that would leave nodes without egress; checked before each subnet."""
    check = check_load_balancer_egress(read_network(change.cluster_id, now))
    if not check.is_blocking:
        return None
    if check.result is CheckResult.COULD_NOT_CHECK:
        return Wait(RECHECK_AFTER.total_seconds(), check.message)
    return Stop(sentences(check.message, check.remedy), check.commands)
