"""The audit as JSON lines: what verifying it found, and the lines with their places in their chains."""

import json
from collections.abc import Mapping
from typing import Any

from ..core.audit.chain import ChainReport, Line
from ..flows.audit.verify import AuditReport
from ..store.audit_rows import as_record
from .answers import SCHEMA, plain


def verification_json(report: AuditReport) -> dict[str, Any]:
    """The numbers are numbers of lines; ``problems`` names lines by partition and sequence number."""
    chains, newest = report.chains, report.newest_root
    return {
        "kind": "verification",
        "schema": SCHEMA,
        "is_whole": report.is_whole,
        "is_signed": report.is_signing,
        "chains": len(chains),
        "lines": sum(chain.lines for chain in chains),
        "signed": sum(chain.signed for chain in chains),
        "not_yet_anchored": sum(chain.lines - chain.anchored for chain in chains),
        "outside_of_chains": sum(chain.unchained for chain in chains),
        "newest_root": {"day": newest.day.isoformat(), "hash": newest.hash} if newest else None,
        "broken_roots": list(report.broken_roots),
        "problems": [problem for chain in chains for problem in problems_json(chain)],
    }


def problems_json(chain: ChainReport) -> list[dict[str, Any]]:
    return [{"partition": chain.partition, **plain(problem)} for problem in chain.problems]


def line_json(partition: str, line: Line, sealed: int) -> dict[str, Any]:
    """``sealed``: the last line of this partition that the newest day root covers."""
    record = as_record(line)
    return {
        "kind": "line",
        "partition": partition,
        "sequence": line.sequence,
        "hash": line.hash_in(partition),
        "proof": line.proof.value,
        "is_anchored": 0 < line.sequence <= sealed,
        **(plain(record) if record else {"unreadable": line.content}),
    }


def json_lines(*objects: Mapping[str, Any]) -> str:
    return "".join(f"{json.dumps(found)}\n" for found in objects)
