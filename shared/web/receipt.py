"""The receipt of a change as one JSON document: who approved what, when, with which result, and what verifies."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ..chat.labels import describe_step
from ..core.audit.chain import Proof
from ..flows.audit.receipt import Receipt
from ..model.audit import ENDED, GIVEN_UP
from .answers import SCHEMA, plain
from .audit_lines import line_json, problems_json


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """A proof is ``signed``, ``forged`` or ``key missing``; ``is_proven``: everything there is verifies."""
    change, plan, chain = receipt.change, receipt.change.plan, receipt.chain
    return {
        "schema": SCHEMA,
        "is_proven": receipt.is_proven,
        "proofs": {name: proof.value for name, proof in receipt.proofs.items()},
        "change": {
            "id": change.id,
            "cluster_id": change.cluster_id,
            "cluster_name": change.cluster_name,
            "kind": plan.kind.value,
            "summary": str(plan.summary),
            "digest": plan.digest,
            "state": change.state.value,
            "incident_id": change.incident_id,
            "requested_by": change.requested_by,
        },
        "times": _times(receipt),
        "decision": plain(change.decision),
        "people": list(_people(receipt)),
        "steps": list(_steps(receipt)),
        "verdict": plain(change.outcome),
        "audit": {
            "partition": chain.partition,
            "head": plain(chain.head),
            "is_whole": not chain.problems,
            "problems": problems_json(chain),
            "lines": [line_json(chain.partition, line, chain.sealed) for line, _ in receipt.lines],
        },
    }


def _times(receipt: Receipt) -> dict[str, Any]:
    change, decision = receipt.change, receipt.change.decision
    ended = [record.at for _, record in receipt.lines if record.event in (*ENDED, GIVEN_UP)]
    times: dict[str, datetime | None] = {
        "proposed_at": change.proposed_at,
        "decided_at": decision.decided_at if decision else None,
        "started_at": change.started_at,  # of the newest run
        "applied_at": change.applied_at,
        "ended_at": ended[-1] if ended else None,
    }
    return {name: plain(at) for name, at in times.items()}


def _people(receipt: Receipt) -> Iterator[dict[str, Any]]:
    """``role_as_of``: when the person's app roles were last seen, in a token of Entra ID."""
    decision, name = receipt.change.decision, ""
    for approval, proof in receipt.approvals:
        name = f"{approval.approver} and "
        yield _person(
            approval.approver, approval.object_id, "approve", approval.approved_at, approval.role_as_of, proof
        )
    if decision is not None:
        who, proof = decision.approver.removeprefix(name), receipt.proofs["decision"]
        yield _person(who, decision.object_id, decision.action, decision.decided_at, decision.role_as_of, proof)


def _person(
    name: str, object_id: str, action: str, at: datetime, role_as_of: datetime | None, proof: Proof
) -> dict[str, Any]:
    return {
        "name": name,
        "object_id": object_id,
        "known_by": "sign_in" if object_id else "not_verified",
        "role_as_of": plain(role_as_of),
        "action": str(action),
        "at": plain(at),
        "proof": proof.value,
    }


def _steps(receipt: Receipt) -> Iterator[dict[str, Any]]:
    entries = {entry.step: entry for entry in receipt.journal}
    for number, step in enumerate(receipt.change.plan.steps):
        entry = entries.get(number)
        yield {
            "step": number + 1,
            "what": str(describe_step(step)),
            "state": entry.state.value if entry else "pending",
            "started_at": plain(entry.started_at) if entry else None,
            "updated_at": plain(entry.updated_at) if entry else None,
            "result": str(entry.note) if entry else "",
        }
