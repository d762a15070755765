"""Whether changes could be approved and applied: keys, policy, and the stop."""

from collections.abc import Callable, Iterable

from ...core.approval.policy import APPROVABLE, Policy
from ...core.checks import CheckBuilder
from ...formatting import listed
from ...model.check import Check
from ...model.fleet import WatchedCluster
from ...model.text import Text
from ...store.stop_switch import StopFlag
from .run import set_on_app


def signing_keys(count: int, check: CheckBuilder) -> Check:
    if not count:
        return check.warns(Text("none is set: there are no links and no approvals"), set_on_app("SIGNING_KEYS"))
    remedy = Text("note when SIGNING_KEYS changed, and put a new key first from time to time")
    return check.unknown(Text("how old the keys are ({count})", count=count), remedy)


def approvers(policy: Policy, is_open: bool, clusters: Iterable[WatchedCluster], check: CheckBuilder) -> Check:
    """``is_open``: people sign in, or links approve. Who holds a role is not read: that takes Entra's assignments."""
    if not is_open:
        return check.warns(Text("nobody signs in, so nobody can approve"), set_on_app("ENTRA_CLIENT_ID"))
    if not (watched := tuple(clusters)):
        return check.unknown(Text("no cluster was found"), Text(""))
    closed = [
        target.cluster.name
        for target in watched
        if not any(policy.rules_for(target.cluster.id, target.cluster.tags, kind).rules for kind in APPROVABLE)
    ]
    return check.requires(
        not closed,
        Text("version {version} of the policy lets somebody approve", version=policy.version),
        Text("no rule lets anybody approve a change of {clusters}", clusters=listed(closed)),
        Text("add a rule for {clusters} to APPROVAL_POLICY", clusters=listed(closed)),
    )


def remediation(is_on: bool, stop_flag: Callable[[], StopFlag], check: CheckBuilder) -> Check:
    if (flag := stop_flag()).is_set:
        stopped = Text("all changes were stopped by {who}: {reason}", who=flag.by, reason=flag.reason)
        return check.warns(stopped, Text("lift it with `snatbot start`"))
    return check.passes(Text("on: approved changes are applied") if is_on else Text("off: nothing is written to Azure"))
