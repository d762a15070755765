"""A change that is half done, and the proof that its next run writes nothing."""

from __future__ import annotations

from shared.model.change import Change, ChangeState
from tests.support.theatre import WRITER, Theatre


def half_done(theatre: Theatre) -> Change:
    change = theatre.approved()
    while theatre.change(change.id).step < 4:
        theatre.tick()
    return theatre.change(change.id)


def refused(theatre: Theatre, change: Change) -> Change:
    """Asserts that nothing is written, and that the change ends with an alarm and an audit line."""
    written = len(theatre.writes(WRITER))
    ended = theatre.run_on(change)
    theatre.work()
    assert len(theatre.writes(WRITER)) == written
    assert ended.state is ChangeState.FAILED
    assert ended.outcome is not None
    assert "Somebody may have written to this app's storage" in ended.outcome.reason
    assert any("Somebody may have written to this app's storage" in text for text in theatre.slack_texts())
    assert ("change failed", ended.outcome.reason) in audited(theatre, change)
    return ended


def audited(theatre: Theatre, change: Change) -> list[tuple[str, str]]:
    lines = theatre.app.records.audit(theatre.partition)
    return [(line.event, line.detail) for line in lines if line.subject == change.id]
