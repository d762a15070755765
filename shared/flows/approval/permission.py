"""Whether a person may decide on a change, by APPROVAL_MODE and the rules of APPROVAL_POLICY."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ...auth.errors import NotPermitted, RoleMissing, SignInNeeded, StepUpNeeded
from ...cloud.errors import AzureError
from ...core.approval.policy import MatchedRules, Place, Policy
from ...core.approval.step_up import lack_of
from ...errors import Refused, SnatbotError
from ...model.change import Action, Change
from ...model.identity import Approver, Person, Role, StepUp
from ...model.plan import PlanKind
from ...model.resource_id import ArmId
from ...model.text import Text

_NEVER_IN_CHAT = (PlanKind.DETACH_NAT_GATEWAY, PlanKind.DELETE_NAT_GATEWAY)
# Translators: infinitives, as in "You can't {act}: {reason}." and "the app role, which is needed to {act}".
_ACTS = {
    Action.APPROVE: Text("approve this"),
    Action.DENY: Text("deny this"),
    Action.STOP: Text("stop this"),
    Action.RESUME: Text("resume this"),
    Action.GIVE_UP: Text("give this up"),
    Action.ROLL_BACK: Text("roll this back"),
    Action.DELETE: Text("delete this"),
    Action.ASK_AGAIN: Text("ask for this again"),
}


@dataclass(frozen=True, slots=True)
class Permission:
    policy: Policy
    approval_mode: str
    read_tags: Callable[[ArmId], Mapping[str, str]]  # of a cluster, from Azure: storage is not trusted
    client_id: str = ""  # of the registration whose app roles count
    step_up_context: str = "c1"

    def rules(self, change: Change) -> MatchedRules:
        """Raises AzureError if a rule names tags and the cluster can't be read."""
        tags = self.read_tags(change.cluster_id) if self.policy.reads_tags else {}
        return self.policy.rules_for(change.cluster_id, tags, change.plan.kind)

    def require(self, change: Change, action: Action, approver: Approver, place: Place = Place.PAGE) -> MatchedRules:
        """The rules that let this person do this.

        Raises SignInNeeded, RoleMissing or NotPermitted with what is needed, or as ``rules``.
        """
        if isinstance(approver, str) and self.approval_mode != "link":
            raise SignInNeeded
        if _deletes_by_link(change, action, approver):
            raise NotPermitted(Text("With APPROVAL_MODE=link nothing is deleted, because who holds a link is unknown."))
        if action not in (Action.APPROVE, Action.RESUME):
            return self._require_part(change, action, approver)
        rules = self.rules(change)
        if action is Action.APPROVE and _has_approved(change, approver):
            raise NotPermitted(Text("You have approved this already, and another person must approve it too."))
        if place is Place.CHAT and not _is_for_chat(change, rules):
            raise NotPermitted(Text("This can't be approved in chat. Open the plan, and approve it on its page."))
        if missing := rules.refusal(approver, place):
            if place is Place.PAGE and not rules.refusal(approver, Place.PAGE_WITH_STEP_UP):
                raise StepUpNeeded
            if isinstance(approver, Person) and (role := rules.missing_role(approver)):
                raise RoleMissing(
                    approver, role, Text("{act} by {rules}", act=_ACTS[action], rules=rules.named), self.client_id
                )
            raise NotPermitted(Text("You can't {act}: {reason}.", act=_ACTS[action], reason=missing))
        return rules

    def allows_chat(self, change: Change) -> bool:
        """Whether anybody may approve it in chat. False while the cluster's tags can't be read."""
        try:
            return _is_for_chat(change, self.rules(change))
        except AzureError:
            return False

    def place(self, digest: str, approver: Approver, step_up: StepUp | None, wall: datetime) -> Place:
        """Where somebody is who looks at the page of the plan with this digest."""
        lack = lack_of(step_up, approver, digest, self.step_up_context, wall)
        return Place.PAGE if lack else Place.PAGE_WITH_STEP_UP

    def refusal(self, change: Change, action: Action, approver: Approver, place: Place) -> SnatbotError | None:
        """Why this person can't do this; None when they can."""
        try:
            self.require(change, action, approver, place)
        except (Refused, AzureError) as error:
            return error
        return None

    def require_anywhere(self, person: Person, what: Text, *, allows_writes: bool, place: Place | None = None) -> None:
        """For what concerns no change: whoever may approve on any cluster may do it, and operators if it allows no
        write to Azure. ``place``: where a rule must let them. Raises RoleMissing or NotPermitted.
        """
        rules = [rule for rule in self.policy.rules if not rule.clusters.tags]  # rules by tag never apply alone
        operates = Role.OPERATE in person.roles and not allows_writes
        if operates or any(not rule.refusal(person, place) for rule in rules):
            return
        if place is Place.CHAT and not any(place in rule.places for rule in rules):
            raise NotPermitted(
                Text("No rule of APPROVAL_POLICY allows it in chat. You can {what} elsewhere.", what=what)
            )
        role = Role.APPROVE if allows_writes else Role.OPERATE
        if role is Role.OPERATE or any(role in rule.roles for rule in rules):
            raise RoleMissing(person, role, what, self.client_id)
        raise NotPermitted(
            Text("No rule of APPROVAL_POLICY lets you approve anything, which is needed to {what}.", what=what)
        )

    def _require_part(self, change: Change, action: Action, approver: Approver) -> MatchedRules:
        """Actions that stop writes are allowed to all who may approve anywhere, and to operators.

        The cluster's tags are not read: they only restrict, and stopping must work when Azure does not answer.
        """
        rules = self.policy.rules_for(change.cluster_id, {}, change.plan.kind)
        if isinstance(approver, Person) and Role.OPERATE not in approver.roles and rules.refusal(approver):
            raise RoleMissing(approver, Role.OPERATE, _ACTS[action], self.client_id)
        return rules


def _is_for_chat(change: Change, rules: MatchedRules) -> bool:
    """A Slack session proves no second factor: it neither rolls back nor deletes, and is never one of two people."""
    places = [rule.places for rule in rules.rules]
    is_allowed = bool(places) and all(Place.CHAT in allowed for allowed in places)
    return is_allowed and rules.people == 1 and change.plan.kind not in _NEVER_IN_CHAT


def _deletes_by_link(change: Change, action: Action, approver: Approver) -> bool:
    is_deletion = change.plan.kind is PlanKind.DELETE_NAT_GATEWAY and action in (Action.APPROVE, Action.RESUME)
    return isinstance(approver, str) and (is_deletion or action is Action.DELETE)


def _has_approved(change: Change, approver: Approver) -> bool:
    return isinstance(approver, Person) and any(
        approval.object_id == approver.object_id.lower() for approval in change.approvals
    )
