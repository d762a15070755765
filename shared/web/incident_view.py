"""An incident and a cluster as their pages show them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..chat.finding_labels import FINDING_MEANINGS, describe_incident
from ..chat.incident_head import headline
from ..chat.labels import node_table, state_label
from ..chat.message import facts_of
from ..chat.socket_table import PORTS, PRIVATE, SocketTable, socket_table, unreadable
from ..core.guidance import code_advice, culprits
from ..flows.incidents.story import Story
from ..formatting import capital, duration, listed, sentences, utc
from ..model.audit import AuditLine, step_done
from ..model.change import Change
from ..model.finding import PORT_TROUBLES, Severity
from ..model.incident import Incident
from ..model.text import Text, arranged
from .change_view import TONES
from .event_labels import event_label
from .line_chart import LineChart
from .paths import Paths
from .plan_view import Tone, title_of
from .probe_view import ProbeView

_SEVERITIES: Mapping[Severity, Text] = {
    Severity.NOTICE: Text("notice"),
    Severity.WARNING: Text("warning"),
    Severity.HIGH: Text("high"),
    Severity.FAILING: Text("failing"),
    Severity.CRITICAL: Text("critical"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry of a timeline."""

    at: datetime
    text: str
    by: str = ""  # a person; empty: snatbot
    detail: str = ""
    link: str = ""  # of the change that it is about


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change in a list."""

    change: Change
    paths: Paths

    @property
    def title(self) -> str:
        return title_of(self.change.plan.kind, self.change.cluster_name)

    @property
    def link(self) -> str:
        return self.paths.change(self.change.cluster_id, self.change.id)

    @property
    def state(self) -> str:
        return capital(state_label(self.change.state))

    @property
    def tone(self) -> Tone:
        return TONES.get(self.change.state, "neutral")

    @property
    def decided(self) -> Text:
        """By whom and when."""
        decision = self.change.decision
        if decision is None:
            return Text("nobody")
        return arranged("{approver}, {at}", approver=decision.approver, at=decision.decided_at)


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """An incident in a list."""

    incident: Incident
    now: datetime
    paths: Paths

    @property
    def title(self) -> str:
        return headline(self.incident)

    @property
    def link(self) -> str:
        return self.paths.incident(self.incident.cluster_id, self.incident.id)

    @property
    def state(self) -> Text:
        severity = _SEVERITIES[self.incident.severity]
        return Text("Open: {severity}", severity=severity) if self.incident.is_open else Text("Cleared")

    @property
    def tone(self) -> Tone:
        if not self.incident.is_open:
            return "good"
        return "bad" if self.incident.severity.rank >= Severity.FAILING.rank else "waiting"

    @property
    def lasted(self) -> str:
        return duration((self.incident.cleared_at or self.now) - self.incident.since)


@dataclass(frozen=True, slots=True)
class IncidentView:
    story: Story
    now: datetime
    paths: Paths
    probes: ProbeView | None = None  # None: the cluster has none

    @property
    def incident(self) -> Incident:
        return self.story.incident

    @property
    def line(self) -> IncidentLine:
        return IncidentLine(self.incident, self.now, self.paths)

    @property
    def lead(self) -> str:
        return describe_incident(self.incident)

    @property
    def ended(self) -> str:
        """When and why it was cleared; empty while it is open."""
        at, why = self.incident.cleared_at, self.incident.closing_note
        if at is None:
            return ""
        ended = Text("It ended {at}, after {time}", at=at, time=self.line.lasted)
        return sentences(arranged("{ended}: {why}", ended=ended, why=why) if why else ended)

    @property
    def meaning(self) -> str:
        """What it means for the cluster, while it is open."""
        if not self.incident.is_open:
            return ""
        return next((FINDING_MEANINGS[kind] for kind in self.incident.kinds if kind in FINDING_MEANINGS), "")

    @property
    def changes(self) -> Sequence[ChangeLine]:
        """The newest first."""
        return [ChangeLine(change, self.paths) for change in reversed(self.story.changes)]

    @property
    def chart(self) -> LineChart | None:
        """None without a figure of any minute."""
        failed = self.incident.failed_by_minute
        if failed is None or not failed.known:
            return None
        outcomes = (change.outcome for change in reversed(self.story.changes))
        passed = next((outcome.attempted for outcome in outcomes if outcome and outcome.attempted), None)
        return LineChart(failed, passed)

    @property
    def nodes(self) -> Sequence[tuple[tuple[str, ...], float]]:
        """A row of ``node_table`` and the share that failed, 0 to 100, of each node; the worst first."""
        shares = [100 * node.failed / max(1, node.failed + node.successful) for node in self.incident.nodes]
        return list(zip(node_table(self.incident.nodes).rows, shares, strict=True))

    @property
    def who(self) -> Sequence[str]:
        """Commands that show who opens the connections of the worst node that has a name; else none."""
        node = next((node.name for node in self.incident.nodes if node.name and not node.is_gone), "")
        return culprits.commands(node) if node else ()

    @property
    def sockets(self) -> Sequence[SocketTable]:
        """That somebody pasted, a table for each node."""
        pasted, failing = self.story.sockets, [node.name for node in self.incident.nodes]
        return [socket_table(node, failing) for node in pasted.nodes] if pasted else ()

    @property
    def sockets_notes(self) -> Sequence[Text]:
        pasted = self.story.sockets
        return [*([unreadable(pasted.unreadable)] if pasted and pasted.unreadable else ()), PORTS, PRIVATE]

    @property
    def code_advice(self) -> Mapping[str, Text]:
        """By language; none if ports are no trouble of this incident."""
        return {} if PORT_TROUBLES.isdisjoint(self.incident.kinds) else code_advice.BY_LANGUAGE

    @property
    def in_short(self) -> Sequence[Text]:
        return code_advice.IN_SHORT

    @property
    def timeline(self) -> Sequence[Moment]:
        incident = self.incident
        steps = {step_done(number) for change in self.story.changes for number in range(len(change.plan.steps))}
        own = [Moment(incident.since, Text("The trouble began"))]
        if incident.last_failed_at:
            last = Text("Last failed connection so far") if incident.is_open else Text("Last failed connection")
            own.append(Moment(incident.last_failed_at, last))
        lines = [moment for moment, line in self._moments() if line.event not in steps]
        return sorted([*own, *_without_repeats(lines)], key=lambda moment: moment.at)

    @property
    def audit(self) -> Sequence[Moment]:
        return [moment for moment, _ in self._moments()]

    @property
    def messages(self) -> Sequence[tuple[str, str]]:
        incident = self.incident
        channels = sorted({name for notified in self.story.notified for name in notified.channels})
        return facts_of(
            (Text("Last posts with news"), listed([utc(at) for at in incident.notified_at])),
            (Text("Last reminder"), utc(incident.reminded_at) if incident.reminded_at else ""),
            (Text("Channels"), listed(channels)),
        )

    @property
    def record(self) -> Sequence[tuple[str, str]]:
        incident = self.incident
        return facts_of(
            (Text("Incident"), incident.id),
            (Text("Began"), utc(incident.since)),
            (Text("First scan that showed it"), utc(incident.opened_at)),
            (Text("Cleared"), utc(incident.cleared_at) if incident.cleared_at else ""),
            (Text("Why it was cleared"), incident.closing_note),
            (Text("Opened again"), _times(incident.reopened) if incident.reopened else ""),
            (Text("Cluster"), incident.cluster_id),
            (Text("Load balancer"), incident.load_balancer_id),
            (Text("NAT gateways"), listed(incident.gateway_ids)),
        )

    def _moments(self) -> Iterator[tuple[Moment, AuditLine]]:
        changes = {change.id: self.paths.change(change.cluster_id, change.id) for change in self.story.changes}
        yield from zip(moments(self.story.audit, changes), self.story.audit, strict=True)


def moments(lines: Iterable[AuditLine], changes: Mapping[str, str]) -> list[Moment]:
    """``changes``: URLs by id."""
    return [
        Moment(
            line.at,
            event_label(line.event),
            "" if line.actor == "snatbot" else line.actor,
            line.detail,
            changes.get(line.subject, ""),
        )
        for line in lines
    ]


def _without_repeats(lines: Iterable[Moment]) -> Iterator[Moment]:
    """Without the details that a moment before has."""
    seen: set[str] = set()
    for moment in lines:
        yield replace(moment, detail="") if moment.detail in seen else moment
        seen.add(moment.detail)


def _times(count: int) -> Text:
    return Text.plural("{count} time", "{count} times", count=count)
