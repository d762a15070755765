"""What probes say at a gate: silence or trouble of a moved subnet holds the change, although metrics are fine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import pytest

from shared.model.change import Change, ChangeState
from shared.model.load_balancer import Node
from shared.model.plan import AssociateSubnet
from shared.model.probe import ProbeReport, TargetCounts
from shared.store.probes import ProbeReports
from tests.support.theatre import ADA, Theatre

FINE = (TargetCounts("a:443", 50), TargetCounts("b:443", 50))
TROUBLE = (TargetCounts("a:443", 50, slow=9), TargetCounts("b:443", 50, timed_out=9))
Says = Callable[[bool], tuple[TargetCounts, ...] | None]


@dataclass
class Probes:
    """A pod on each node reports right now. ``says``: by whether the node's subnet has moved; None: nothing."""

    theatre: Theatre
    change: Change
    says: Says
    key_id: str

    def newest_since(self, partition: str, at: datetime, until: datetime) -> tuple[datetime, tuple[ProbeReport, ...]]:
        app, now = self.theatre.app, self.theatre.clock.now()
        done = self.change.plan.steps[: self.theatre.change(self.change.id).step]
        moved = {step.subnet_id for step in done if isinstance(step, AssociateSubnet)}
        nodes = app.discovery.nodes(app.discovery.cluster(self.change.cluster_id)).nodes
        told = [(node, self.says(node.subnet_id in moved)) for node in nodes]
        return at, tuple(self._report(node, now, counts) for node, counts in told if counts is not None)

    def _report(self, node: Node, now: datetime, counts: tuple[TargetCounts, ...]) -> ProbeReport:
        return ProbeReport(node.name, node.name, node.name, now, now, now, targets=counts, key_id=self.key_id)


def probes(theatre: Theatre, change: Change, says: Says) -> ProbeReports:
    key, _ = theatre.app.probe_keys.create(change.cluster_id, ADA, theatre.clock.now())
    return cast(ProbeReports, Probes(theatre, change, says, key.id))


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (lambda has_moved: None if has_moved else FINE, "its probes are silent since it was moved"),
        (
            lambda has_moved: TROUBLE if has_moved else FINE,
            "connections of its probes (18.0\u00a0%) were slow or failed",
        ),
    ],
    ids=["silent", "trouble"],
)
def test_a_moved_subnet_whose_probes_are_in_trouble_holds_the_change(theatre: Theatre, says: Says, reason: str) -> None:
    change = theatre.approved()
    theatre.app.probe_reports = probes(theatre, change, says)
    stopped = theatre.run_on(change)
    assert stopped.state is ChangeState.STOPPED
    assert reason in stopped.stop_reason
    moved = [step for step in change.plan.steps[: stopped.step] if isinstance(step, AssociateSubnet)]
    assert len(moved) == 1, "the next subnet is not touched"


def test_the_same_trouble_everywhere_is_said_and_holds_nothing(theatre: Theatre) -> None:
    change = theatre.approved()
    theatre.app.probe_reports = probes(theatre, change, lambda _: TROUBLE)
    assert theatre.run_on(change).state is ChangeState.FIXED
    notes = [entry.note for entry in theatre.journal(change)]
    assert sum("of its probes (18.0\u00a0%) were slow or failed" in note for note in notes) == 2
