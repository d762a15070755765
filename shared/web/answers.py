"""JSON answers: the dataclasses of the model, field by field, with the same names.

Times are ISO 8601 in UTC, in whole seconds. Fields are only added; a renamed field keeps its old name too for one
release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from ..core.az_cli import least_version
from .export.bicep import as_bicep, bicep_files
from .export.terraform import as_terraform

if TYPE_CHECKING:
    from ..core.probing.summary import ProbeSummary
    from ..flows.incidents.history import History
    from ..flows.monitoring.check import CheckReport
    from ..model.assessment import Assessment
    from ..model.change import Change, JournalEntry
    from ..model.incident import ClusterRecord
    from ..model.plan import Plan
    from ..store.stop_switch import StopFlag

SCHEMA = 1
_INTERNAL = frozenset({"signature", "journal_head", "may_be_written", "is_wait_notified"})


def plain(value: Any) -> Any:
    """A value as JSON types: dataclasses as objects, enums as their values, times as text.

    Without signatures, and without what only workers need.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value, *(field.name for field in fields(value) if field.name not in _INTERNAL))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _fields(value: object, *names: str) -> dict[str, Any]:
    return {name: plain(getattr(value, name)) for name in names}


def error_json(code: str, message: str) -> dict[str, Any]:
    """``code`` is stable and for programs, ``message`` is for people."""
    return {"error": {"code": code, "message": message}}


def assessment_json(assessment: Assessment) -> dict[str, Any]:
    cluster = _fields(assessment.cluster, "id", "name", "location", "outbound_type", "node_resource_group")
    return {"cluster": cluster, **_fields(assessment, "at", "load_balancer_id", "reading", "findings")}


def check_json(report: CheckReport, probes: ProbeSummary | None = None) -> dict[str, Any]:
    """``probes``: of the only cluster."""
    clusters = [assessment_json(assessment) for assessment in report.assessments]
    unreadable = [str(entry) for entry in report.unreadable]
    return {"schema": SCHEMA, **_fields(report, "at", "window"), "clusters": clusters, "unreadable": unreadable} | (
        {"probes": plain(probes)} if probes else {}
    )


def plan_json(plan: Plan) -> dict[str, Any]:
    """``terraform`` and ``bicep`` are the same change for networks that are managed as code.

    ``bicep_files`` are the same files one by one, in deployment order. ``azure_cli`` is the version that all commands
    need; empty without commands.
    """
    check_commands = [command for check in plan.checks for command in check.commands]
    related = [command for beside in plan.related for command in beside.commands]
    cli = least_version([*plan.commands, *plan.rollback_commands, *check_commands, *related])
    code = {"terraform": as_terraform(plan), "bicep": as_bicep(plan), "bicep_files": plain(bicep_files(plan))}
    return {"schema": SCHEMA, "is_executable": plan.is_executable, "azure_cli": cli, **plain(plan), **code}


def change_json(change: Change, journal: Sequence[JournalEntry] = ()) -> dict[str, Any]:
    return {"schema": SCHEMA, **plain(change), "journal": plain(journal), "plan": plan_json(change.plan)}


def history_page_json(histories: Sequence[History], next_url: str) -> dict[str, Any]:
    """``next_url``: of the next clusters; empty at the end."""
    return {
        "schema": SCHEMA,
        "clusters": [history_json(history) for history in histories],
        "next": next_url or None,
    }


def stop_json(flag: StopFlag) -> dict[str, Any]:
    return {"is_stopped": flag.is_set, **_fields(flag, "by", "reason", "at")}


def silence_json(record: ClusterRecord) -> dict[str, Any]:
    """``until``: None where posts go through."""
    until = plain(record.silenced_until)
    return {**_fields(record, "cluster_name", "cluster_id"), "until": until, "by": record.silenced_by}


def silences_json(records: Sequence[ClusterRecord]) -> dict[str, Any]:
    return {"schema": SCHEMA, "silences": [silence_json(record) for record in records]}


def history_json(history: History) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "cluster": plain(history.record),
        "incidents": plain(history.incidents),
        "changes": [change_json(change, history.journals.get(change.id, ())) for change in history.changes],
        "audit": plain(history.audit),
    }
