"""The terminal's commands on an App of fakes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from shared.app import App
from shared.approval_policy import DEFAULT_POLICY
from shared.cli.__main__ import main
from shared.core.approval.policy import Policy
from shared.flows.monitoring.check import CheckReport
from shared.flows.remediation.stop import StopChanges
from shared.model.assessment import Assessment
from shared.model.audit import AuditLine
from shared.model.fleet import Unlisted
from shared.model.incident import ClusterRecord
from shared.model.metric import Window
from shared.model.plan import Plan
from shared.model.reading import Measured, Reading
from shared.model.resource_id import ArmId
from shared.store.stop_switch import StopFlag, StopSwitch
from tests.support.nouns import make_cluster, make_plan

NOW = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(minutes=8), NOW - timedelta(minutes=3))
CLUSTER = make_cluster()
HEALTHY = Measured(WINDOW, measured_minutes=5, failed=0, successful=1_204)


class FakeSwitch:
    def __init__(self) -> None:
        self.flag = StopFlag()

    def set_stop_flag(self, flag: StopFlag, line: AuditLine) -> None:
        self.flag = flag


class Check:
    """Answers with what it was given, and notes what was asked."""

    def __init__(
        self, *assessments: Assessment, unreadable: tuple[Unlisted, ...] = (), error: Exception | None = None
    ) -> None:
        self.report = CheckReport(NOW, WINDOW, assessments, unreadable)
        self.error = error
        self.asked: list[tuple[str, int | None]] = []

    def all(self, now: datetime, minutes: int | None = None, on_progress: Any = None) -> CheckReport:
        return self.one("", now, minutes)

    def one(self, selector: str, now: datetime, minutes: int | None = None) -> CheckReport:
        self.asked.append((selector, minutes))
        if self.error is not None:
            raise self.error
        return self.report

    def find(self, selector: str) -> Any:
        if self.error is not None:
            raise self.error
        return CLUSTER


class FakeSilence:
    """Notes each silence that begins, or ends with None."""

    def __init__(self) -> None:
        self.calls: list[tuple[ArmId, datetime | None, str]] = []
        self.records: list[ClusterRecord] = []

    def begin(self, cluster_id: ArmId, until: datetime, by: str, now: datetime) -> ClusterRecord:
        self.calls.append((cluster_id, until, by))
        self.records.append(ClusterRecord(cluster_id, cluster_id.name, silenced_until=until, silenced_by=by))
        return self.records[-1]

    def present(self, now: datetime) -> list[ClusterRecord]:
        return self.records

    def end(self, cluster_id: ArmId, by: str, now: datetime) -> ClusterRecord:
        self.calls.append((cluster_id, None, by))
        return ClusterRecord(cluster_id, cluster_id.name)


def run(
    *arguments: str,
    check: Check | None = None,
    plan: Plan | None = None,
    switch: FakeSwitch | None = None,
    silence: FakeSilence | None = None,
    policy: Policy = DEFAULT_POLICY,
    sleep: Callable[[float], None] = lambda seconds: None,
) -> int:
    parts = SimpleNamespace(
        clock=SimpleNamespace(now=lambda: NOW, sleep=sleep),
        check=check or Check(),
        settings=SimpleNamespace(approval_policy=policy, people_sign_in=False, has_storage=True),
        planner=SimpleNamespace(plan_cluster=lambda cluster_id, now, request: plan or make_plan()),
        stop=StopChanges(cast(StopSwitch, switch or FakeSwitch())),
        silence=silence or FakeSilence(),
    )
    return main(arguments, lambda: cast(App, parts))


def assessed(reading: Reading) -> Assessment:
    return Assessment(CLUSTER, NOW, reading)
