"""Verify the audit: every chain, against its head and against the day roots. It writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ...core.audit.chain import START, Chain, ChainReport, Line, Proof, Seal, root_hash, verify
from ...core.incidents.retention import audit_limit
from ...model.audit import ChainHead, DayRoot
from ...store.audit import AuditChain
from ...store.audit_rows import ProvenHead, ProvenRoot

_LOOKS = 3  # at a chain that others write to meanwhile


@dataclass(frozen=True, slots=True)
class AuditReport:
    chains: tuple[ChainReport, ...]
    roots: tuple[DayRoot, ...]  # those that are as they were sealed, oldest first
    newest_root: DayRoot | None  # that a held key signed
    broken_roots: tuple[str, ...]  # days
    is_signing: bool  # False: without a key, hashes alone hold the lines together

    @property
    def is_whole(self) -> bool:
        return not self.broken_roots and not any(chain.problems for chain in self.chains)


class _Anchors:
    """What the day roots hold of each partition."""

    def __init__(self, roots: Sequence[tuple[DayRoot, Proof]], expired_before: date) -> None:
        self.seals: dict[str, list[Seal]] = {}  # oldest first
        self.bases: dict[str, ChainHead] = {}  # of the newest root that is so old that its lines may be deleted
        for root, proof in roots:
            heads = {head.partition: ChainHead(head.sequence, head.hash) for head in root.heads}
            for partition, head in heads.items():
                self.seals.setdefault(partition, []).append(Seal(head, proof))
            if root.day < expired_before:
                self.bases = heads


class VerifyAudit:
    def __init__(self, chain: AuditChain) -> None:
        self._chain = chain

    def run(self, now: datetime) -> AuditReport:
        """Raises StoreError."""
        found = self._chain.roots()
        roots = _as_sealed(found)
        anchors, heads, reports = _Anchors(roots, audit_limit(now).date()), self._chain.heads(), []
        without_lines = {*anchors.seals, *heads}
        for partition, lines in self._chain.all_lines():
            without_lines.discard(partition)
            report = self._verified(partition, lines, heads.get(partition), anchors)
            # Perhaps a line was written between the two reads.
            reports.append(self._verified(partition, *self._at_rest(partition), anchors) if report.problems else report)
        reports += [self._verified(partition, (), heads.get(partition), anchors) for partition in sorted(without_lines)]
        is_signing = self._chain.is_signing
        wanted = Proof.SIGNED if is_signing else Proof.NOT_SIGNED
        return AuditReport(
            tuple(reports),
            tuple(root for root, _ in roots),
            next((root for root, proof in reversed(roots) if proof is wanted), None),
            tuple(stored.day for stored in found if (stored.root, stored.proof) not in roots),
            is_signing,
        )

    def partition(self, partition: str, now: datetime) -> tuple[ChainReport, Sequence[Line]]:
        """One chain, and its lines. Raises StoreError."""
        anchors = _Anchors(_as_sealed(self._chain.roots()), audit_limit(now).date())
        lines, head = self._at_rest(partition)
        return self._verified(partition, lines, head, anchors), lines

    def _verified(
        self, partition: str, lines: Sequence[Line], head: ProvenHead | None, anchors: _Anchors
    ) -> ChainReport:
        chain = Chain(
            partition,
            lines,
            head.head if head else None,
            head.proof if head else Proof.NOT_SIGNED,
            anchors.seals.get(partition, ()),
            anchors.bases.get(partition, START),
        )
        return verify(chain, is_signing=self._chain.is_signing)

    def _at_rest(self, partition: str) -> tuple[Sequence[Line], ProvenHead | None]:
        """Lines and head of one moment: nobody wrote between two looks at the head."""
        chain = self._chain
        for _ in range(_LOOKS):
            before, lines, after = chain.head(partition), chain.lines(partition), chain.head(partition)
            if before == after:
                break
        return lines, after


def _as_sealed(found: Sequence[ProvenRoot]) -> list[tuple[DayRoot, Proof]]:
    """Without roots that were edited, moved or forged."""
    return [
        (root, stored.proof)
        for stored in found
        if (root := stored.root) and stored.proof is not Proof.FORGED and stored.day == f"{root.day:%Y%m%d}"
        if root.hash == root_hash(root.day, root.heads)
    ]
