"""How long records are kept: audit lines for 400 days, everything else for 30 days after it ended.

Two kinds of changes are never deleted: changes that are not final, and changes whose resources exist or can't be read.
Their plan, decision and journal prove that snatbot created a NAT gateway, and a rollback needs them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ...model.change import FINAL_STATES, Action, Change, JournalEntry
from ...model.incident import ClusterRecord, Incident
from ...model.plan import AddPublicIps, AssociateSubnet, CreateNatGateway, CreatePublicIp, CreatePublicIpPrefix

KEPT = timedelta(days=30)
AUDIT_KEPT = timedelta(days=400)


def audit_limit(now: datetime) -> datetime:
    """The moment before which audit lines are deleted: whole UTC days."""
    return (now - AUDIT_KEPT).replace(hour=0, minute=0, second=0, microsecond=0)


def removable_changes(
    changes: Sequence[Change],
    journals: Mapping[str, Iterable[JournalEntry]],
    now: datetime,
    is_deleted: Callable[[str], bool],
) -> tuple[Change, ...]:
    """``changes`` of one cluster, ``journals`` by change id. ``is_deleted`` is true only if Azure says so."""
    removable = {
        change.id: change
        for change in changes
        if change.state in FINAL_STATES
        and now - _last_touched(change, journals.get(change.id, ())) > KEPT
        and (not _may_own(change) or all(is_deleted(resource_id) for resource_id in named_resources(change)))
    }
    # A rollback needs the change that it rolls back; a deletion needs the change that created the resources.
    while needed := {change.plan.of_change_id for change in changes if change.id not in removable} & removable.keys():
        removable = {change_id: change for change_id, change in removable.items() if change_id not in needed}
    return tuple(removable.values())


def removable_incidents(
    incidents: Iterable[Incident], kept_changes: Iterable[Change], now: datetime
) -> tuple[Incident, ...]:
    """Cleared incidents that no change refers to."""
    needed = {change.incident_id for change in kept_changes}
    return tuple(
        incident
        for incident in incidents
        if incident.cleared_at is not None and now - incident.cleared_at > KEPT and incident.id not in needed
    )


def is_removable_record(record: ClusterRecord, now: datetime) -> bool:
    """Whether the record of a cluster without incidents and changes is old enough to delete."""
    times = (record.judged_until, record.silenced_until, record.contradicted_at)
    return all(at is None or now - at > KEPT for at in times)


def named_resources(change: Change) -> tuple[str, ...]:
    """NAT gateways, public IPs and prefixes that the plan creates, uses or detaches, in lower case."""
    found: list[str] = []
    for step in change.plan.steps:
        match step:
            case CreatePublicIp() | CreatePublicIpPrefix() | CreateNatGateway():
                found.append(step.id)
            case AddPublicIps():
                found += [step.nat_gateway_id, *step.added_ids]
            case AssociateSubnet():
                found += [gateway_id for gateway_id in (step.before, step.after) if gateway_id]
    return tuple(dict.fromkeys(resource_id.lower() for resource_id in found))


def _may_own(change: Change) -> bool:
    """Whether the change may have created something; a proposal that nobody approved has written nothing."""
    return change.is_begun or (change.decision is not None and change.decision.action is Action.APPROVE)


def _last_touched(change: Change, journal: Iterable[JournalEntry]) -> datetime:
    times = [change.proposed_at, change.expires_at, change.applied_at, change.verify_from, change.started_at]
    times += [change.decision.decided_at if change.decision else None, *(entry.updated_at for entry in journal)]
    return max(at for at in times if at is not None)
