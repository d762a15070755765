"""JSON answers: the nouns of the model, field for field, so that there is one vocabulary.

Times are ISO 8601 in UTC. Fields are only ever added; a field that is renamed keeps its old name beside the new one
for one release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from ..model.assessment import Assessment
from ..model.audit import AuditLine
from ..model.change import Change, JournalEntry
from ..model.incident import ClusterRecord, Incident
from ..model.metric import Window
from ..model.plan import Plan
from .export.bicep import as_bicep, bicep_files
from .export.terraform import as_terraform

SCHEMA = 1


def plain(value: Any) -> Any:
    """A noun as JSON types: dataclasses as objects, enums as their values, times as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def error_json(code: str, message: str) -> dict[str, Any]:
    """``code`` is stable and for programs, ``message`` for people."""
    return {"error": {"code": code, "message": message}}


def assessment_json(assessment: Assessment) -> dict[str, Any]:
    cluster = assessment.cluster
    return {
        "cluster": {
            "id": cluster.id,
            "name": cluster.name,
            "location": cluster.location,
            "outbound_type": cluster.outbound_type,
            "node_resource_group": cluster.node_resource_group,
        },
        "at": plain(assessment.at),
        "load_balancer_id": assessment.load_balancer_id,
        "reading": plain(assessment.reading),
        "findings": plain(assessment.findings),
    }


def check_json(
    at: datetime, window: Window, assessments: Sequence[Assessment], unreadable: Sequence[str]
) -> dict[str, Any]:
    """``unreadable`` names what could not even be listed."""
    return {
        "schema": SCHEMA,
        "at": plain(at),
        "window": plain(window),
        "clusters": [assessment_json(assessment) for assessment in assessments],
        "unreadable": list(unreadable),
    }


def plan_json(plan: Plan) -> dict[str, Any]:
    """``terraform`` and ``bicep`` are the same change for those who manage the network as code.

    ``bicep_files`` are the same one by one, in the order in which they are deployed.
    """
    code = {"terraform": as_terraform(plan), "bicep": as_bicep(plan), "bicep_files": plain(bicep_files(plan))}
    return {"schema": SCHEMA, "is_executable": plan.is_executable, **plain(plan), **code}


def change_json(change: Change, journal: Sequence[JournalEntry] = ()) -> dict[str, Any]:
    """The decision's signature stays inside: whoever reads an answer has no use for it."""
    answer: dict[str, Any] = {"schema": SCHEMA, **plain(change), "journal": plain(journal)}
    answer["plan"] = plan_json(change.plan)
    if answer["decision"] is not None:
        del answer["decision"]["signature"]
    if answer["start"] is not None:
        del answer["start"]["signature"]
    return answer


def history_json(
    record: ClusterRecord | None,
    incidents: Sequence[Incident],
    changes: Sequence[Change],
    journals: Mapping[str, Sequence[JournalEntry]],
    audit: Sequence[AuditLine],
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "cluster": plain(record),
        "incidents": plain(incidents),
        "changes": [change_json(change, journals.get(change.id, ())) for change in changes],
        "audit": plain(audit),
    }
