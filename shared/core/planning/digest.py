"""The fingerprint of what a plan will write, and where. What was approved is what runs, or nothing runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields, replace
from typing import Any

from ...model.plan import Plan

# Every other field of a plan counts, so one that is added counts until somebody decides here that it may not.
NOT_WRITTEN = frozenset(
    {
        "digest",
        # words and figures for whoever decides
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
        # what was measured and found: it is looked at again before the first write, and differs at each planning
        "checks",
        "demand",
        "baseline",
        "planned_at",
    }
)
_IDS = ("cluster_id", "vnet_id")  # Azure returns them in any case


def digest(plan: Plan) -> str:
    """SHA-256 over all that decides what is written and where, in canonical JSON: the same in every process.

    That is the kind, the cluster, the virtual network (its subscription is written to, its claim is held), the change
    that is taken back, and the steps whole: ids, locations, and the writable preconditions. Evidence, prices, checks,
    times and etags stay out. So do fields that have their default: one that a later release adds leaves the digest of
    older plans as it was.
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
