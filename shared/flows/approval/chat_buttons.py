"""Buttons on a Slack bot's message that decide on the plan that waits: deny, and approve where a rule allows it."""

from dataclasses import dataclass

from ...auth.signing import LinkTarget, Signer
from ...chat.message import Click, Message, MessageKind
from ...clock import Clock
from ...formatting import clauses, listed
from ...model.change import Action, Change, ChangeState
from ...model.text import Text
from ...store.records import Records
from .permission import Permission

PREFIX = "snat_"
_WITH_A_PLAN = (
    MessageKind.APPROVAL_WANTED,
    MessageKind.FAILING,
    MessageKind.WORSE,
    MessageKind.REMINDER,
    MessageKind.SILENCED,
)


@dataclass(frozen=True, slots=True)
class ChatButtons:
    records: Records
    signer: Signer
    permission: Permission
    clock: Clock

    def of(self, partition: str, message: Message) -> tuple[Click, ...]:
        """Empty if no plan of this message's subject waits for a decision."""
        changes = self.records.changes(partition) if message.kind in _WITH_A_PLAN else ()
        now = self.clock.now()
        for change in changes:
            is_about_it = message.subject in (change.incident_id, change.id)
            if is_about_it and change.state is ChangeState.PROPOSED and now < change.expires_at and change.plan.steps:
                return self._of_change(partition, change)
        return ()

    def _of_change(self, partition: str, change: Change) -> tuple[Click, ...]:
        """Their value is the link of exactly this plan."""
        token = self.signer.link_token(LinkTarget(partition, change.id, change.plan.digest))
        deny = Click(
            Text("Deny"),
            f"{PREFIX}{Action.DENY}",
            token,
            Text("Deny this plan?"),
            Text("Nothing is changed. A new plan can be asked for on its page."),
        )
        if not self.permission.allows_chat(change):
            return (deny,)
        unknown = Text("unknown")
        meaning = clauses(
            Text("Egress IPs now: {ips}", ips=listed(change.plan.egress_now, 4) or unknown),
            Text("then: {ips}", ips=listed(change.plan.egress_then, 4) or unknown),
        )
        question = Text("Approve the plan for {cluster}?", cluster=change.cluster_name)
        return (
            Click(Text("Approve"), f"{PREFIX}{Action.APPROVE}", token, question, meaning, is_risky=True),
            deny,
        )
