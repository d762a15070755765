"""A partition's chain of audit lines: each line has the hash of the line before it, and the head that of the last line.

Day roots seal all heads. A line that is not signed, or signed with a key that is missing here, is proven by a later
root only.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ...model.audit import ChainHead, SealedHead

START = ChainHead(0, "")


class Proof(StrEnum):
    """What the signature of a row shows, best first."""

    SIGNED = "signed"
    NOT_SIGNED = "not signed"
    KEY_MISSING = "key missing"
    FORGED = "forged"


class ProblemKind(StrEnum):
    EDITED = "edited"  # also: moved, copied or swapped
    REMOVED = "removed"
    INSERTED = "inserted"
    TRUNCATED = "cut off at the end"
    REWRITTEN = "rewritten since it was sealed"
    HEAD = "head missing or forged"
    UNPROVEN = "not proven by a signature or a day root"


@dataclass(frozen=True, slots=True)
class Problem:
    kind: ProblemKind
    first: int  # sequence numbers of the lines; 0: of a line without one
    last: int


@dataclass(frozen=True, slots=True)
class Line:
    key: str  # of its row
    content: str  # as stored
    sequence: int  # from 1; 0: it was written before there were chains, or by somebody else
    previous: str  # hash of the line before it; empty: it is the first line
    proof: Proof

    def hash_in(self, partition: str) -> str:
        return line_hash(partition, self.key, self.sequence, self.previous, self.content)


@dataclass(frozen=True, slots=True)
class Seal:
    """A partition's head in a day root, and what the root's signature shows."""

    head: ChainHead
    proof: Proof


@dataclass(frozen=True, slots=True)
class Chain:
    """What is stored of one partition. ``base``: the last line that was deleted because of its age."""

    partition: str
    lines: Sequence[Line]
    head: ChainHead | None
    head_proof: Proof = Proof.NOT_SIGNED
    seals: Sequence[Seal] = ()
    base: ChainHead = START


@dataclass(frozen=True, slots=True)
class ChainReport:
    """``lines``, ``signed``, ``anchored`` and ``unchained`` are numbers of lines."""

    partition: str
    head: ChainHead
    lines: int
    signed: int
    anchored: int  # sealed in a day root; the others are not yet
    sealed: int  # sequence number of the last line that is
    unchained: int  # from before there were chains: nothing proves them
    problems: tuple[Problem, ...]


def line_hash(partition: str, key: str, sequence: int, previous: str, content: str) -> str:
    return _sha256([partition, key, sequence, previous, content])


def root_hash(day: date, heads: Iterable[SealedHead]) -> str:
    """The hash over all heads, in the order of their partitions."""
    return _sha256([day.isoformat(), sorted((head.partition, head.sequence, head.hash) for head in heads)])


def verify(chain: Chain, *, is_signing: bool) -> ChainReport:
    """``is_signing``: the app has a key, so new lines must be signed."""
    base = chain.base
    kept = sorted((line for line in chain.lines if line.sequence > base.sequence), key=_place)
    hashes = {base.sequence: base.hash}
    hashes |= {line.sequence: line.hash_in(chain.partition) for line in kept}
    wanted = Proof.SIGNED if is_signing else Proof.NOT_SIGNED
    good = [
        seal.head for seal in chain.seals if seal.proof is wanted and hashes.get(seal.head.sequence) == seal.head.hash
    ]
    anchored = max((head.sequence for head in good), default=base.sequence)
    problems = [
        *_odd_lines(chain, kept),
        *_broken_links(kept, base, hashes),
        *_odd_end(chain, kept, hashes),
        *_broken_seals(chain, kept, hashes),
        *_unproven([line for line in kept if line.sequence > anchored], is_signing=is_signing),
    ]
    return ChainReport(
        chain.partition,
        chain.head or START,
        lines=len(kept),
        signed=sum(line.proof is Proof.SIGNED for line in kept),
        anchored=sum(line.sequence <= anchored for line in kept),
        sealed=anchored,
        unchained=sum(not line.sequence for line in chain.lines),
        problems=tuple(dict.fromkeys(problems)),
    )


def leads_to(head: ChainHead | None, partition: str, lines: Iterable[Line]) -> bool:
    """Whether these lines follow on each other, and the head on the last. Lines before the first may be missing."""
    last: ChainHead | None = None
    for line in sorted((line for line in lines if line.sequence), key=_place):
        if last is not None and (line.sequence, line.previous) != (last.sequence + 1, last.hash):
            return False
        last = ChainHead(line.sequence, line.hash_in(partition))
    return last == head


def _place(line: Line) -> tuple[int, str]:
    return line.sequence, line.key


def _odd_lines(chain: Chain, kept: Sequence[Line]) -> Iterator[Problem]:
    """Forged lines, lines that lost their signature, and lines outside the chain that are younger than it."""
    begins_at = min((line.key for line in kept), default="")
    for line in chain.lines:
        if line.proof is Proof.FORGED:
            yield _at(ProblemKind.EDITED, line)
        elif kept and not line.sequence and line.key > begins_at:
            yield _at(ProblemKind.INSERTED, line)
    is_signed = False
    for line in kept:
        if is_signed and line.proof is Proof.NOT_SIGNED:
            yield _at(ProblemKind.EDITED, line)
        is_signed = is_signed or line.proof is Proof.SIGNED


def _broken_links(kept: Sequence[Line], base: ChainHead, hashes: Mapping[int, str]) -> Iterator[Problem]:
    before, number = None, base.sequence
    for line in kept:
        if line.sequence == number:
            yield _at(ProblemKind.INSERTED, line)
        elif line.sequence > number + 1:
            yield Problem(ProblemKind.REMOVED, number + 1, line.sequence - 1)
        elif line.previous != hashes[number]:
            # A line that carries its signature is as it was written: then the other of the two is not.
            is_earlier = before is not None and before.proof is not Proof.SIGNED
            yield _at(ProblemKind.EDITED, before if before is not None and is_earlier else line)
        before, number = line, line.sequence


def _odd_end(chain: Chain, kept: Sequence[Line], hashes: Mapping[int, str]) -> Iterator[Problem]:
    last, head = _last(kept, chain.base), chain.head
    if head is None:
        if kept:
            yield Problem(ProblemKind.HEAD, last, last)
        return
    is_unsigned = chain.head_proof is Proof.NOT_SIGNED and bool(kept) and kept[-1].proof is Proof.SIGNED
    if chain.head_proof is Proof.FORGED or is_unsigned:
        yield Problem(ProblemKind.HEAD, head.sequence, head.sequence)
    if head.sequence > last:
        yield Problem(ProblemKind.TRUNCATED, last + 1, head.sequence)
    elif head.sequence < last:
        yield Problem(ProblemKind.INSERTED, head.sequence + 1, last)
    elif head.hash != hashes[last]:
        yield Problem(ProblemKind.EDITED, last, last)


def _broken_seals(chain: Chain, kept: Sequence[Line], hashes: Mapping[int, str]) -> Iterator[Problem]:
    last = _last(kept, chain.base)
    for seal in chain.seals:
        number = seal.head.sequence
        if number > last:
            yield Problem(ProblemKind.TRUNCATED, last + 1, number)
        elif number > chain.base.sequence and hashes.get(number, seal.head.hash) != seal.head.hash:
            yield Problem(ProblemKind.REWRITTEN, number, number)


def _unproven(lines: Sequence[Line], *, is_signing: bool) -> Iterator[Problem]:
    found = [
        line.sequence
        for line in lines
        if line.proof is Proof.KEY_MISSING or (is_signing and line.proof is Proof.NOT_SIGNED)
    ]
    if found:
        yield Problem(ProblemKind.UNPROVEN, found[0], found[-1])


def _last(kept: Sequence[Line], base: ChainHead) -> int:
    return kept[-1].sequence if kept else base.sequence


def _at(kind: ProblemKind, line: Line) -> Problem:
    return Problem(kind, line.sequence, line.sequence)


def _sha256(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
