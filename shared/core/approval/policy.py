"""Who may approve which change of which cluster: the first matching rule decides.

Without a matching rule nobody may approve. Tags only restrict, because people who may write tags must not gain rights
from that. So after a rule that matches by a tag the search continues to the first rule without tags, and all matching
rules must allow the approval.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ...formatting import clauses, either, listed
from ...maintenance_windows import MaintenanceWindows
from ...model.identity import Approver, Person, Role
from ...model.plan import PlanKind
from ...model.resource_id import ArmId
from ...model.text import Text

APPROVABLE = frozenset(kind for kind in PlanKind if not kind.is_advice)


class Place(StrEnum):
    """Where a person approves. A fresh sign-in for exactly this plan (step-up) also counts as the page."""

    PAGE = "page"
    PAGE_WITH_STEP_UP = "page_with_step_up"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class ClusterPattern:
    """Case-insensitive patterns with ``*``; one pattern of each field must match, and every tag. Empty: any cluster."""

    subscription: tuple[str, ...] = ()
    resource_group: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def matches(self, cluster_id: ArmId, tags: Mapping[str, str]) -> bool:
        has = {name.lower(): value for name, value in tags.items()}  # Azure compares tag names case-insensitively
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
    people: int  # number of different people who must approve
    places: frozenset[Place]
    no_start: MaintenanceWindows

    def refusal(self, approver: Approver, place: Place | None) -> Text:
        """What this person lacks to approve here, or anywhere; empty if nothing.

        The holder of a link counts as a person with Snat.Approve, never as a certain person or as two.
        """
        if place and place not in self.places and not (place is Place.PAGE_WITH_STEP_UP and Place.PAGE in self.places):
            return Text("{rule} takes approvals by {places} only", rule=self.named, places=either(sorted(self.places)))
        if isinstance(approver, str):
            is_enough = self.people == 1 and Role.APPROVE in self.roles
            if is_enough:
                return Text("")
            return Text("{rule} wants {people}, and who holds a link is not known", rule=self.named, people=self.wanted)
        if approver.object_id.lower() in self.object_ids or approver.roles & self.roles:
            return Text("")
        if not approver.roles:
            return Text(
                "{rule} wants {people}; this is object id {object_id} without a role",
                rule=self.named,
                people=self.wanted,
                object_id=approver.object_id,
            )
        return Text(
            "{rule} wants {people}; this is object id {object_id} with {roles}",
            rule=self.named,
            people=self.wanted,
            object_id=approver.object_id,
            roles=listed(sorted(approver.roles)),
        )

    @property
    def named(self) -> Text:
        return Text("rule {name}", name=repr(self.name))

    @property
    def wanted(self) -> Text:
        """Whose approval the rule needs, in words."""
        ids = [Text("object id {ids}", ids=either(sorted(self.object_ids)))] if self.object_ids else []
        roles = [Text("role {roles}", roles=either(sorted(self.roles)))] if self.roles else []
        return Text.plural(
            "{count} person with {ids_or_roles}",
            "{count} people with {ids_or_roles}",
            count=self.people,
            ids_or_roles=either([*ids, *roles]),
        )


@dataclass(frozen=True, slots=True)
class Policy:
    rules: tuple[Rule, ...]
    version: str  # a hash of the document

    @property
    def reads_tags(self) -> bool:
        return any(rule.clusters.tags for rule in self.rules)

    def rules_for(self, cluster_id: ArmId, tags: Mapping[str, str], kind: PlanKind) -> "MatchedRules":
        """The rules that must all allow this change."""
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
        """The text for a decision's record."""
        return f"policy {self.version}, {self.named or 'no rule'}"

    @property
    def named(self) -> Text:
        return listed([rule.named for rule in self.rules], len(self.rules))

    @property
    def people(self) -> int:
        """How many different people must approve."""
        return max((rule.people for rule in self.rules), default=0)

    def refusal(self, approver: Approver, place: Place | None = None) -> Text:
        """Why this person may not approve here, or anywhere; empty when all rules allow it."""
        if not self.rules:
            return Text("no rule of APPROVAL_POLICY lets anybody approve it")
        return clauses(*(rule.refusal(approver, place) for rule in self.rules))

    def missing_role(self, person: Person) -> Role | None:
        """The only app role that this person lacks to approve, if it can be granted."""
        lacking = [rule for rule in self.rules if rule.refusal(person, None)]
        roles = {role for rule in lacking for role in rule.roles}
        return roles.pop() if len(roles) == 1 and not any(rule.object_ids for rule in lacking) else None

    def held_until(self, at: datetime) -> Text:
        """Why a change waits, in words."""
        return Text("by {rules}, nothing starts before {at}", rules=self.named, at=at)

    def starts_from(self, now: datetime) -> datetime | None:
        """``now``, or the end of the time in which these rules start nothing; None if that never ends."""
        return sum((rule.no_start for rule in self.rules), MaintenanceWindows()).free_from(now)


def _fits(patterns: Sequence[str], text: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.lower().split("*"))), text.lower(), re.DOTALL)
        for pattern in patterns
    )
