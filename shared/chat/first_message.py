"""The first message of a new deployment: what it sees, what it may do, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.az_cli import az, script
from ..formatting import clusters_of, listed, sentences
from ..model.tally import Tally
from ..model.text import Text, arranged
from .choices import HEADING
from .message import EMPTY, Audience, Message, Section, Tone, sections_of

MAY_DO = Text("What snatbot may do")
_ROLES = ("Reader", "Monitoring Reader")


@dataclass(frozen=True, slots=True)
class Deployment:
    """What snatbot may do, by its settings."""

    client_id: str = ""  # of the identity that reads; empty: the default credential
    subscriptions: tuple[str, ...] = ()  # empty: all that it may read
    approvers: tuple[Text, ...] = ()  # empty: nothing is applied

    @property
    def may_do(self) -> Text:
        if self.approvers:
            return Text("It changes Azure only by plans that are approved by {who}.", who=listed(self.approvers))
        return Text("It only watches, and changes nothing in Azure: REMEDIATION is off.")

    def next_steps(self, *, has_clusters: bool) -> tuple[Text, ...]:
        doctor = Text("Examine the installation: `python -m shared.cli doctor`")
        if has_clusters:
            return doctor, Text("Look at a plan, which writes nothing: `python -m shared.cli plan CLUSTER`")
        grant = Text(
            "Let the app's identity read the subscriptions with AKS clusters, by the commands below. Azure takes up to "
            "ten minutes; then snatbot posts that it sees clusters."
        )
        return grant, doctor

    @property
    def grants(self) -> Text:
        """The commands that assign the missing roles."""
        who, subscriptions = self.client_id or "CLIENT_ID", self.subscriptions or ("SUBSCRIPTION_ID",)
        create = ("role", "assignment", "create", "--assignee", who, "--role")
        return script([az(*create, role, "--scope", f"/subscriptions/{of}") for of in subscriptions for role in _ROLES])


NOTHING_SET = Deployment()


def first_message(clusters: int, tally: Tally, missing: Sequence[Text], deployment: Deployment) -> Message:
    """``clusters``: how many are listed; ``missing``: what can't be listed, and why."""
    unseen = [
        sentences(
            Text(
                "{clusters} in subscription {subscription}: {reason}",
                clusters=clusters_of(len(group.keys)),
                subscription=group.subscription,
                reason=group.reason,
            ),
            group.remedy,
        )
        for group in tally.unseen
    ]
    return Message(
        title=Text("snatbot is up, and sees {clusters}", clusters=clusters_of(clusters))
        if clusters
        else Text("snatbot is up, and sees no cluster yet"),
        summary=_counted(tally) if clusters else Text("Nothing is watched yet."),
        tone=Tone.WARNING if missing or unseen or not clusters else Tone.GOOD,
        sections=sections_of(
            Section(Text("What is not seen"), bullets=(*map(sentences, missing), *unseen)),
            Section(MAY_DO, text=deployment.may_do),
            Section(
                HEADING,
                steps=deployment.next_steps(has_clusters=clusters > 0),
                code=EMPTY if clusters else deployment.grants,
            ),
        ),
        footer=Text("snatbot · posted once, after it was installed"),
        audience=Audience.CHATS,
    )


def _counted(tally: Tally) -> Text:
    counts = (
        (tally.measured, Text("measured")),
        (tally.idle, Text("idle")),
        (tally.unmeasured, Text("not measured")),
        (tally.does_not_apply, Text("not watched")),
    )
    found = [arranged("{number} {state}", number=number, state=state) for number, state in counts if number]
    return sentences(listed(found)) if found else Text("Their first scans follow within minutes.")
