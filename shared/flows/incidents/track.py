"""What was seen of a cluster becomes part of its history: an incident's transition and its messages.

One transaction a transition. A plan takes many requests, and no alarm waits for it: that one is wanted is noted with
the incident, and ``offer`` makes it. Several workers may do this at once: the loser of a race reads again and finds it
done. Rows are read only of clusters that have something to remember or are in trouble, and written only when they
change.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ...chat import fleet_messages, incident_messages, waiting_messages
from ...chat.message import Message
from ...cloud.deadline import Deadline
from ...core.associations import Associations, associations, next_association
from ...core.incidents.lifecycle import Effect, IncidentPolicy, IncidentTransition, next_incident
from ...core.incidents.reminders import NO_ANSWERS, answers, waiting
from ...ids import cluster_key, new_id
from ...model.assessment import Assessment
from ...model.change import IN_FLIGHT, PENDING, Change, ChangeState
from ...model.finding import FAILURES, FindingKind
from ...model.incident import ClusterRecord, Incident, IncidentState
from ...model.reading import DoesNotApply
from ...model.resource_id import ArmId
from ...store.active_clusters import ActiveClusterIndex
from ...store.errors import StoreConflict, StoreError, StoreUnavailable
from ...store.records import Put, Records, Stored
from ...store.retry import TRIES
from ..approval.propose import withdraw_proposals
from ..notification.outbox import Outbox, audit

log = logging.getLogger("snatbot.watch")
_SAY_AGAIN_AFTER = timedelta(days=1)
# Connections that fail, and a NAT gateway that fills: more public IPs come before its connections fail.
CURED_BY_A_PLAN = FAILURES | {FindingKind.NAT_GATEWAY_PRESSURE}


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What storage holds of one cluster. ``etag`` None: it has no row yet."""

    record: ClusterRecord
    etag: str | None
    incident: Stored[Incident] | None
    changes: tuple[Change, ...]
    associations: Associations = field(default_factory=Associations)

    @property
    def open_incident(self) -> Incident | None:
        found = self.incident
        return found.value if found is not None and found.value.state is IncidentState.OPEN else None


@dataclass(frozen=True, slots=True)
class Observation:
    """An assessment to remember. ``is_maintenance``: nothing is posted now."""

    assessment: Assessment
    is_maintenance: bool = False


@dataclass(frozen=True, slots=True)
class UpdateSummary:
    """``effects`` by name; ``notified``: keys of clusters with a message. ``not_remembered`` counts what went wrong."""

    effects: Mapping[str, int]
    not_remembered: int
    notified: tuple[str, ...] = ()


class IncidentTracker:
    def __init__(
        self,
        records: Records,
        active_clusters: ActiveClusterIndex,
        outbox: Outbox,
        policy: IncidentPolicy,
        page_of: Callable[[Change], str],
        *,
        is_offering: bool,
    ) -> None:
        """``is_offering``: incidents that a plan could cure ask for one, and a change has a page at ``page_of``."""
        self._records = records
        self._active_clusters = active_clusters
        self._outbox = outbox
        self._policy = policy
        self._page_of = page_of
        self._is_offering = is_offering

    def read_state(self, cluster_id: ArmId, cluster_name: str) -> ClusterState:
        """Raises StoreError."""
        stored = self._records.cluster(cluster_id)
        record = stored.value if stored else ClusterRecord(cluster_id, cluster_name)
        incident = self._records.incident(cluster_id, record.incident_id) if record.incident_id else None
        changes = self._records.changes(cluster_key(cluster_id)) if record.change_id else ()
        known = associations(changes, self._under_way(changes))
        return ClusterState(record, stored.etag if stored else None, incident, changes, known)

    def _under_way(self, changes: Sequence[Change]) -> frozenset[str]:
        """Changes that may have written a subnet and have not read it back yet: their journal knows."""
        found = []
        for change in filter(next_association, changes):
            entry = self._records.journal(cluster_key(change.cluster_id), change.id).get(change.step)
            found += [change.id] if entry is not None and entry.value.was_written else []
        return frozenset(found)

    def track(
        self,
        observations: Sequence[Observation],
        active: Mapping[str, bool],
        now: datetime,
        wall: datetime,
        deadline: Deadline | None = None,
    ) -> UpdateSummary:
        """One cluster's trouble does not hide the others.

        ``active``: keys of clusters with something to remember. Who has nothing yet comes first: when the deadline
        cuts the rest off, no new alarm waits for what is known already. Raises StoreUnavailable when storage is down.
        """
        effects: Counter[str] = Counter()
        notified: list[str] = []
        not_remembered = silent = 0
        for observation in sorted(observations, key=lambda one: cluster_key(one.assessment.cluster.id) in active):
            if deadline is not None and deadline.is_over and self._is_worth_a_look(observation, active):
                not_remembered += 1
                continue
            try:
                effect, is_told = self._with_retries(observation, active, now, wall)
                effects[effect.value] += 1
                notified += [cluster_key(observation.assessment.cluster.id)] if is_told else []
                silent = 0
            except StoreError as error:
                not_remembered += 1
                silent += isinstance(error, StoreUnavailable)
                log.error("%s: what was seen could not be remembered: %s", observation.assessment.cluster.name, error)
                if silent >= TRIES:
                    raise  # storage is down for all of them
        return UpdateSummary(dict(effects), not_remembered, tuple(notified))

    def _with_retries(
        self, observation: Observation, active: Mapping[str, bool], now: datetime, wall: datetime
    ) -> tuple[Effect, bool]:
        """What happened, and whether there is something to deliver."""
        if not self._is_worth_a_look(observation, active):
            return Effect.NOTHING, False
        for attempt in range(TRIES):
            try:
                return self._once(observation, active, now, wall)
            except StoreConflict:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _is_worth_a_look(self, observation: Observation, active: Mapping[str, bool]) -> bool:
        has_news = bool(observation.assessment.alarms) or observation.assessment.is_unexplained
        return has_news or cluster_key(observation.assessment.cluster.id) in active

    def _once(
        self, observation: Observation, active: Mapping[str, bool], now: datetime, wall: datetime
    ) -> tuple[Effect, bool]:
        assessment, cluster = observation.assessment, observation.assessment.cluster
        known = self.read_state(cluster.id, cluster.name)
        transition = self._transition(observation, known, now)
        self._update_index(cluster_key(cluster.id), transition, known, active, now)
        notice = self._notice(observation, known, transition, now)
        if not _is_worth_a_write(transition, known):
            return Effect.NOTHING, self._say(notice, known, now, wall)
        incident = transition.incident
        if incident is not None and self._wants_a_plan(incident, transition.message, known.changes):
            transition = replace(transition, incident=replace(incident, plan_due_at=now))
        notified_at = now if notice else known.record.contradicted_at
        writes: list[Put] = [Put(replace(transition.record, contradicted_at=notified_at), known.etag)]
        writes += self._outbox.rows(cluster.name, notice, wall)
        if transition.incident is not None:
            stored = known.incident
            same = stored is not None and stored.value.id == transition.incident.id
            writes.append(Put(transition.incident, stored.etag if same and stored else None))
            if transition.effect is not Effect.NOTHING:
                writes.append(audit(now, "snatbot", f"incident {transition.effect.value}", transition.incident.id))
        withdrawn = self._withdrawn(transition, known, now)
        writes += withdrawn
        if transition.message is Effect.REMINDED:
            message = self._reminder(transition, assessment, known)
        else:
            message = _message(transition, assessment, now, is_withdrawn=bool(withdrawn))
        writes += self._outbox.rows(cluster.name, message, wall)
        self._records.commit(cluster.id, writes)
        if transition.effect is not Effect.NOTHING:
            log.info("%s: incident %s", cluster.name, transition.effect.value)
        return transition.effect, bool(message or notice)

    def _reminder(self, transition: IncidentTransition, assessment: Assessment, known: ClusterState) -> Message | None:
        if transition.incident is None:
            return None
        waits = waiting(transition.incident.id, known.changes)
        page = self._page_of(waits) if waits is not None and self._is_offering else ""
        return waiting_messages.incident_reminder(transition.incident, assessment, waits, page)

    def _notice(
        self, observation: Observation, known: ClusterState, transition: IncidentTransition, now: datetime
    ) -> Message | None:
        """That Azure's health events know of trouble which the metric doesn't show: once a day, and no incident."""
        record, incident = known.record, transition.incident
        is_quiet = observation.is_maintenance or record.is_silenced(now)
        if is_quiet or not observation.assessment.is_unexplained:
            return None
        if record.contradicted_at is not None and timedelta() <= now - record.contradicted_at < _SAY_AGAIN_AFTER:
            return None
        is_known = incident is not None and incident.last_failed_at is not None
        ended_at = incident.cleared_at if incident is not None else None
        if is_known and (ended_at is None or now - ended_at <= self._policy.cooldown):
            return None  # people know, or knew a short while ago
        return fleet_messages.metrics_contradicted(observation.assessment, now)

    def _say(self, notice: Message | None, known: ClusterState, now: datetime, wall: datetime) -> bool:
        """Posts what belongs to no incident."""
        if notice is None:
            return False
        record = replace(known.record, contradicted_at=now)
        writes = [
            Put(record, known.etag),
            audit(now, "snatbot", "health event without a failure", record.cluster_name, notice.summary),
            *self._outbox.rows(record.cluster_name, notice, wall),
        ]
        self._records.commit(record.cluster_id, writes)
        return True

    def _withdrawn(self, transition: IncidentTransition, known: ClusterState, now: datetime) -> list[Put]:
        """An incident that is over takes its open proposal with it: nobody should approve a cure for what is gone."""
        if transition.effect is not Effect.CLEARED or transition.incident is None or not known.changes:
            return []
        return withdraw_proposals(self._records, cluster_key(known.record.cluster_id), transition.incident, now)

    def _transition(self, observation: Observation, known: ClusterState, now: datetime) -> IncidentTransition:
        record, incident = known.record, known.incident.value if known.incident else None
        answered = answers(incident.id, known.changes, now) if incident else NO_ANSWERS
        return next_incident(
            record,
            incident,
            observation.assessment,
            now=now,
            policy=self._policy,
            new_id=new_id(),
            is_change_in_flight=any(change.state in IN_FLIGHT for change in known.changes),
            is_quiet=record.is_silenced(now) or observation.is_maintenance,
            answered=answered,
        )

    def _update_index(
        self,
        key: str,
        transition: IncidentTransition,
        known: ClusterState,
        active: Mapping[str, bool],
        now: datetime,
    ) -> None:
        """The index is written before what it points to: pointing to nothing does no harm."""
        incident, record = transition.incident, transition.record
        is_open = incident is not None and incident.state is IncidentState.OPEN
        is_recent = (
            incident is not None
            and incident.cleared_at is not None
            and (now - incident.cleared_at <= self._policy.cooldown)
        )
        is_pending = any(change.state in PENDING for change in known.changes)
        if is_open or is_recent or record.is_silenced(now) or is_pending or known.associations.verified:
            if active.get(key) is not is_open:
                self._active_clusters.add(key, is_open=is_open)
        elif key in active:
            self._active_clusters.remove(key)

    def _wants_a_plan(self, incident: Incident, message: Effect, changes: tuple[Change, ...]) -> bool:
        """Trouble that is told, unless an answer is under way."""
        if not self._is_offering or not CURED_BY_A_PLAN & set(incident.kinds):
            return False
        if any(change.state in IN_FLIGHT for change in changes):
            return False
        if message in (Effect.WORSENED, Effect.FAILING):
            return not any(one.incident_id == incident.id and one.state is ChangeState.PROPOSED for one in changes)
        return message in (Effect.OPENED, Effect.REOPENED)


def _message(
    transition: IncidentTransition, assessment: Assessment, now: datetime, *, is_withdrawn: bool
) -> Message | None:
    incident = transition.incident
    if incident is None:
        return None
    match transition.message:
        case Effect.OPENED:
            return incident_messages.incident_opened(incident, assessment)
        case Effect.REOPENED:
            return incident_messages.incident_reopened(incident, assessment)
        case Effect.FAILING:
            return incident_messages.incident_failing(incident, assessment)
        case Effect.WORSENED:
            return incident_messages.incident_worsened(incident, assessment)
        case Effect.CLEARED if isinstance(assessment.reading, DoesNotApply):
            return fleet_messages.monitoring_ended(incident, now, is_withdrawn=is_withdrawn)
        case Effect.CLEARED:
            return incident_messages.incident_cleared(incident, now, is_withdrawn=is_withdrawn)
        case Effect.NOTHING | Effect.REMINDED:
            return None


def _is_worth_a_write(transition: IncidentTransition, known: ClusterState) -> bool:
    """Health of a cluster without an open incident is not written down: the next look judges the same minutes again."""
    incident = transition.incident
    before = known.incident.value if known.incident else None
    if transition.effect is not Effect.NOTHING or transition.message is not Effect.NOTHING:
        return True
    is_open = incident is not None and incident.state is IncidentState.OPEN
    return is_open and (incident != before or transition.record != known.record)
