"""Statuses of clusters, as scans store them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.core.audit.chain import ChainReport, Line, Problem, ProblemKind, Proof
from shared.flows.audit.receipt import Receipt
from shared.flows.incidents.history import History
from shared.flows.incidents.story import Story
from shared.flows.monitoring.fleet_status import FleetStatus
from shared.model.audit import AuditLine, ChainHead, NotifiedChannels, now_is, step_done
from shared.model.change import ChangeState
from shared.model.cluster_status import ClusterStatus, EgressPath, OpenWork
from shared.model.finding import FindingKind, Severity
from shared.model.incident import ClusterRecord, Incident
from shared.model.reading import MinuteSeries
from shared.model.text import verbatim
from shared.store.codec import dump
from tests.support.nouns import NOW, make_change, make_cluster, make_incident, make_journal

STATUS = ClusterStatus(
    id=make_cluster().id,
    location="westeurope",
    egress=EgressPath.LOAD_BALANCER,
    at=NOW,
    reading="measured",
    measured_at=NOW,
    ports_at=NOW,
)
WORK = OpenWork("inc-7f3a", "chg-19c2", ChangeState.PROPOSED)


def make_status(name: str = "shop-prod", **changed: Any) -> ClusterStatus:
    return replace(STATUS, id=make_cluster(name=name).id, **changed)


def failing(name: str = "shop-prod", **changed: Any) -> ClusterStatus:
    usual = {"severity": Severity.FAILING, "kind": FindingKind.SNAT_FAILING, "failed": 1842, "ports_share": 1.0}
    return make_status(name, **(usual | {"open": WORK} | changed))


def unmeasured(name: str = "dark", **changed: Any) -> ClusterStatus:
    found = {
        "reading": "unmeasured",
        "reason": verbatim("Azure Monitor answers 403"),
        "measured_at": NOW - timedelta(hours=3),
    }
    return make_status(name, **(found | {"severity": Severity.WARNING, "kind": FindingKind.NOT_MEASURED} | changed))


def make_fleet(*clusters: ClusterStatus, listed: int | None = None) -> FleetStatus:
    return FleetStatus(clusters, len(clusters) if listed is None else listed, listed_at=NOW)


def every_kind() -> FleetStatus:
    """A cluster in each state that the page knows."""
    warning = {"severity": Severity.WARNING, "kind": FindingKind.PORT_PRESSURE, "ports_share": 0.83}
    return make_fleet(
        make_status("well"),
        make_status("idle", reading="idle"),
        unmeasured(),
        make_status("stale", at=NOW - timedelta(hours=2), measured_at=NOW - timedelta(hours=2)),
        failing(),
        make_status("full", **warning),
        make_status("half", egress=EgressPath.BOTH, open=OpenWork("", "chg-2", ChangeState.VERIFYING)),
        make_status("moved", egress=EgressPath.NAT_GATEWAY, ports_at=None),
        make_status("new", ports_at=None),
        make_status(
            "off",
            reading="does_not_apply",
            reason=verbatim("its tag snatbot-watch=off opts the cluster out"),
            egress=EgressPath.APPLIANCE,
            measured_at=None,
        ),
        failing("a-cluster-whose-name-is-as-long-as-azure-lets-it-be-63-letters-x"),
        listed=13,
    )


FAILED = MinuteSeries(NOW - timedelta(minutes=45), (0,) * 20 + (3, 9, 20, 61, None, None, 147, 140, 90, 61) + (12,) * 4)
PASSED = MinuteSeries(NOW + timedelta(minutes=9), tuple(1400 + 9 * number for number in range(10)))


def make_story(incident: Incident | None = None, *, state: ChangeState = ChangeState.FIXED, steps: int = 4) -> Story:
    """An incident with its plan, from the first failure to the verdict."""
    incident = incident or make_incident()
    incident = replace(incident, failed_by_minute=FAILED, evidence=verbatim("1,842 of 23,400 connections failed"))
    change = make_change(state)
    if change.outcome:
        change = replace(change, outcome=replace(change.outcome, attempted=PASSED))
    events = [
        ("snatbot", "incident opened", incident.id, ""),
        ("snatbot", "change proposed", change.id, change.plan.summary),
        ("Maria Ortega (object id 3f2a, signed in)", "change approved", change.id, change.plan.summary),
        *(("snatbot", step_done(number), change.id, f"step {number} went well") for number in range(steps)),
        ("snatbot", now_is(state), change.id, change.outcome.reason if change.outcome else ""),
    ]
    audit = [
        AuditLine(f"line-{number}", NOW + timedelta(minutes=number), *event) for number, event in enumerate(events)
    ]
    return Story(incident, (change,), tuple(audit), (NotifiedChannels(incident.id, ("slack", "teams"), NOW),))


def make_history(story: Story, **changed: Any) -> History:
    record = ClusterRecord(story.incident.cluster_id, story.incident.cluster_name)
    return replace(History(record, (story.incident,), story.changes, {}, story.audit), **changed)


def make_lines(story: Story) -> list[Line]:
    """The audit lines of a story as they are stored, the last of them forged."""
    contents = [f"1 {dump(line)}" for line in story.audit]
    lines = [
        Line(f"audit-{number}", content, number, "h", Proof.SIGNED) for number, content in enumerate(contents, start=1)
    ]
    return [*lines, Line("audit-9", "edited by hand", 9, "h", Proof.FORGED)]


def make_receipt(story: Story) -> Receipt:
    (change,), lines = story.changes, make_lines(story)
    problem = Problem(ProblemKind.EDITED, 9, 9)
    chain = ChainReport("p" * 32, ChainHead(9, "h"), 9, 8, 8, 8, 0, (problem,))
    proofs = {"decision": Proof.SIGNED, "start": Proof.SIGNED, "journal": Proof.KEY_MISSING, "outcome": Proof.FORGED}
    return Receipt(change, (), make_journal(), tuple(zip(lines, story.audit, strict=False)), chain, proofs)
