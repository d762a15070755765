"""The audit and the receipt of a change as pages."""

from collections.abc import Mapping, Sequence

from ..chat.labels import describe_step
from ..core.audit.chain import Line, Proof
from ..flows.audit.receipt import Receipt
from ..flows.audit.verify import AuditReport
from ..model.text import Text
from ..store.audit_rows import as_record
from .change_view import ChangeView
from .pages import FLEET, SignedIn, crumbs, render
from .paths import Paths
from .plan_view import Tone

_PROOFS: Mapping[Proof, tuple[Tone, Text]] = {
    Proof.SIGNED: ("good", Text("signed")),
    Proof.NOT_SIGNED: ("neutral", Text("not signed")),
    Proof.KEY_MISSING: ("waiting", Text("key missing")),
    Proof.FORGED: ("bad", Text("does not verify")),
}
_PARTS = {
    "start": Text("Start of the last run"),
    "journal": Text("Journal of the steps"),
    "outcome": Text("Outcome, as in the audit"),
}


def receipt_page(
    receipt: Receipt, paths: Paths, link: str, *, language: str = "en", signed_in: SignedIn | None = None
) -> str:
    """``link``: the query of the page of the change, which also opens the receipt."""
    change = receipt.change
    above = crumbs(paths, change.cluster_id, change.cluster_name, change.incident_id or "")
    page = f"/api/changes/{change.id}{link}"
    parts = [(_PARTS.get(name, name), *_PROOFS[proof]) for name, proof in receipt.proofs.items() if name != "decision"]
    people = [(found.approver, found.approved_at, *_PROOFS[proof]) for found, proof in receipt.approvals]
    if change.decision and "decision" in receipt.proofs:
        people.append((change.decision.approver, change.decision.decided_at, *_PROOFS[receipt.proofs["decision"]]))
    return render(
        "receipt.html",
        language,
        receipt=receipt,
        change=change,
        view=ChangeView(change, receipt.journal, None),
        parts=parts,
        people=people,
        steps=[(entry, describe_step(change.plan.steps[entry.step])) for entry in receipt.journal],
        lines=[_line(line) for line, _ in receipt.lines],
        json_url=f"/api/changes/{change.id}/receipt{link}&as=json",
        crumbs=[*above, (Text("Change"), page)],
        signed_in=signed_in,
    )


def audit_page(
    found: Sequence[Line],
    report: AuditReport | None,
    next_url: str,
    *,
    language: str = "en",
    signed_in: SignedIn | None = None,
) -> str:
    """``report``: None behind the first page."""
    return render(
        "audit.html",
        language,
        lines=[_line(line) for line in found],
        report=report,
        next_url=next_url,
        crumbs=[(FLEET, Paths().fleet)],
        signed_in=signed_in,
    )


def _line(line: Line) -> tuple[object, int, str, Tone, Text]:
    """Record (None if it can't be read), number in its chain, content as stored, and proof."""
    return as_record(line), line.sequence, line.content, *_PROOFS[line.proof]
