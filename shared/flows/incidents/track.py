"""Turn assessments into incidents: each transition and its messages are one storage transaction.

Planning takes many requests, and no alarm waits for it: the incident only records that a plan is due, and ``approval``
makes it. Several workers may track the same cluster: a worker that loses the race reads again and finds the work done.
Storage is read only for clusters that are active or in trouble, and written only if something changes.
"""

import logging
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from ...chat import fleet_messages, incident_messages, waiting_messages
from ...chat.incident_details import seen_inside
from ...chat.message import Audience, Message
from ...cloud.deadline import Deadline
from ...core.incidents.lifecycle import next_incident
from ...core.incidents.reminders import NO_ANSWERS, answers, waiting
from ...core.incidents.transition import Effect, IncidentPolicy, IncidentTransition
from ...core.probing.summary import ProbeSummary
from ...ids import new_id
from ...model.assessment import Assessment
from ...model.change import PENDING, Change, ChangeState
from ...model.cluster import Cluster
from ...model.cluster_status import OpenWork
from ...model.finding import FAILURES, FindingKind
from ...model.incident import Incident
from ...model.reading import DoesNotApply
from ...store.active_clusters import ActiveClusterIndex
from ...store.errors import TRIES, StoreError, StoreUnavailable, retry_on_conflict
from ...store.records import FLEET_PARTITION, Put, Records
from ..approval.propose import withdraw_proposals
from ..notification.outbox import Outbox, audit
from .cluster_state import ClusterState, Observation, is_worth_a_write, open_work, read_state
from .several import SeveralAtOnce

log = logging.getLogger("snatbot.watch")
_CONTRADICTION_EVERY = timedelta(days=1)
# Failed connections, and a NAT gateway that fills: it gets more public IPs before its connections fail.
CURED_BY_A_PLAN = FAILURES | {FindingKind.NAT_GATEWAY_PRESSURE}

_ALERTS = {
    Effect.OPENED: incident_messages.incident_opened,
    Effect.REOPENED: incident_messages.incident_reopened,
    Effect.FAILING: incident_messages.incident_failing,
    Effect.WORSENED: incident_messages.incident_worsened,
}


@dataclass(frozen=True, slots=True)
class UpdateSummary:
    effects: Mapping[str, int]  # number of transitions by effect
    not_remembered: int  # clusters that could not be updated
    notified: tuple[str, ...] = ()  # keys of clusters with a new message
    work: Mapping[str, OpenWork | None] = field(default_factory=dict)  # by cluster key; None: could not be read


@dataclass(frozen=True, slots=True)
class IncidentTracker:
    records: Records
    active_clusters: ActiveClusterIndex
    outbox: Outbox
    policy: IncidentPolicy
    page_of: Callable[[Change], str]  # maps a change to the URL of its page
    _: KW_ONLY
    is_offering: bool  # incidents that a plan could cure get one
    several: SeveralAtOnce | None = None  # None: each incident has a message of its own
    probes: Callable[[Cluster, datetime], ProbeSummary | None] = lambda *_: None  # what they saw lately

    def track(
        self,
        observations: Sequence[Observation],
        active: Mapping[str, bool],
        now: datetime,
        wall: datetime,
        deadline: Deadline | None = None,
    ) -> UpdateSummary:
        """Update each cluster on its own: an error in one does not stop the others.

        ``active``: the index of active clusters. Clusters outside it come first: if the deadline cuts the rest off, no
        new alarm is lost. Raises StoreUnavailable if storage is down.
        """
        effects: Counter[str] = Counter()
        listed = self._listed(observations, active, wall)
        notified = [FLEET_PARTITION] if listed else []
        work: dict[str, OpenWork | None] = {}
        failed = unanswered = 0
        for observation in sorted(observations, key=lambda observation: observation.key in active):
            if not observation.has_news and observation.key not in active:
                effects[Effect.NOTHING.value] += 1
                work[observation.key] = OpenWork()
                continue
            work[observation.key] = None
            if deadline is not None and deadline.is_over:
                failed += 1
                continue
            try:
                effect, is_notified, found = retry_on_conflict(
                    partial(self._update, observation, active, listed, now, wall)
                )
                work[observation.key] = found
                effects[effect.value] += 1
                notified += [observation.key] if is_notified else []
                unanswered = 0
            except StoreError as error:
                failed += 1
                unanswered += isinstance(error, StoreUnavailable)
                log.error("%s: could not update its incident: %s", observation.assessment.cluster.name, error)
                if unanswered >= TRIES:
                    raise  # storage is down for all clusters
        return UpdateSummary(dict(effects), failed, tuple(notified), work)

    def _listed(
        self, observations: Sequence[Observation], active: Mapping[str, bool], wall: datetime
    ) -> frozenset[str]:
        """Keys of clusters whose incident opens, and is in a message of several."""
        new = [
            observation.assessment
            for observation in observations
            if observation.assessment.alarms and observation.key not in active and not observation.is_maintenance
        ]
        return self.several.announce(new, wall) if self.several else frozenset()

    def _update(
        self,
        observation: Observation,
        active: Mapping[str, bool],
        listed: Container[str],
        now: datetime,
        wall: datetime,
    ) -> tuple[Effect, bool, OpenWork]:
        """What happened, whether there is a message to deliver, and what is open now."""
        cluster = observation.assessment.cluster
        state = read_state(self.records, cluster.id, cluster.name)
        transition = self._transition(observation, state, now)
        work = open_work(transition.incident, state.changes)
        self._update_index(observation.key, transition, state, active, now)
        notice = self._contradiction(observation, transition, now)
        is_news = is_worth_a_write(transition, state)
        if not notice and not is_news:
            return Effect.NOTHING, False, work
        record = replace(transition.record if is_news else state.record, tags=dict(cluster.tags))
        if notice:
            record = replace(record, contradicted_at=now)
        writes: list[Put] = [Put(record, state.etag), *self.outbox.rows(cluster.name, notice, wall)]
        message = None
        if notice and not is_news:
            writes.append(audit(now, "snatbot", "health event without a failure", cluster.name, notice.summary))
        if is_news and transition.incident is not None:
            incident, stored, withdrawn = transition.incident, state.stored_incident, list[Put]()
            writes.append(Put(incident, stored.etag if stored is not None and stored.value.id == incident.id else None))
            if transition.effect is not Effect.NOTHING:
                writes.append(audit(now, "snatbot", f"incident {transition.effect.value}", incident.id))
            if transition.effect is Effect.CLEARED and state.changes:  # nobody should approve its plan now
                withdrawn = withdraw_proposals(self.records, observation.key, incident, now)
            message = self._message(
                transition.message, incident, observation.assessment, state, now, is_withdrawn=bool(withdrawn)
            )
            if message and transition.message is Effect.OPENED and observation.key in listed:
                message = replace(message, audience=Audience.PAGERS)
            writes += [*withdrawn, *self.outbox.rows(cluster.name, message, wall)]
        self.records.commit(cluster.id, writes)
        if transition.effect is not Effect.NOTHING:
            log.info("%s: incident %s", cluster.name, transition.effect.value)
        return transition.effect, bool(message or notice), work

    def _contradiction(self, observation: Observation, transition: IncidentTransition, now: datetime) -> Message | None:
        """Azure's health events show trouble that the metric does not: one post a day, and no incident."""
        record, incident = transition.record, transition.incident
        if observation.is_maintenance or record.is_silenced(now) or not observation.assessment.is_unexplained:
            return None
        if record.contradicted_at is not None and timedelta() <= now - record.contradicted_at < _CONTRADICTION_EVERY:
            return None
        has_failed = incident is not None and incident.last_failed_at is not None
        cleared_at = incident.cleared_at if incident is not None else None
        if has_failed and (cleared_at is None or now - cleared_at <= self.policy.cooldown):
            return None  # people were notified of these failures already
        return fleet_messages.metrics_contradicted(observation.assessment, now)

    def _transition(self, observation: Observation, state: ClusterState, now: datetime) -> IncidentTransition:
        transition = next_incident(
            state.record,
            state.incident,
            observation.assessment,
            now=now,
            policy=self.policy,
            new_id=new_id(),
            is_change_in_flight=state.is_change_in_flight,
            is_quiet=state.record.is_silenced(now) or observation.is_maintenance,
            answered=answers(state.incident.id, state.changes, now) if state.incident else NO_ANSWERS,
        )
        incident = transition.incident
        if incident is not None and self._wants_a_plan(incident, transition.message, state):
            transition = replace(transition, incident=replace(incident, plan_due_at=now))
        return transition

    def _update_index(
        self, key: str, transition: IncidentTransition, state: ClusterState, active: Mapping[str, bool], now: datetime
    ) -> None:
        incident = transition.incident
        is_open = incident is not None and incident.is_open
        cleared_at = incident.cleared_at if incident is not None else None
        if (
            is_open
            or (cleared_at is not None and now - cleared_at <= self.policy.cooldown)
            or transition.record.is_silenced(now)
            or any(change.state in PENDING for change in state.changes)
            or state.associations.verified
        ):
            if active.get(key) is not is_open:
                self.active_clusters.add(key, is_open=is_open)
        elif key in active:
            self.active_clusters.remove(key)

    def _wants_a_plan(self, incident: Incident, message: Effect, state: ClusterState) -> bool:
        """New or worse trouble that a plan can cure, without a plan or change against it."""
        if not self.is_offering or state.is_change_in_flight or CURED_BY_A_PLAN.isdisjoint(incident.kinds):
            return False
        if message in (Effect.WORSENED, Effect.FAILING):
            proposed = (change for change in state.changes if change.state is ChangeState.PROPOSED)
            return not any(change.incident_id == incident.id for change in proposed)
        return message in (Effect.OPENED, Effect.REOPENED)

    def _message(
        self,
        effect: Effect,
        incident: Incident,
        assessment: Assessment,
        state: ClusterState,
        now: datetime,
        *,
        is_withdrawn: bool,
    ) -> Message | None:
        match effect:
            case Effect.OPENED | Effect.REOPENED | Effect.FAILING | Effect.WORSENED:
                message, seen = _ALERTS[effect](incident, assessment), self.probes(assessment.cluster, now)
                return replace(message, sections=(*message.sections, seen_inside(seen))) if seen else message
            case Effect.CLEARED if isinstance(assessment.reading, DoesNotApply):
                return fleet_messages.monitoring_ended(incident, now, is_withdrawn=is_withdrawn)
            case Effect.CLEARED:
                return incident_messages.incident_cleared(incident, now, is_withdrawn=is_withdrawn)
            case Effect.REMINDED:
                change = waiting(incident.id, state.changes)
                page = self.page_of(change) if change is not None and self.is_offering else ""
                return waiting_messages.incident_reminder(incident, assessment, change, page)
            case Effect.NOTHING:
                return None
