"""One message for many clusters whose trouble of one kind begins in the same scan of a subscription's region."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ...chat.fleet_messages import incidents_opened
from ...ids import cluster_key
from ...model.assessment import Assessment
from ...model.finding import FindingKind
from ...store.errors import StoreError
from ...store.records import FLEET_PARTITION, Records
from ..notification.outbox import Outbox
from ..notification.route import Router, Target

log = logging.getLogger("snatbot.watch")
MOST_ALONE = 5  # with more clusters, chats get a list


@dataclass(frozen=True, slots=True)
class SeveralAtOnce:
    records: Records
    router: Router

    def announce(self, assessments: Sequence[Assessment], wall: datetime) -> frozenset[str]:
        """Store the lists, and return the keys of the clusters in them.

        ``assessments``: clusters with alarms and without an open incident. Their incidents are stored afterwards: if
        the worker dies in between, the next scan lists the others again, so none is lost.
        """
        groups: dict[tuple[FindingKind, str, str, tuple[str, ...]], list[Assessment]] = {}
        for assessment in assessments:
            cluster, worst = assessment.cluster, assessment.alarms[0]
            channels = self.router.channels(Target(cluster.name, cluster.subscription, cluster.tags, worst.severity))
            groups.setdefault((worst.kind, cluster.subscription, cluster.location, channels), []).append(assessment)
        listed: list[Assessment] = []
        for (*_, channels), members in groups.items():
            if len(members) <= MOST_ALONE:
                continue
            try:
                rows = Outbox(channels).rows("", incidents_opened(members), wall)
                self.records.commit_in(FLEET_PARTITION, rows)
                listed += members
            except StoreError as error:
                log.error("could not store a list of %d clusters, which get a message each: %s", len(members), error)
        return frozenset(cluster_key(assessment.cluster.id) for assessment in listed)
