"""The fingerprint of what a plan will write. What was approved is what runs, or nothing runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from ..model.plan import PlanKind, Step


def digest(kind: PlanKind, cluster_id: str, steps: Sequence[Step]) -> str:
    """SHA-256 over kind, cluster and steps in canonical JSON: the same in every process and for any key order.

    Steps hold the writes and the writable preconditions. Evidence, prices, checks, times and etags stay out. So do
    fields that have their default: one that a later release adds leaves the digest of older plans as it was.
    """
    content = {"kind": kind, "cluster": cluster_id.lower(), "steps": [_content(step) for step in steps]}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(step: Step) -> dict[str, Any]:
    content = asdict(step)
    return {
        one.name: content[one.name] for one in fields(step) if one.name == "kind" or one.default != content[one.name]
    }
