"""The fingerprint of what a plan will write. What was approved is what runs, or nothing runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from ..model.plan import PlanKind, Step


def digest(kind: PlanKind, cluster_id: str, steps: Sequence[Step]) -> str:
    """SHA-256 over kind, cluster and steps in canonical JSON: the same in every process and for any key order.

    Steps hold the writes and the writable preconditions. Evidence, prices, checks, times and etags stay out.
    """
    content = {"kind": kind, "cluster": cluster_id.lower(), "steps": [asdict(step) for step in steps]}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
