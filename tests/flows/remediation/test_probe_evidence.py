"""Which reports of probes count at the gate, by the nodes' subnets and their times."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, cast

import pytest

from shared.clock import Clock
from shared.cloud.discovery import Discovery
from shared.core.planning.planner import plan_attachment
from shared.core.remediation.gate import Evidence, Passage
from shared.flows.remediation.gate import Observation
from shared.flows.remediation.probe_evidence import ProbeEvidence
from shared.ids import cluster_key, new_id
from shared.model.audit import AuditLine
from shared.model.change import ChangeState, JournalEntry, StepState
from shared.model.cluster import Cluster
from shared.model.load_balancer import NodeList
from shared.model.metric import Window
from shared.model.plan import Baseline, CreatePublicIp, ObserveEgress
from shared.model.probe import ProbeKey, ProbeReport, TargetCounts
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.store.errors import StoreUnavailable
from shared.store.probes import ProbeKeys, ProbeReports
from shared.store.records import Put, PutJournal, Records
from tests.support.builders import DEMAND, PLAN_OPTIONS, SYSTEM_SUBNET, USER_SUBNET, at, cluster, facts, node
from tests.support.nouns import make_change
from tests.support.storage import table_at

QUIET = Baseline(3_000, 3_100, {USER_SUBNET: 3_000.0, SYSTEM_SUBNET: 0.0})
PLAN = plan_attachment(facts(), DEMAND, QUIET, PLAN_OPTIONS)
GATES = {step.subnet_id: step for step in PLAN.steps if isinstance(step, ObserveEgress)}
MOVED_AT, NOW = at(6), at(10)
PARTITION = cluster_key(cluster().id)
KEY_ID = "0123456789ab"


def line() -> AuditLine:
    return AuditLine(new_id(), NOW, "Ada", "probe key", KEY_ID)


@dataclass
class Azure:
    region: str = "northeurope"
    now_is: datetime = NOW
    members: NodeList = field(
        default_factory=lambda: NodeList((node(0), node(1, SYSTEM_SUBNET), node(2)), is_complete=True)
    )

    def now(self) -> datetime:
        return self.now_is

    def cluster(self, cluster_id: str) -> Cluster:
        return replace(cluster(), location=self.region)

    def nodes(self, of: Cluster) -> NodeList:
        return self.members


@pytest.fixture
def reports(storage: str) -> ProbeReports:
    return ProbeReports(table_at(storage, f"p{new_id()}"), None)


@pytest.fixture
def keys(storage: str) -> ProbeKeys:
    """One that is valid."""
    keys = ProbeKeys(table_at(storage, f"k{new_id()}"), None)
    keys.add(PARTITION, ProbeKey(KEY_ID, cluster().id, "", NOW, "Ada"), line())
    return keys


@pytest.fixture
def azure() -> Azure:
    return Azure()


@pytest.fixture
def source(reports: ProbeReports, keys: ProbeKeys, records: Records, azure: Azure) -> ProbeEvidence:
    return ProbeEvidence(reports, keys, records, cast(Discovery, azure), cast(Clock, azure), "West Europe")


def tell(reports: ProbeReports, number: int, sent_at: datetime, *, bad: int = 0, **changed: Any) -> None:
    targets = tuple(TargetCounts(target, 50, timed_out=bad) for target in ("app", "x:1"))
    pod = f"pod-{number}-{bad}"
    report = ProbeReport(new_id(32), node(number).name, pod, sent_at, sent_at, sent_at, "20.1.2.3", targets=targets)
    reports.add(PARTITION, replace(report, key_id=KEY_ID, **changed))


def read(source: ProbeEvidence, subnet: str = SYSTEM_SUBNET, **before: object) -> Evidence:
    known = {"nodes": [node(number).name for number in range(3)], "addresses": ["20.1.2.3"], **before}
    return source.read(Observation(GATES[ArmId(subnet)], PLAN, known, Window(at(6), at(9)), NOW - MOVED_AT))


def test_a_quiet_subnet_is_shown_to_leave_by_the_plans_address(source: ProbeEvidence, reports: ProbeReports) -> None:
    tell(reports, 1, at(8))
    assert read(source).passage is Passage.OPEN
    assert read(source, addresses=[]).passage is Passage.UNKNOWN
    assert read(source, addresses=["20.9.9.9"]).passage is Passage.UNKNOWN


def test_reports_of_before_the_move_and_late_ones_do_not_count(source: ProbeEvidence, reports: ProbeReports) -> None:
    tell(reports, 1, at(5))
    tell(reports, 1, at(7), began_at=at(5))
    tell(reports, 1, at(7), received_at=at(10))
    assert read(source).text == "no probe of it has reported since: not measured from inside"
    tell(reports, 0, at(8))
    assert read(source, USER_SUBNET).passage is Passage.UNKNOWN


def test_silence_counts_while_a_subnet_that_has_not_moved_reports(source: ProbeEvidence, reports: ProbeReports) -> None:
    first = next(iter(GATES))
    quiet, other = (1, 0) if first == SYSTEM_SUBNET else (0, 1)
    tell(reports, other, at(8))
    assert read(source, first).passage is Passage.SHUT
    assert read(source, first, nodes=[node(other).name]).passage is Passage.UNKNOWN
    tell(reports, quiet, at(8))
    assert read(source, first).passage is not Passage.SHUT


def test_reports_of_a_revoked_key_do_not_hold_the_gate(
    source: ProbeEvidence, reports: ProbeReports, keys: ProbeKeys, azure: Azure
) -> None:
    for number in (0, 2):
        tell(reports, number, at(8), bad=5)
    tell(reports, 1, at(8))
    assert read(source, USER_SUBNET).passage is Passage.SHUT
    keys.revoke(PARTITION, KEY_ID, line())
    assert read(source, USER_SUBNET).passage is Passage.UNKNOWN


def test_of_too_many_reports_the_newest_count(
    source: ProbeEvidence, reports: ProbeReports, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (0, 2):
        tell(reports, number, at(7), bad=5)
    tell(reports, 1, at(7))
    assert read(source, USER_SUBNET).passage is Passage.SHUT
    for number in range(3):
        tell(reports, number, at(9))
    monkeypatch.setattr(reports, "newest_since", partial(reports.newest_since, most=5))
    assert read(source, USER_SUBNET).passage is Passage.UNKNOWN


def test_a_node_that_nobody_knows_counts_for_no_subnet(
    source: ProbeEvidence, reports: ProbeReports, azure: Azure
) -> None:
    first = next(iter(GATES))
    azure.members = NodeList((), is_complete=False)
    for number in range(3):
        tell(reports, number, at(8), bad=40)
    assert read(source, first).passage is Passage.UNKNOWN


@pytest.mark.parametrize(("region", "passage"), [("northeurope", Passage.SHUT), ("westeurope", Passage.UNKNOWN)])
def test_time_outs_to_the_app_in_the_clusters_region_are_not_judged(
    source: ProbeEvidence, reports: ProbeReports, azure: Azure, region: str, passage: Passage
) -> None:
    azure.region = region
    for number in (0, 2):
        tell(reports, number, at(8), bad=5)
    tell(reports, 1, at(8))
    assert read(source, USER_SUBNET).passage is passage


def test_the_last_subnet_is_compared_with_those_that_moved_earlier(
    source: ProbeEvidence, reports: ProbeReports
) -> None:
    first, last = GATES
    other, own = (1, 0) if first == SYSTEM_SUBNET else (0, 1)
    tell(reports, other, at(8))
    assert read(source, last).passage is Passage.SHUT, "only its own are silent"
    tell(reports, own, at(8))
    assert read(source, last).passage is not Passage.SHUT


def test_before_the_move_it_notes_who_reported_and_the_addresses_of_the_plan(
    source: ProbeEvidence, reports: ProbeReports, records: Records
) -> None:
    change = replace(make_change(ChangeState.APPLYING), plan=PLAN, cluster_id=cluster().id)
    assert source.before(change, Window(at(6), at(9))) is None
    tell(reports, 1, at(8))
    found = source.before(change, Window(at(6), at(9)))
    assert found == {"nodes": [node(1).name], "addresses": []}, "the new addresses are not known yet"
    created = [index for index, step in enumerate(PLAN.steps) if isinstance(step, CreatePublicIp)]
    entries = [JournalEntry(index, StepState.DONE, NOW, NOW, after={"address": f"20.1.2.{index}"}) for index in created]
    records.commit_in(PARTITION, [Put(change), *(PutJournal(change.id, entry) for entry in entries)])
    found = source.before(change, Window(at(6), at(9)))
    assert found is not None
    assert set(found["addresses"]) == {f"20.1.2.{index}" for index in created}


def test_a_cluster_without_probes_and_storage_that_is_down_say_nothing(
    source: ProbeEvidence, reports: ProbeReports, monkeypatch: pytest.MonkeyPatch
) -> None:
    observation = Observation(GATES[SYSTEM_SUBNET], PLAN, None, Window(at(6), at(9)), NOW - MOVED_AT)
    assert source.read(observation) == Evidence(Passage.UNKNOWN, Text(""))

    def down(*_: object) -> None:
        raise StoreUnavailable(Text("storage does not answer"))

    monkeypatch.setattr(reports, "newest_since", down)
    assert read(source).passage is Passage.UNKNOWN
    assert source.before(make_change(ChangeState.APPLYING), Window(at(6), at(9))) is None
