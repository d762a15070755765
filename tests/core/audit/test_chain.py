"""Whatever is done to the lines of a chain shows: by hashes alone, and with signatures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.core.audit.chain import START, Chain, ChainReport, Line, ProblemKind, Proof, Seal, root_hash
from shared.core.audit.chain import line_hash as hash_of
from shared.core.audit.chain import verify as verified
from shared.model.audit import ChainHead, SealedHead

PARTITION = "p1"
CONTENTS = st.lists(st.text(max_size=4), min_size=1, max_size=8)


def made(contents: list[str], proof: Proof = Proof.NOT_SIGNED) -> Chain:
    """A chain as the app writes it."""
    lines, head = [], START
    for content in contents:
        line = Line(f"audit-{head.sequence:03}", content, head.sequence + 1, head.hash, proof)
        lines.append(line)
        head = ChainHead(line.sequence, hashed(line))
    return Chain(PARTITION, tuple(lines), head, proof)


def hashed(line: Line) -> str:
    return hash_of(PARTITION, line.key, line.sequence, line.previous, line.content)


def verify(chain: Chain, *, is_signing: bool = False) -> ChainReport:
    return verified(chain, is_signing=is_signing)


def kinds(chain: Chain, *, is_signing: bool = False) -> set[ProblemKind]:
    return {problem.kind for problem in verify(chain, is_signing=is_signing).problems}


@given(CONTENTS, st.sampled_from([Proof.SIGNED, Proof.NOT_SIGNED]))
def test_a_chain_as_it_was_written_has_no_problem(contents: list[str], proof: Proof) -> None:
    report = verify(made(contents, proof), is_signing=proof is Proof.SIGNED)
    assert (report.problems, report.lines, report.anchored) == ((), len(contents), 0)


@given(CONTENTS, st.data())
def test_any_edit_is_found(contents: list[str], data: st.DataObject) -> None:
    chain = made(contents)
    number = data.draw(st.integers(0, len(contents) - 1))
    line = chain.lines[number]
    column = data.draw(st.sampled_from(["key", "content", "sequence", "previous"]))
    value: Any = data.draw(st.integers(0, 12) if column == "sequence" else st.text(max_size=4))
    assume(value != getattr(line, column))
    edited = [*chain.lines]
    edited[number] = replace(line, **{column: value})
    assert kinds(replace(chain, lines=edited))


@given(CONTENTS, st.data())
def test_any_removal_and_any_truncation_is_found(contents: list[str], data: st.DataObject) -> None:
    chain = made(contents)
    removed = data.draw(st.sets(st.sampled_from(chain.lines), min_size=1))
    kept = [line for line in chain.lines if line not in removed]
    is_end = all(line.sequence > len(kept) for line in removed)
    assert kinds(replace(chain, lines=kept)) >= {ProblemKind.TRUNCATED if is_end else ProblemKind.REMOVED}


@given(CONTENTS, st.data())
def test_any_other_order_is_found(contents: list[str], data: st.DataObject) -> None:
    """Contents change rows, or rows change their numbers."""
    chain = made(contents)
    order = data.draw(st.permutations(range(len(contents))))
    column = data.draw(st.sampled_from(["content", "sequence"]))
    moved = [
        replace(line, **{column: getattr(chain.lines[other], column)})
        for line, other in zip(chain.lines, order, strict=True)
    ]
    assume(tuple(moved) != chain.lines)
    assert kinds(replace(chain, lines=moved))


@given(CONTENTS, st.text(max_size=4), st.data())
def test_any_line_that_is_put_in_is_found(contents: list[str], content: str, data: st.DataObject) -> None:
    chain = made(contents)
    sequence = data.draw(st.integers(0, len(contents) + 2))
    line = Line("audit-010", content, sequence, chain.head.hash if chain.head else "", Proof.NOT_SIGNED)
    assert kinds(replace(chain, lines=[*chain.lines, line]))


@given(CONTENTS, st.data())
def test_who_computes_all_hashes_anew_meets_the_day_root(contents: list[str], data: st.DataObject) -> None:
    chain = made(contents)
    sealed = data.draw(st.sampled_from(chain.lines))
    seal = Seal(ChainHead(sealed.sequence, hashed(sealed)), Proof.NOT_SIGNED)
    others = data.draw(st.lists(st.text(max_size=4), max_size=8))
    assume(others[: sealed.sequence] != contents[: sealed.sequence])
    found = kinds(replace(made(others), seals=[seal]))
    assert found & {ProblemKind.REWRITTEN, ProblemKind.TRUNCATED}


@given(CONTENTS, st.data())
def test_lines_after_the_last_root_are_not_yet_anchored(contents: list[str], data: st.DataObject) -> None:
    chain = made(contents, Proof.SIGNED)
    sealed = data.draw(st.sampled_from(chain.lines))
    for proof, anchored in ((Proof.SIGNED, sealed.sequence), (Proof.NOT_SIGNED, 0)):
        seal = Seal(ChainHead(sealed.sequence, hashed(sealed)), proof)
        report = verify(replace(chain, seals=[seal]), is_signing=True)
        assert (report.anchored, report.problems) == (anchored, ())


@given(CONTENTS, st.data())
def test_what_is_older_than_the_oldest_root_may_be_gone(contents: list[str], data: st.DataObject) -> None:
    chain = made(contents, Proof.SIGNED)
    last = data.draw(st.sampled_from(chain.lines))
    base = ChainHead(last.sequence, hashed(last))
    gone = data.draw(st.sets(st.sampled_from(chain.lines[: last.sequence])))
    kept = [line for line in chain.lines if line not in gone]
    assert not kinds(replace(chain, lines=kept, base=base), is_signing=True)
    if last.sequence < len(contents):
        assert kinds(replace(chain, lines=kept[:-1], base=base), is_signing=True) == {ProblemKind.TRUNCATED}


@pytest.mark.parametrize("proof", [Proof.NOT_SIGNED, Proof.KEY_MISSING])
def test_what_no_held_key_signed_is_proven_by_a_later_root_only(proof: Proof) -> None:
    chain = made(["a", "b"], proof)
    assert kinds(chain, is_signing=True) == {ProblemKind.UNPROVEN}
    assert chain.head is not None
    assert not kinds(replace(chain, seals=[Seal(chain.head, Proof.SIGNED)]), is_signing=True)


def test_a_line_or_a_head_that_lost_its_signature_is_found() -> None:
    chain = made(["a", "b", "c"], Proof.SIGNED)
    stripped = [chain.lines[0], replace(chain.lines[1], proof=Proof.NOT_SIGNED), chain.lines[2]]
    assert ProblemKind.EDITED in kinds(replace(chain, lines=stripped), is_signing=True)
    for proof in (Proof.NOT_SIGNED, Proof.FORGED):
        assert kinds(replace(chain, head_proof=proof), is_signing=True) == {ProblemKind.HEAD}
    assert kinds(replace(chain, head=None), is_signing=True) == {ProblemKind.HEAD}


def test_lines_from_before_there_were_chains_are_counted_and_younger_ones_are_found() -> None:
    chain = made(["a", "b"])
    older, younger = (Line(f"audit-{key}", "x", 0, "", Proof.NOT_SIGNED) for key in ("", "zzz"))
    assert (verify(replace(chain, lines=[older, *chain.lines])).unchained, kinds(replace(chain, lines=[older]))) == (
        1,
        {ProblemKind.TRUNCATED},
    )
    assert kinds(replace(chain, lines=[*chain.lines, younger])) == {ProblemKind.INSERTED}


@given(st.permutations([SealedHead("a", 1, "x"), SealedHead("b", 2, "y")]))
def test_a_root_depends_on_each_head_and_not_on_their_order(heads: list[SealedHead]) -> None:
    day = date(2026, 11, 28)
    assert root_hash(day, heads) == root_hash(day, sorted(heads, key=str))
    assert root_hash(day, heads) != root_hash(day, [replace(heads[0], sequence=3), heads[1]])
    assert root_hash(day, heads) != root_hash(day, heads[:1])
