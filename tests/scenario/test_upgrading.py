"""docs/operating.md: a deployment takes over what another one stored, and the one before takes it back."""

from __future__ import annotations

from shared.model.change import ChangeState
from shared.model.incident import IncidentState
from tests.support.theatre import WRITER, Theatre


def test_a_deployment_takes_over_and_the_one_before_takes_it_back(theatre: Theatre) -> None:
    change = theatre.proposed()
    theatre.work()
    told = theatre.slack_texts()
    assert told

    theatre.new_app()
    theatre.tick(2)
    assert theatre.slack_texts() == told, "nothing is posted again"
    assert [found.id for found in theatre.changes()] == [change.id]
    assert theatre.app.records.incidents(theatre.partition)[0].state is IncidentState.OPEN

    theatre.decide(change, "approve")
    while theatre.change(change.id).step < 2:
        theatre.tick()
    written, told = len(theatre.writes(WRITER)), theatre.slack_texts()
    assert written > 0

    theatre.new_app()
    theatre.app.deliver.run(theatre.partition, theatre.clock.wall())
    assert theatre.slack_texts() == told
    assert theatre.run_on(change, is_watching=True).state is ChangeState.FIXED
    assert len(theatre.writes(WRITER)) == 5, "each resource is written once, by either"
    texts = theatre.slack_texts()
    assert sum("SNAT port exhaustion on" in text for text in texts) == 1
    assert theatre.app.verify_audit.run(theatre.clock.now()).is_whole
