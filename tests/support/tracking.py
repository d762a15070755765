"""A tracker of incidents on real storage, and a planner with preset answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from shared.auth.links import Links
from shared.auth.signing import Signer
from shared.chat.message import Message
from shared.clock import Instant
from shared.core.incidents.transition import IncidentPolicy
from shared.core.planning.request import PlanRequest
from shared.flows.approval.propose import Propose
from shared.flows.approval.propose_for_incident import IncidentProposer
from shared.flows.incidents.cluster_state import Observation
from shared.flows.incidents.track import IncidentTracker, UpdateSummary
from shared.flows.notification.outbox import Outbox, message_of
from shared.flows.planning.plan import Planner
from shared.ids import cluster_key
from shared.model.change import Change, ChangeState
from shared.model.cluster import Cluster
from shared.model.plan import Plan
from shared.model.reading import Reading
from shared.store.active_clusters import ActiveClusterIndex
from shared.store.records import Records
from tests.support.builders import assessment, at, cluster, minutes
from tests.support.nouns import make_plan

POLICY = IncidentPolicy(clean_minutes=10, cooldown=timedelta(minutes=60))
CHANNELS = ("slack", "teams")
CLUSTER = cluster()
PARTITION = cluster_key(CLUSTER.id)
SIGNER = Signer(["k" * 32], 60)
LINKS = Links("https://bot.example.com", SIGNER)
TROUBLE = minutes(0, 5, {2: 4})


class FakePlanner:
    def __init__(self, plan: Plan | Exception) -> None:
        self.plan = plan
        self.asked = 0

    def plan_cluster(self, cluster_id: str, now: datetime, request: PlanRequest) -> Plan:
        self.asked += 1
        if isinstance(self.plan, Exception):
            raise self.plan
        return self.plan


class World:
    """A watch on real storage, with its records and posts."""

    def __init__(self, records: Records, planner: FakePlanner | None = None) -> None:
        self.records = records
        self.active_clusters = ActiveClusterIndex(records._table)
        self.outbox = Outbox(CHANNELS)
        self.planner = planner

    def tracker(self) -> IncidentTracker:
        return IncidentTracker(
            self.records, self.active_clusters, self.outbox, POLICY, LINKS.page, is_offering=self.planner is not None
        )

    def offer(self, minute: int = 8) -> list[Change | None]:
        """Offers the due incidents, like the queue function."""
        planner = cast(Planner, self.planner)
        propose = Propose(planner, self.records, self.active_clusters, self.outbox, LINKS, timedelta(minutes=60))
        offer = IncidentProposer(propose, self.records, self.outbox, LINKS)
        due = self.records.due("incident", at(minute))
        wall = at(minute) + timedelta(seconds=1)  # right after the tick
        return [
            offer.run(entry.partition, entry.row.removeprefix("incident-"), Instant(at(minute), wall)) for entry in due
        ]

    def see(self, *sights: Observation, minute: int = 8) -> UpdateSummary:
        """Tracks observations like a tick: reads the index of active clusters first."""
        return self.tracker().track(sights, self.active_clusters.entries(), at(minute), at(minute))

    def tick(self, *readings: Reading, minute: int = 8, is_maintenance: bool = False) -> Mapping[str, int]:
        sights = [Observation(assessment(reading, CLUSTER), is_maintenance) for reading in readings]
        return self.see(*sights, minute=minute).effects

    def told(self, partition: str = PARTITION, channel: str = "slack") -> list[Message]:
        rows = [row.value for row in self.records.outbox(partition)]
        return [message_of(row) for row in rows if row.channel == channel]

    def audited(self, partition: str = PARTITION) -> list[str]:
        return [line.event for line in self.records.audit(partition)]


def plan_for(of: Cluster = CLUSTER) -> Plan:
    return replace(make_plan(), cluster_id=of.id, cluster_name=of.name)


def change_in(state: ChangeState, change_id: str = "chg-1") -> Change:
    return Change(
        id=change_id,
        cluster_id=CLUSTER.id,
        cluster_name=CLUSTER.name,
        state=state,
        plan=plan_for(),
        proposed_at=at(0),
        expires_at=at(60),
        requested_by="snatbot",
    )
