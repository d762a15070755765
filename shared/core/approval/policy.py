"""Who may approve which change of which cluster: rules, of which the first that matches decides.

Nobody may where no rule matches. Tags only restrict: whoever may write tags must not thereby get more. So a rule that
matches by a tag narrows what follows, until the first rule without tags, and all of these must allow the approval.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ...formatting import count, listed, utc
from ...maintenance_windows import MaintenanceWindows
from ...model.identity import Approver, Person, Role
from ...model.plan import PlanKind
from ...model.resource_id import ArmId

APPROVABLE = frozenset(kind for kind in PlanKind if not kind.is_advice)


class Place(StrEnum):
    """Where somebody approves. A fresh sign-in for exactly this plan (step-up) counts as the page too."""

    PAGE = "page"
    PAGE_WITH_STEP_UP = "page_with_step_up"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class ClusterPattern:
    """Patterns with ``*``, compared without case; of each field one must fit, and every tag. Empty: any."""

    subscription: tuple[str, ...] = ()
    resource_group: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def matches(self, cluster_id: ArmId, tags: Mapping[str, str]) -> bool:
        has = {name.lower(): value for name, value in tags.items()}  # Azure compares a tag's name without case
        fields = (
            (self.subscription, cluster_id.subscription),
            (self.resource_group, cluster_id.resource_group),
            (self.name, cluster_id.name),
        )
        return all(not patterns or _fits(patterns, text) for patterns, text in fields) and all(
            name.lower() in has and _fits((pattern,), has[name.lower()]) for name, pattern in self.tags.items()
        )


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    clusters: ClusterPattern
    kinds: frozenset[PlanKind]
    object_ids: frozenset[str]  # in lower case
    roles: frozenset[Role]
    people: int  # different ones who must approve
    places: frozenset[Place]
    no_start: MaintenanceWindows

    def refusal(self, approver: Approver, place: Place | None) -> str:
        """What is missing for this person to approve here, or anywhere; empty when nothing is.

        The holder of a link stands for somebody with Snat.Approve, and never for a certain person or for two.
        """
        if place and place not in self.places and not (place is Place.PAGE_WITH_STEP_UP and Place.PAGE in self.places):
            return f"rule {self.name!r} takes approvals by {_any_of(self.places)} only"
        if isinstance(approver, str):
            is_enough = self.people == 1 and Role.APPROVE in self.roles
            return "" if is_enough else f"rule {self.name!r} wants {self.wanted}, and who holds a link is not known"
        if approver.object_id.lower() in self.object_ids or approver.roles & self.roles:
            return ""
        return f"rule {self.name!r} wants {self.wanted}; this is object id {approver.object_id} {_holding(approver)}"

    @property
    def wanted(self) -> str:
        """Whose approval it wants, for people to read."""
        ids = f"object id {_any_of(self.object_ids)}" if self.object_ids else ""
        roles = f"role {_any_of(self.roles)}" if self.roles else ""
        return f"{count(self.people, 'person', 'people')} with {' or '.join(filter(None, (ids, roles)))}"


@dataclass(frozen=True, slots=True)
class Policy:
    rules: tuple[Rule, ...]
    version: str  # a hash of the document

    @property
    def reads_tags(self) -> bool:
        return any(rule.clusters.tags for rule in self.rules)

    def rules_for(self, cluster_id: ArmId, tags: Mapping[str, str], kind: PlanKind) -> MatchedRules:
        """The rules that all must allow this change."""
        return MatchedRules(tuple(self._matching(cluster_id, tags, kind)), self.version)

    def _matching(self, cluster_id: ArmId, tags: Mapping[str, str], kind: PlanKind) -> Sequence[Rule]:
        found: list[Rule] = []
        for rule in self.rules:
            if kind in rule.kinds and rule.clusters.matches(cluster_id, tags):
                found.append(rule)
                if not rule.clusters.tags:
                    return found
        return ()  # tags alone grant nothing


@dataclass(frozen=True, slots=True)
class MatchedRules:
    """The rules that decide on one change. Empty: nobody may approve it."""

    rules: tuple[Rule, ...]
    version: str

    def __str__(self) -> str:
        """As a decision records it."""
        return f"policy {self.version}, {self.named or 'no rule'}"

    @property
    def named(self) -> str:
        return " and ".join(f"rule {rule.name!r}" for rule in self.rules)

    @property
    def people(self) -> int:
        """How many different people must approve."""
        return max((rule.people for rule in self.rules), default=0)

    def refusal(self, approver: Approver, place: Place | None = None) -> str:
        """Why this person may not approve here, or anywhere; empty when all rules allow it."""
        missing = tuple(filter(None, (rule.refusal(approver, place) for rule in self.rules)))
        return "; ".join(missing) if self.rules else "no rule of APPROVAL_POLICY lets anybody approve it"

    def missing_role(self, person: Person) -> Role | None:
        """The app role that alone keeps this person from approving, and that somebody can grant."""
        lacking = [rule for rule in self.rules if rule.refusal(person, None)]
        roles = {role for rule in lacking for role in rule.roles}
        return roles.pop() if len(roles) == 1 and not any(rule.object_ids for rule in lacking) else None

    def held_until(self, at: datetime) -> str:
        """For people: why a change waits."""
        return f"by {self.named}, nothing starts before {utc(at)}"

    def starts_from(self, now: datetime) -> datetime | None:
        """``now``, or the end of the times when these rules start nothing; None when there is no other time."""
        return sum((rule.no_start for rule in self.rules), MaintenanceWindows()).free_from(now)


def _fits(patterns: Sequence[str], text: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.lower().split("*"))), text.lower(), re.DOTALL)
        for pattern in patterns
    )


def _holding(person: Person) -> str:
    return f"with {listed(sorted(person.roles))}" if person.roles else "without a role"


def _any_of(names: frozenset[str] | frozenset[Role] | frozenset[Place]) -> str:
    return " or ".join(sorted(names))
