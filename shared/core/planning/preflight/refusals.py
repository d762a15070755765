"""What would make Azure refuse the writes: missing permissions, locks, policies, quotas, changes in progress.

snatbot checks all of it before it proposes a plan: an approval is useless if Azure then refuses the writes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ....formatting import listed
from ....model.access import Access, Lock
from ....model.check import Check, CheckId, CheckResult
from ....model.network import NetworkFacts
from ....model.plan import Step
from ....model.resource_id import ArmId
from ....model.text import Text, arranged
from ...checks import CheckBuilder
from ..permissions import Need, missing_needs, needs_for
from ..writes import count_new, new_resources, new_types, written_id

_IP_QUOTAS = ("standardskupublicipaddresses", "publicipaddresses")
_MAY_STOP = Text(
    "grant it the remediator role; if it lacks a permission, Azure refuses that write and the change stops"
)


def permissions(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    check = CheckBuilder(CheckId.PERMISSIONS, "Microsoft.Authorization/permissions LIST")
    access = facts.access or Access()
    if access.permissions is None:
        return check.unknown(
            _with_reason(Text("whether the writing identity may do this could not be read"), access, "permissions"),
            _MAY_STOP,
            is_needed=False,
        )
    missing = missing_needs(needs_for(steps, facts), access.permissions)
    lacking = [need for need in missing if need.scope.lower() not in access.reasons]
    remedy = Text("grant it the remediator role at the scope named, then ask for a new plan")
    if lacking:
        lines = listed(_lines(lacking), 20)
        return check.blocks(Text("the writing identity lacks permissions: {permissions}", permissions=lines), remedy)
    if missing:
        unread = Text(
            "whether the writing identity has these permissions could not be read: {permissions}",
            permissions=listed(_lines(missing), 20),
        )
        return check.unknown(
            _with_reason(unread, access, missing[0].scope.lower()),
            _MAY_STOP,
            is_needed=False,
        )
    return check.passes(Text("the writing identity may do all that the plan needs"))


def _lines(needs: Iterable[Need]) -> list[Text]:
    lines = ((Text("{name} on {scope}", name=need.action, scope=_name(need.scope)), need.why) for need in needs)
    return [arranged("{line} ({why})", line=line, why=why) if why else line for line, why in lines]


def locks(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """Everything below a lock inherits it (Azure docs: lock-resources)."""
    check = CheckBuilder(CheckId.LOCKS, "Microsoft.Authorization/locks LIST")
    access = facts.access or Access()
    if access.locks is None:
        return _not_readable(check, Text("could not see whether locks are in the way"), access, "locks")
    met = {
        Text("{name} on {scope}", name=lock.name, scope=_name(lock.scope)): lock.level.lower()
        for lock in access.locks
        if _covers(lock, steps)
    }
    read_only = [name for name, level in met.items() if level == "readonly"]
    if read_only:
        return check.blocks(
            Text("a read-only lock forbids the writes ({locks})", locks=listed(read_only)),
            Text("have its owner take it off for the change"),
        )
    if met:
        return check.warns(
            Text(
                "a lock forbids deleting ({locks}): taking the NAT gateway off works, deleting it later does not",
                locks=listed(list(met)),
            ),
            Text("have its owner take it off before deleting"),
        )
    return check.passes(Text("no lock is in the way"))


def locks_for_deletion(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    """Azure refuses to delete under both kinds of lock."""
    check = locks(facts, steps)
    return replace(check, result=CheckResult.BLOCK) if check.result is CheckResult.WARN else check


def policies(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    check = CheckBuilder(CheckId.POLICY, "Microsoft.PolicyInsights/checkPolicyRestrictions")
    access = facts.access or Access()
    if access.denials is None:
        return _not_readable(
            check, Text("could not see whether Azure Policy denies the new resources"), access, "policy"
        )
    types = new_types(steps, facts)
    denials = [denial for denial in access.denials if denial.resource_type.lower() in types]
    if not denials:
        return check.passes(Text("no policy denies the new resources"))
    denied = [f"{denial.resource_type.rpartition('/')[2]}: {_name(denial.assignment)}" for denial in denials]
    return check.blocks(
        Text("Azure Policy denies what would be created ({denials})", denials=listed(denied)),
        Text("set RESOURCE_TAGS, NAT_RESOURCE_GROUP or NAME_TEMPLATE as the policy asks, or have an exemption made"),
    )


def quota(facts: NetworkFacts, steps: Sequence[Step]) -> Check:
    check = CheckBuilder(CheckId.QUOTA, "Microsoft.Network/locations/usages LIST")
    access = facts.access or Access()
    if access.quotas is None:
        return _not_readable(check, Text("could not see whether the quota is enough"), access, "quota")
    new_ips, new_gateways = count_new(new_resources(steps, facts))
    new = {**dict.fromkeys(_IP_QUOTAS, new_ips), "natgateways": new_gateways}
    short = []
    for counted in access.quotas:
        wanted = new.get(counted.name.lower(), 0)
        if wanted and 0 <= counted.limit < counted.used + wanted:
            short.append(
                Text("{name}: {used} of {limit} used", name=counted.name, used=counted.used, limit=counted.limit)
            )
    if short:
        return check.blocks(
            Text("the quota is too small ({quotas})", quotas=listed(short)),
            Text("ask for more quota in the portal, or delete what is not used"),
        )
    return check.passes(Text("the quota of public IPs and NAT gateways is enough"))


def other_changes(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.OTHER_CHANGES, "snatbot records")
    others = facts.ours.other_changes
    running = [change.cluster_name for change in others if not change.is_proposal]
    if running:
        return check.blocks(
            Text("a change of {clusters} on this virtual network is not finished", clusters=listed(running)),
            Text("decide again when it has ended"),
        )
    if others:
        names = [change.cluster_name for change in others]
        return check.warns(
            Text("a plan for {clusters} on this virtual network waits for approval too", clusters=listed(names)),
            Text("approve one, and look at the other again afterwards"),
        )
    return check.passes(Text("no other change is open on this virtual network"))


def _not_readable(check: CheckBuilder, what: Text, access: Access, key: str) -> Check:
    """A check that could not be read does not block: Azure refuses the write, the change stops, nothing is lost."""
    remedy = Text("grant the read permission named, or look yourself before approving")
    return check.unknown(_with_reason(what, access, key), remedy, is_needed=False)


def _with_reason(what: Text, access: Access, key: str) -> Text:
    reason = access.reasons.get(key)
    return arranged("{what}: {reason}", what=what, reason=reason) if reason else what


def _covers(lock: Lock, steps: Sequence[Step]) -> bool:
    scope = lock.scope.lower().rstrip("/")
    return any(f"{written_id(step) or ''}/".lower().startswith(f"{scope}/") for step in steps)


def _name(scope: str) -> str:
    try:
        return ArmId.parse(scope).name
    except ValueError:
        return scope.rstrip("/").rpartition("/")[2]
