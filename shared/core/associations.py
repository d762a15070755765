"""Which NAT gateway snatbot put on which subnet, as its own finished changes tell."""

from __future__ import annotations

from collections.abc import Iterable

from ..model.change import Change, ChangeState
from ..model.plan import AssociateSubnet

# The steps were all taken, whatever the proof said afterwards.
APPLIED = (ChangeState.FIXED, ChangeState.NOT_FIXED, ChangeState.CANT_TELL, ChangeState.ROLLED_BACK)


def associations(changes: Iterable[Change]) -> dict[str, str]:
    """Subnet id in lower case to gateway id, after all finished changes in the order in which they were applied."""
    found: dict[str, str] = {}
    applied = [change for change in changes if change.state in APPLIED]
    for change in sorted(applied, key=lambda one: one.applied_at or one.proposed_at):
        for step in change.plan.steps:
            if not isinstance(step, AssociateSubnet):
                continue
            if step.after is None:
                found.pop(step.subnet_id.lower(), None)
            else:
                found[step.subnet_id.lower()] = step.after
    return found
