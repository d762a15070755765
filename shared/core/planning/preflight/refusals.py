"""What would make Azure refuse the writes: missing permissions, locks, policies, quotas, changes in progress.

snatbot checks all of it before it proposes a plan: an approval is useless if Azure then refuses the writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ....formatting import count, listed
from ....model.access import Access, Lock
from ....model.check import Check, CheckId, CheckResult
from ....model.network import NetworkFacts
from ....model.plan import Step
from ....model.resource_id import ArmId
from ...checks import CheckBuilder
from ..permissions import Need, missing_needs, needs_for
from ..writes import count_new, new_resources, new_types, written_id

_PUBLIC_IPS, _NAT_GATEWAYS = "public IPs", "NAT gateways"
_COUNTED = {
    "standardskupublicipaddresses": _PUBLIC_IPS,
    "publicipaddresses": _PUBLIC_IPS,
    "natgateways": _NAT_GATEWAYS,
}


def permissions(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """Name the permissions that exactly these steps lack."""
    check = CheckBuilder(CheckId.PERMISSIONS, "Microsoft.Authorization/permissions LIST, under the writing identity")
    access = facts.access or Access()
    if access.permissions is None:
        why = f"nobody knows yet whether the writing identity may do this{_reason(access, 'permissions')}".rstrip(".")
        return check.unknown(
            f"{why}. If it may not, Azure refuses the first write that it lacks, and the change stops there",
            "grant it the remediator role, and let it read its own permissions",
            is_needed=False,
        )
    missing = missing_needs(needs_for(steps, facts), access.permissions)
    lacking = [need for need in missing if need.scope.lower() not in access.reasons]
    remedy = "grant it the remediator role at the scope named, then ask for a new plan"
    if lacking:
        return check.blocks(
            f"the writing identity lacks {count(len(lacking), 'permission')}: {listed(_lines(lacking), 20)}", remedy
        )
    if missing:
        return check.unknown(
            f"whether the writing identity may do this could not be read: {listed(_lines(missing), 20)}"
            f"{_reason(access, missing[0].scope.lower())}. If it may not, Azure refuses that write, and the change "
            "stops there",
            remedy,
            is_needed=False,
        )
    return check.passes("the writing identity may do all that the plan needs")


def _lines(needs: Iterable[Need]) -> list[str]:
    return [f"{need.action} on {_name(need.scope)}{f' ({need.why})' if need.why else ''}" for need in needs]


def locks(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """Everything below a lock inherits it (Azure docs: lock-resources)."""
    check = CheckBuilder(
        CheckId.LOCKS, "Microsoft.Authorization/locks LIST, on subscription, resource groups and virtual network"
    )
    access = facts.access or Access()
    if access.locks is None:
        return _not_readable(check, "whether locks are in the way", access, "locks")
    met = [lock for lock in access.locks if _covers(lock, steps)]
    read_only = [f"{lock.name} on {_name(lock.scope)}" for lock in met if lock.level.lower() == "readonly"]
    if read_only:
        return check.blocks(
            f"a read-only lock forbids the writes ({listed(read_only)})", "have its owner take it off for the change"
        )
    if met:
        names = listed([f"{lock.name} on {_name(lock.scope)}" for lock in met])
        return check.warns(
            f"a lock forbids deleting ({names}): taking the NAT gateway off works, deleting it later does not",
            "have its owner take it off before deleting",
        )
    return check.passes("no lock is in the way")


def locks_for_deletion(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """Azure refuses to delete under both kinds of lock."""
    check = locks(facts, steps)
    return replace(check, result=CheckResult.BLOCK) if check.result is CheckResult.WARN else check


def policies(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """Policies about what the steps create."""
    check = CheckBuilder(CheckId.POLICY, "Microsoft.PolicyInsights/checkPolicyRestrictions")
    access = facts.access or Access()
    if access.denials is None:
        return _not_readable(check, "whether Azure Policy denies the new resources", access, "policy")
    types = new_types(steps, facts)
    denials = [denial for denial in access.denials if denial.resource_type.lower() in types]
    if not denials:
        return check.passes("no policy denies the new resources")
    denied = [f"{denial.resource_type.rpartition('/')[2]}: {_name(denial.assignment)}" for denial in denials]
    return check.blocks(
        f"Azure Policy denies what would be created ({listed(denied)})",
        "set RESOURCE_TAGS, NAT_RESOURCE_GROUP or NAME_TEMPLATE as the policy asks, or have an exemption made",
    )


def quota(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """Quota for what the steps create."""
    check = CheckBuilder(CheckId.QUOTA, "Microsoft.Network/locations/usages LIST")
    access = facts.access or Access()
    if access.quotas is None:
        return _not_readable(check, "whether the quota is enough", access, "quota")
    new_ips, new_gateways = count_new(new_resources(steps, facts))
    new = {_PUBLIC_IPS: new_ips, _NAT_GATEWAYS: new_gateways}
    short = []
    for counted in access.quotas:
        wanted = new.get(_COUNTED.get(counted.name.lower(), ""), 0)
        if wanted and 0 <= counted.limit < counted.used + wanted:
            short.append(f"{counted.name}: {counted.used} of {counted.limit} used")
    if short:
        return check.blocks(
            f"the quota is too small ({listed(short)})", "ask for more quota in the portal, or delete what is not used"
        )
    return check.passes("the quota of public IPs and NAT gateways is enough")


def other_changes(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.OTHER_CHANGES, "snatbot's own records")
    others = facts.ours.other_changes
    running = [f"{change.cluster_name} ({change.state})" for change in others if not change.is_proposal]
    if running:
        return check.blocks(
            f"a change of another cluster on this virtual network is not finished: {listed(running)}",
            "decide again when it has ended",
        )
    if others:
        proposed = listed([change.cluster_name for change in others])
        return check.warns(
            f"a plan for {proposed} on this virtual network waits for approval; shared subnets would move with either",
            "approve one, and look at the other again afterwards",
        )
    return check.passes("no other change is open on this virtual network")


def _not_readable(check: CheckBuilder, what: str, access: Access, key: str) -> Check:
    """A check that could not be read does not block: Azure refuses the write, the change stops, nothing is lost."""
    return check.unknown(
        f"could not see {what}{_reason(access, key)}",
        "grant the read permission named, or look yourself before approving",
        is_needed=False,
    )


def _reason(access: Access, key: str) -> str:
    reason = access.reasons.get(key)
    return f": {reason}" if reason else ""


def _covers(lock: Lock, steps: Sequence[Step]) -> bool:
    scope = lock.scope.lower().rstrip("/")
    return any(f"{written_id(step) or ''}/".lower().startswith(f"{scope}/") for step in steps)


def _name(scope: str) -> str:
    """The last name of a scope."""
    try:
        return ArmId.parse(scope).name
    except ValueError:
        return scope.rstrip("/").rpartition("/")[2]
