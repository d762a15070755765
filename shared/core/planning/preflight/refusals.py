"""What would refuse the writes: missing permissions, locks, policies, quotas, and changes of others.

All of it is asked before a person is: an approved plan that Azure then refuses helps nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....formatting import count, listed
from ....model.access import Access, Lock
from ....model.network import NetworkFacts
from ....model.plan import Check, CheckResult, Step
from ....model.resource_id import ResourceId
from ..permissions import missing_needs, needs_for
from ..writes import new_counts, new_types, written_ids

_COUNTED = {
    "standardskupublicipaddresses": "public IPs",
    "publicipaddresses": "public IPs",
    "natgateways": "NAT gateways",
}


def permissions(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """Of exactly these steps, by name."""
    name, source = "permissions", "Microsoft.Authorization/permissions LIST, under the writing identity"
    access = facts.access or Access()
    if access.permissions is None:
        reason = access.reasons.get("permissions", "")
        message = (
            f"nobody knows yet whether the writing identity may do this{f': {reason}' if reason else ''}".rstrip(".")
            + ". If it may not, Azure refuses the first write that it lacks, and the change stops there"
        )
        remedy = "grant it the remediator role, and let it read its own permissions"
        return Check(name, CheckResult.COULD_NOT_CHECK, message, remedy, source, is_needed=False)
    missing = missing_needs(needs_for(steps, facts), access.permissions)
    if not missing:
        return Check(name, CheckResult.PASS, "the writing identity may do all that the plan needs", source=source)
    lines = [f"{need.action} on {_short(need.scope)}{' (' + need.why + ')' if need.why else ''}" for need in missing]
    return Check(
        name,
        CheckResult.BLOCK,
        f"the writing identity lacks {count(len(missing), 'permission')}: {listed(lines, 20)}",
        "grant it the remediator role at the scope named, then ask for a new plan",
        source,
    )


def locks(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """A lock is inherited by all below it (Azure docs: lock-resources)."""
    name, source = "locks", "Microsoft.Authorization/locks LIST, on subscription, resource groups and virtual network"
    access = facts.access or Access()
    if access.locks is None:
        return _unknown(name, "whether locks are in the way", access.reasons.get("locks", ""), source)
    met = [lock for lock in access.locks if _covers(lock, steps)]
    read_only = [f"{lock.name} on {_short(lock.scope)}" for lock in met if lock.level.lower() == "readonly"]
    if read_only:
        return Check(
            name,
            CheckResult.BLOCK,
            f"a read-only lock forbids the writes ({listed(read_only)})",
            "have its owner take it off for the change",
            source,
        )
    kept = [f"{lock.name} on {_short(lock.scope)}" for lock in met]
    if kept:
        return Check(
            name,
            CheckResult.WARN,
            f"a lock forbids deleting ({listed(kept)}): taking the NAT gateway off works, deleting it later does not",
            "have its owner take it off before deleting",
            source,
        )
    return Check(name, CheckResult.PASS, "no lock is in the way", source=source)


def locks_for_deletion(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """Deleting is refused under either kind of lock."""
    found = locks(facts, steps)
    if found.result is CheckResult.WARN:
        return Check(found.name, CheckResult.BLOCK, found.message, found.remedy, found.source)
    return found


def policies(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """About what the steps create."""
    name, source = "policy", "Microsoft.PolicyInsights/checkPolicyRestrictions"
    access = facts.access or Access()
    if access.denials is None:
        return _unknown(name, "whether Azure Policy denies the new resources", access.reasons.get("policy", ""), source)
    types = new_types(steps, facts)
    denials = [denial for denial in access.denials if denial.resource_type.lower() in types]
    if not denials:
        return Check(name, CheckResult.PASS, "no policy denies the new resources", source=source)
    denied = [f"{denial.resource_type.rpartition('/')[2]}: {_short(denial.assignment)}" for denial in denials]
    return Check(
        name,
        CheckResult.BLOCK,
        f"Azure Policy denies what would be created ({listed(denied)})",
        "set RESOURCE_TAGS, NAT_RESOURCE_GROUP or NAME_TEMPLATE as the policy asks, or have an exemption made",
        source,
    )


def quota(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """About what the steps create."""
    name, source = "quota", "Microsoft.Network/locations/usages LIST"
    access = facts.access or Access()
    if access.quotas is None:
        return _unknown(name, "whether the quota is enough", access.reasons.get("quota", ""), source)
    new_ips, new_gateways = new_counts(steps, facts)
    wanted = {"public IPs": new_ips, "NAT gateways": new_gateways}
    counted = [one for one in access.quotas if one.name.lower() in _COUNTED]
    short = [
        f"{one.name}: {one.used} of {one.limit} used"
        for one in counted
        if one.limit >= 0
        and wanted[_COUNTED[one.name.lower()]]
        and one.used + wanted[_COUNTED[one.name.lower()]] > one.limit
    ]
    if short:
        return Check(
            name,
            CheckResult.BLOCK,
            f"the quota is too small ({listed(short)})",
            "ask for more quota in the portal, or delete what is not used",
            source,
        )
    return Check(name, CheckResult.PASS, "the quota of public IPs and NAT gateways is enough", source=source)


def other_changes(facts: NetworkFacts) -> Check:
    name, source = "other changes", "snatbot's own records"
    others = facts.ours.other_changes
    running = [f"{one.cluster_name} ({one.state})" for one in others if not one.is_proposal]
    if running:
        return Check(
            name,
            CheckResult.BLOCK,
            f"a change of another cluster on this virtual network is not finished: {listed(running)}",
            "decide again when it has ended",
            source,
        )
    if others:
        proposed = listed([one.cluster_name for one in others])
        return Check(
            name,
            CheckResult.WARN,
            f"a plan for {proposed} on this virtual network waits for approval; shared subnets would move with either",
            "approve one, and look at the other again afterwards",
            source,
        )
    return Check(name, CheckResult.PASS, "no other change is open on this virtual network", source=source)


def _unknown(name: str, what: str, reason: str, source: str) -> Check:
    """Not needed: Azure itself refuses such a write, the change then stops with its words, and nothing is lost."""
    message = f"could not see {what}" + (f": {reason}" if reason else "")
    remedy = "grant the read permission named, or look yourself before approving"
    return Check(name, CheckResult.COULD_NOT_CHECK, message, remedy, source, is_needed=False)


def _covers(lock: Lock, steps: Sequence[Step]) -> bool:
    scope = lock.scope.lower().rstrip("/")
    return any(f"{one.lower()}/".startswith(f"{scope}/") for one in written_ids(steps))


def _short(scope: str) -> str:
    """The last name of a scope."""
    try:
        return ResourceId.parse(scope).name
    except ValueError:
        return scope.rstrip("/").rpartition("/")[2]
