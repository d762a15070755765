"""A decide flow on real storage, with its records and posts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.approval_policy import DEFAULT_POLICY
from shared.auth.links import Links
from shared.auth.signing import LinkTarget, RowSigner, Signer
from shared.clock import Instant
from shared.core.approval.policy import Policy
from shared.flows.approval.actions import Actions
from shared.flows.approval.decide import Decide
from shared.flows.approval.permission import Permission
from shared.flows.notification.outbox import Outbox, message_of
from shared.ids import cluster_key
from shared.model.change import Action, Change, ChangeState
from shared.model.identity import Approver
from shared.store.records import Put, Records
from shared.store.table import Table
from shared.store.vnet_lock import VnetLock
from tests.support.nouns import NOW, make_change, make_cluster, make_plan

CLUSTER = make_cluster()
PARTITION = cluster_key(CLUSTER.id)
SIGNER = Signer(["k" * 32], 60)
WHO = "holder of link, unverified"
CHANNELS = ("slack", "teams")
TARGET = LinkTarget(PARTITION, make_change().id, make_plan().digest)
SOON = NOW + timedelta(minutes=5)


class Desk:
    """A decide flow on real storage, with its records and posts."""

    def __init__(
        self,
        table: Table,
        *,
        is_remediation_on: bool = True,
        approval_mode: str = "link",
        policy: Policy = DEFAULT_POLICY,
        row_signer: RowSigner | None = None,
    ) -> None:
        self.tags: Mapping[str, str] = {}
        self.records = Records(table, row_signer)
        self.vnet_lock = VnetLock(table)
        self.flow = Decide(
            self.records,
            self.vnet_lock,
            SIGNER,
            Outbox(CHANNELS),
            lambda: Links("https://snatbot.example.com", SIGNER),
            Actions(self.records, is_remediation_on, Permission(policy, approval_mode, lambda _: self.tags)),
        )

    def put(self, state: ChangeState = ChangeState.PROPOSED, change: Change | None = None) -> Change:
        change = change or make_change(state)
        self.records.commit_in(PARTITION, [Put(change)])
        return change

    def decide(
        self, action: str = Action.APPROVE, target: LinkTarget = TARGET, who: Approver = WHO, now: datetime = SOON
    ) -> Change:
        return self.flow.decide(target, action, who, Instant(now, now))

    def change(self, change_id: str = TARGET.change_id) -> Change:
        stored = self.records.change(PARTITION, change_id)
        assert stored is not None
        return stored.value

    def audited(self) -> list[tuple[str, str]]:
        return [(line.actor, line.event) for line in self.records.audit(PARTITION)]

    def told(self) -> list[str]:
        rows = [row.value for row in self.records.outbox(PARTITION)]
        return [message_of(row).title for row in rows if row.channel == "slack"]
