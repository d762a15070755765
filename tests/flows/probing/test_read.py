"""Which egress IPs are expected, by the newest change of a cluster, and in which region the app is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.core.probing.summary import Hint, ProbeSummary
from shared.flows.probing.read import SETTLED, ReadProbes, is_elsewhere
from shared.ids import cluster_key, new_id
from shared.model.change import Change, ChangeState
from shared.model.probe import ProbeReport, TargetCounts
from shared.model.text import Text, verbatim
from shared.store.errors import StoreUnavailable
from shared.store.probes import ProbeKeys, ProbeReports
from shared.store.records import Put, Records
from shared.store.table import Table
from tests.support.nouns import make_change, make_plan, started
from tests.support.storage import table_at

OLD, NEW = "20.0.0.1", "20.1.2.3"
PLAN = replace(make_plan(), steps=(), egress_now=(verbatim(OLD),), egress_then=(verbatim(NEW),))
UNKNOWN = replace(PLAN, egress_now=())
PROPOSED = make_change().proposed_at
APPLIED, NOW = PROPOSED + timedelta(minutes=20), PROPOSED + timedelta(minutes=45)
PARTITION = cluster_key(make_change().cluster_id)


@pytest.fixture
def reports(storage: str) -> ProbeReports:
    return ProbeReports(table_at(storage, f"p{new_id()}"), None)


@pytest.fixture
def probes(table: Table, records: Records, reports: ProbeReports) -> ReadProbes:
    return ReadProbes(ProbeKeys(table, None), reports, records, "West Europe")


def change(state: ChangeState, **changed: Any) -> Change:
    return replace(make_change(state), plan=PLAN, due_at=None, start=None, applied_at=None, step=0, **changed)


def begun(state: ChangeState) -> Change:
    return replace(change(state), start=started(PROPOSED + timedelta(minutes=10)), step=1, applied_at=APPLIED)


def tell(reports: ProbeReports, at: datetime, address: str) -> None:
    reports.add(PARTITION, ProbeReport(new_id(32), "n", "p", at, at, at, address, targets=(TargetCounts("x:1", 9),)))


def summary(probes: ReadProbes) -> ProbeSummary:
    found = probes.summary(PARTITION, "northeurope", NOW - timedelta(hours=1), NOW)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        (None, ()),
        (change(ChangeState.PROPOSED), (OLD,)),
        (change(ChangeState.DENIED), (OLD,)),
        (begun(ChangeState.VERIFYING), (OLD, NEW)),
        (begun(ChangeState.FAILED), (OLD, NEW)),
        (begun(ChangeState.FIXED), (NEW,)),
        (replace(change(ChangeState.DENIED), plan=UNKNOWN), ()),
        (replace(begun(ChangeState.FAILED), plan=UNKNOWN), ()),
        (replace(begun(ChangeState.FIXED), plan=UNKNOWN), (NEW,)),
    ],
    ids=[
        "none",
        "proposed",
        "denied",
        "verifying",
        "failed",
        "fixed",
        "unknown before",
        "begun, unknown before",
        "fixed, unknown before",
    ],
)
def test_the_newest_change_says_what_is_expected(
    probes: ReadProbes, reports: ProbeReports, records: Records, newest: Change | None, expected: tuple[str, ...]
) -> None:
    older = replace(begun(ChangeState.FIXED), id="older", proposed_at=PROPOSED - timedelta(days=1))
    if newest:
        records.commit_in(PARTITION, [Put(older), Put(newest)])
    tell(reports, NOW, OLD)
    assert summary(probes).expected == expected


def test_the_old_address_is_a_difference_only_if_it_is_seen_after_the_switch(
    probes: ReadProbes, reports: ProbeReports, records: Records
) -> None:
    records.commit_in(PARTITION, [Put(begun(ChangeState.FIXED))])
    tell(reports, PROPOSED, OLD)
    tell(reports, APPLIED + SETTLED, OLD)
    tell(reports, NOW, NEW)
    assert [seen.hint for seen in summary(probes).observed] == [Hint.SWITCH]
    tell(reports, NOW, OLD)
    assert Hint.OTHER_ADDRESS in [seen.hint for seen in summary(probes).observed]


def test_the_outcome_of_a_switch_has_what_probes_saw_before_and_since(
    probes: ReadProbes, reports: ProbeReports, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifying = begun(ChangeState.VERIFYING)
    records.commit_in(PARTITION, [Put(verifying)])
    assert probes.proof(verifying, NOW) == ()
    tell(reports, PROPOSED, OLD)
    tell(reports, NOW, NEW)
    assert [str(text) for text in probes.proof(verifying, NOW)] == [
        "Slow or failed: 0 of 9 connections before the switch, 0 of 9 since.",
        f"Egress IPs, proven by tickets: {NEW}",
    ]
    assert probes.proof(change(ChangeState.PROPOSED), NOW) == ()

    def down(*_: object) -> None:
        raise StoreUnavailable(Text("storage does not answer"))

    monkeypatch.setattr(reports, "newest_since", down)
    assert probes.proof(verifying, NOW) == ()


def test_a_cluster_without_keys_and_reports_has_no_probes(probes: ReadProbes) -> None:
    assert probes.summary(PARTITION, "", NOW - timedelta(hours=1), NOW) is None


@pytest.mark.parametrize(
    ("app", "cluster", "is_other"),
    [("West Europe", "westeurope", False), ("westeurope", "northeurope", True), ("", "x", False), ("x", "", False)],
)
def test_the_app_is_elsewhere_only_if_both_regions_are_known(app: str, cluster: str, is_other: bool) -> None:
    assert is_elsewhere(app, cluster) is is_other
