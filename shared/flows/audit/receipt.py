"""The receipt of a change: what is stored of it, and what of that verifies. It writes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec

from ...auth.errors import DecisionForged
from ...auth.signing import Signer
from ...core.audit.chain import ChainReport, Line, Proof
from ...core.planning.digest import digest
from ...errors import KeyMissing, NotFoundHere, RowForged
from ...model.audit import GIVEN_UP, AuditLine, now_is
from ...model.change import Approval, Change, Decision, JournalEntry, Outcome, Verdict
from ...model.text import Text
from ...store.audit_rows import as_record
from ...store.records import Records
from .verify import VerifyAudit

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Receipt:
    change: Change
    approvals: tuple[tuple[Approval, Proof], ...]  # of others than who decided last
    journal: tuple[JournalEntry, ...]  # without what did not verify
    lines: tuple[tuple[Line, AuditLine], ...]  # of this change; what can't be read is left out
    chain: ChainReport  # of the whole partition
    proofs: Mapping[str, Proof]  # of decision, start, journal and outcome, as far as there are any

    @property
    def is_proven(self) -> bool:
        found = (*self.proofs.values(), *(proof for _, proof in self.approvals))
        return not self.chain.problems and all(proof is Proof.SIGNED for proof in found)


class Receipts:
    def __init__(self, records: Records, signer: Signer, audit: VerifyAudit) -> None:
        self._records = records
        self._signer = signer
        self._audit = audit

    def of(self, partition: str, change_id: str, now: datetime) -> Receipt:
        """Raises NotFoundHere, or StoreError."""
        stored = self._records.change(partition, change_id)
        if stored is None:
            raise NotFoundHere(Text("This change is not known here. Its records may have been deleted."))
        change = stored.value
        journal = self._records.journal(partition, change_id)
        chain, lines = self._audit.partition(partition, now)
        read = [(line, as_record(line)) for line in lines]
        own = tuple((line, record) for line, record in read if record is not None and record.subject == change_id)
        policy = change.decision.policy if change.decision else None
        counting = [approval for approval in change.approvals if policy is None or approval.policy == policy]
        return Receipt(
            change,
            tuple((found, _proof(self._signer.verify_approval, change, found)) for found in counting),
            tuple(journal[step].value for step in sorted(journal)),
            own,
            chain,
            dict(self._proofs(partition, change, own)),
        )

    def _proofs(
        self, partition: str, change: Change, lines: tuple[tuple[Line, AuditLine], ...]
    ) -> list[tuple[str, Proof]]:
        decision, start, outcome = change.decision, change.start, change.outcome
        found = []
        if decision is not None:
            found.append(("decision", _proof(self._verify_decision, change, decision)))
        if start is not None:
            found.append(("start", _proof(self._signer.verify_start, change, start)))
            found.append(("journal", _proof(self._records.verified_journal, partition, change)))
        if outcome is not None:
            ended = [line.proof for line, record in lines if _tells(record, change, outcome)]
            found.append(("outcome", ended[-1] if ended else Proof.FORGED))
        return found

    def _verify_decision(self, change: Change, decision: Decision) -> None:
        self._signer.verify_decision(change, decision.action)
        if digest(change.plan) != decision.digest:
            raise DecisionForged


def _tells(record: AuditLine, change: Change, outcome: Outcome) -> bool:
    """Whether this line of the audit says that the change ended so."""
    if outcome.verdict is Verdict.GIVEN_UP:
        return record.event == GIVEN_UP
    return record.event == now_is(change.state) and record.detail == outcome.reason


def _proof(check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Proof:
    try:
        check(*args, **kwargs)
    except KeyMissing:
        return Proof.KEY_MISSING
    except (RowForged, DecisionForged):
        return Proof.FORGED
    return Proof.SIGNED
