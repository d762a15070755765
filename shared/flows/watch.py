"""One tick: look at every cluster, remember what changed, and say what is due."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..chat import compose
from ..chat.message import Message
from ..cloud.errors import AzureError
from ..core.incidents import Effect, IncidentPolicy, IncidentTransition, judge
from ..errors import SnatbotError
from ..ids import cluster_key, new_id
from ..model.assessment import Assessment
from ..model.change import Change, ChangeState
from ..model.incident import ClusterRecord, Incident, IncidentState
from ..store.errors import StoreConflict, StoreError, StoreUnavailable
from ..store.records import Put, Records, Stored
from ..store.signs import Signs
from .check import Check
from .links import Links
from .outbox import Outbox, audit
from .planning import Planning
from .propose import Propose, planned, retire_proposals

log = logging.getLogger("snatbot.watch")
_TRIES = 3
IN_FLIGHT = (ChangeState.APPROVED, ChangeState.APPLYING, ChangeState.STOPPED, ChangeState.VERIFYING)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick saw and did. ``deliver`` and ``advance`` are partitions and changes that are due."""

    clusters: int
    readings: dict[str, int]
    sick: int
    effects: dict[str, int]
    not_remembered: int
    unreadable: tuple[str, ...]
    deliver: tuple[str, ...]
    advance: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What turns an alarm into a question: a plan and a page to decide on it."""

    planning: Planning
    propose: Propose
    links: Links


class Watch:
    def __init__(
        self,
        check: Check,
        offer: Offer | None,
        records: Records,
        signs: Signs,
        outbox: Outbox,
        policy: IncidentPolicy,
    ) -> None:
        """``offer`` is None while remediation is off: then nothing is planned and no button is shown."""
        self._check = check
        self._offer = offer
        self._records = records
        self._signs = signs
        self._outbox = outbox
        self._policy = policy

    def run(self, now: datetime, wall: datetime) -> Tick:
        """Raises StoreError when storage is down.

        When the clusters can't be listed, what is due is handed out all the same, and the tick is no success.
        """
        try:
            report = self._check.all(now)
        except AzureError as error:
            log.error("the clusters could not be listed: %s", error)
            return self._tick((), (f"the clusters could not be listed: {error}",), {}, 0, now, wall)
        effects, not_remembered = self._remember_all(report.assessments, now, wall)
        tick = self._tick(report.assessments, report.unreadable, effects, not_remembered, now, wall)
        self._signs.record_success("watch", wall)
        return tick

    def _tick(
        self,
        assessments: Sequence[Assessment],
        unreadable: tuple[str, ...],
        effects: dict[str, int],
        not_remembered: int,
        now: datetime,
        wall: datetime,
    ) -> Tick:
        return Tick(
            clusters=len(assessments),
            readings=dict(Counter(assessment.reading.kind for assessment in assessments)),
            sick=sum(bool(assessment.findings) for assessment in assessments),
            effects=effects,
            not_remembered=not_remembered,
            unreadable=unreadable,
            deliver=tuple(sorted({key.partition for key in self._records.due("outbox", wall)})),
            advance=tuple((key.partition, key.row.removeprefix("change-")) for key in self._records.due("change", now)),
        )

    def _remember_all(
        self, assessments: Sequence[Assessment], now: datetime, wall: datetime
    ) -> tuple[dict[str, int], int]:
        """Effects, and how many clusters could not be remembered: one cluster's trouble does not hide the others."""
        effects: Counter[str] = Counter()
        not_remembered = silent = 0
        for assessment in assessments:
            try:
                effects[self._remember(assessment, now, wall).value] += 1
                silent = 0
            except StoreError as error:
                not_remembered += 1
                silent += isinstance(error, StoreUnavailable)
                log.error("%s: what was seen could not be remembered: %s", assessment.cluster.name, error)
                if silent >= _TRIES:
                    raise  # storage is down for all of them
        return dict(effects), not_remembered

    def _remember(self, assessment: Assessment, now: datetime, wall: datetime) -> Effect:
        """Several workers may do this at once: the loser of a race reads again and finds it done."""
        for attempt in range(_TRIES):
            try:
                return self._remember_once(assessment, now, wall)
            except StoreConflict:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _remember_once(self, assessment: Assessment, now: datetime, wall: datetime) -> Effect:
        cluster = assessment.cluster
        stored = self._records.cluster(cluster.id)
        record = stored.value if stored else ClusterRecord(cluster.id, cluster.name)
        known = self._incident(record)
        changes = self._changes(record)
        transition = judge(
            record,
            known.value if known else None,
            assessment,
            now=now,
            policy=self._policy,
            new_id=new_id(),
            is_change_in_flight=any(change.state in IN_FLIGHT for change in changes),
        )
        is_known = transition.record == record and known is not None and transition.incident == known.value
        if transition.effect is Effect.NOTHING and (is_known or not _is_open(transition.incident)):
            return transition.effect  # nothing worth a write: the next tick judges the same minutes again
        change = self._new_change(transition, changes, assessment, now)
        message = self._message(transition, assessment, change, now)
        next_record = transition.record
        writes: list[Put] = []
        if change is not None and change.plan.is_executable:
            next_record = planned(next_record, change)
            writes += [
                Put(change),
                audit(now, "snatbot", "change proposed", change.id, change.plan.summary),
            ]
            writes += retire_proposals(self._records, cluster_key(cluster.id), change)
        writes.append(Put(next_record, stored.etag if stored else None))
        if transition.incident is not None:
            same = known is not None and known.value.id == transition.incident.id
            writes.append(Put(transition.incident, known.etag if same and known else None))
            if transition.effect is not Effect.NOTHING:
                writes.append(audit(now, "snatbot", f"incident {transition.effect.value}", transition.incident.id))
        writes += self._outbox.rows(cluster.name, message, wall)
        self._records.commit(cluster.id, writes)
        if transition.effect is not Effect.NOTHING:
            log.info("%s: incident %s", cluster.name, transition.effect.value)
        return transition.effect

    def _incident(self, record: ClusterRecord) -> Stored[Incident] | None:
        return self._records.incident(record.cluster_id, record.incident_id) if record.incident_id else None

    def _changes(self, record: ClusterRecord) -> tuple[Change, ...]:
        return self._records.changes(cluster_key(record.cluster_id)) if record.change_id else ()

    def _new_change(
        self, transition: IncidentTransition, changes: tuple[Change, ...], assessment: Assessment, now: datetime
    ) -> Change | None:
        """A plan for a new trouble, unless an answer to it is under way. Failing to plan does not hide the alarm."""
        if self._offer is None or transition.effect not in (Effect.OPENED, Effect.REOPENED):
            return None
        if any(change.state in IN_FLIGHT for change in changes):
            return None
        assert transition.incident is not None
        try:
            plan = self._offer.planning.attachment(assessment.cluster.id, now)
        except SnatbotError as error:
            log.warning("%s: no plan could be made: %s", assessment.cluster.name, error)
            return None
        return self._offer.propose.new_change(plan, now, "snatbot", transition.incident.id)

    def _message(
        self, transition: IncidentTransition, assessment: Assessment, change: Change | None, now: datetime
    ) -> Message | None:
        incident = transition.incident
        if incident is None:
            return None
        plan = change.plan if change else None
        url = self._offer.links.page(change) if self._offer and change and change.plan.is_executable else None
        match transition.message:
            case Effect.OPENED:
                return compose.incident_opened(incident, assessment, plan, url, None)
            case Effect.REOPENED:
                return compose.incident_reopened(incident, assessment, plan, url, None)
            case Effect.WORSENED:
                return compose.incident_worsened(incident, assessment)
            case Effect.CLEARED:
                return compose.incident_cleared(incident, now)
            case Effect.NOTHING:
                return None


def _is_open(incident: Incident | None) -> bool:
    return incident is not None and incident.state is IncidentState.OPEN
