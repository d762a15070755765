"""What an alarm says in its thread, or below the buttons: evidence, cautions, steps by hand, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ..formatting import listed, minutes_of, sentence, sentences
from ..model.assessment import Assessment
from ..model.finding import FindingKind
from ..model.incident import Incident
from ..model.reading import Measured
from ..model.text import Text
from . import manual_steps
from .finding_labels import port_table
from .labels import node_table, resource_name
from .message import EMPTY, Section

if TYPE_CHECKING:
    from ..core.probing.summary import ProbeSummary

# Findings that moving egress off the load balancer would cure.
BALANCER_KINDS = frozenset({FindingKind.SNAT_FAILING, FindingKind.PORT_PRESSURE, FindingKind.EXHAUSTION_AHEAD})


def details(incident: Incident, assessment: Assessment) -> Iterator[Section]:
    cluster = assessment.cluster
    sections = [*_evidence(incident, assessment)]
    if not BALANCER_KINDS.isdisjoint(incident.kinds):
        sections.append(Section(Text("Please don't"), bullets=manual_steps.cautions(assessment)))
        sections += manual_steps.sections(assessment)
    places = [
        Text(
            "In resource group {group}, {region}, subscription {subscription}",
            group=cluster.resource_group,
            region=cluster.location,
            subscription=cluster.subscription,
        )
    ]
    if assessment.load_balancer_id is not None or not assessment.gateway_ids:
        name, group = manual_steps.load_balancer(assessment)
        places.append(Text("Load balancer {name} in resource group {group}", name=name, group=group))
    places += [Text("NAT gateway {name}", name=resource_name(gateway_id)) for gateway_id in assessment.gateway_ids]
    sections.append(Section(Text("Where"), bullets=tuple(places)))
    yield from (replace(section, is_detail=True) for section in sections)


def seen_inside(probes: ProbeSummary) -> Section:
    """What egress probes saw, in short."""
    counts = [each.counts for each in probes.targets]
    figures = Text.plural(
        "{count} new connection of egress probes in the last hour; slow or failed: {bad}.",
        "{count} new connections of egress probes in the last hour; slow or failed: {bad}.",
        count=sum(each.connections for each in counts),
        bad=sum(each.trouble for each in counts),
    )
    seen = [each.address for each in probes.addresses]
    bullets = (
        figures if counts else EMPTY,
        Text("Egress IPs, proven by tickets: {addresses}", addresses=listed(seen)) if seen else EMPTY,
        *(each.text for each in probes.observed),
    )
    return Section(Text("Seen from inside"), bullets=tuple(filter(None, bullets)), is_detail=True)


def _evidence(incident: Incident, assessment: Assessment) -> Iterator[Section]:
    """Nodes that fail or are short of ports, other findings, and what Azure's health events show."""
    alarms = assessment.alarms
    if FindingKind.SNAT_FAILING in incident.kinds:
        yield _nodes(incident, assessment)
    if ports := next((alarm.ports for alarm in alarms if alarm.ports), ()):
        text = Text("Ports in use in the fullest minute. TCP and UDP ports are separate.")
        yield Section(Text("Nodes short of ports"), text=text, table=port_table(ports))
    yield Section(Text("Also seen"), bullets=tuple(sentences(alarm.evidence) for alarm in alarms[1:]))
    if assessment.health_events:
        yield Section(Text("Second witness"), text=sentence(assessment.health_events.text))


def _nodes(incident: Incident, assessment: Assessment) -> Section:
    if not incident.nodes:
        text = Text("Azure Monitor has not said which: only the total of the load balancer is known.")
        return Section(Text("Failing nodes"), text=text)
    reading = assessment.reading
    is_truncated = isinstance(reading, Measured) and reading.is_truncated
    gone = [node.ip for node in incident.nodes if not node.name and node.is_gone]
    unnamed = [node.ip for node in incident.nodes if not node.name and not node.is_gone]
    notes = (
        Text("Azure Monitor cut its answer: there may be more.") if is_truncated else EMPTY,
        Text("No node has {addresses} any more.", addresses=listed(gone)) if gone else EMPTY,
        Text("The nodes of {addresses} could not be named.", addresses=listed(unnamed)) if unnamed else EMPTY,
    )
    text = Text(
        "In the last {minutes}: new outbound connections that failed, their share of all that the node tried, and the "
        "minutes with failures.",
        minutes=minutes_of(incident.window_minutes),
    )
    return Section(Text("Failing nodes"), text=text, table=node_table(incident.nodes, sentences(*notes)))
