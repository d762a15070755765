"""The fingerprint of what a plan writes, and where. snatbot runs exactly what was approved, or nothing."""

import hashlib
import json
from dataclasses import asdict, fields, replace
from typing import Any

from ...model.plan import Plan

# The digest covers every field that this set does not name, so a new field counts by default.
NOT_WRITTEN = frozenset(
    {
        "digest",
        # texts and figures for the approver
        "cluster_name",
        "summary",
        "egress_now",
        "egress_then",
        "egress_count",
        "rollback_text",
        "rollback_commands",
        "commands",
        "notes",
        "cost",
        "irreversible",
        "related",
        "existing_ids",
        "is_requested",
        # measurements and findings: they differ at each planning and are read again before the first write
        "checks",
        "demand",
        "baseline",
        "planned_at",
    }
)
_IDS = ("cluster_id", "vnet_id")  # Azure returns these ids in any case


def digest(plan: Plan) -> str:
    """SHA-256 of what decides which writes happen and where, as canonical JSON: the same in every process.

    It covers the kind, the cluster, the virtual network (it names the subscription and the lock), the change that is
    rolled back, and all steps with ids, locations and writable preconditions. It leaves out evidence, prices, checks,
    times and etags. It also leaves out fields that have their default, so that a field added by a later release keeps
    the digests of older plans valid.
    """
    content = {name: value for name, value in _content(plan).items() if name not in NOT_WRITTEN}
    content |= {name: content[name].lower() for name in _IDS if content.get(name)}
    content["steps"] = [_content(step) for step in plan.steps]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def with_digest(plan: Plan) -> Plan:
    return replace(plan, digest=digest(plan))


def _content(value: Any) -> dict[str, Any]:
    content = asdict(value)
    return {
        field.name: content[field.name]
        for field in fields(value)
        if field.name == "kind" or field.default != content[field.name]
    }
