"""Who holds a virtual network: a claim that its change left behind, killed at the end, must not block others."""

from __future__ import annotations

from datetime import datetime

from ..model.change import ChangeState
from .records import Records
from .signs import Signs, VnetClaim

_WORKING = (ChangeState.APPROVED, ChangeState.APPLYING)


def is_dead(records: Records, claim: VnetClaim, wall: datetime) -> bool:
    """Its lease is over, and its change has nothing to write any more."""
    if claim.lease_until > wall or not claim.partition:
        return False
    stored = records.change(claim.partition, claim.change_id)
    return stored is None or stored.value.state not in _WORKING


def give_up_dead_claim(records: Records, signs: Signs, claim: VnetClaim, wall: datetime) -> None:
    """Does nothing while the claim's change is alive. Raises StoreConflict when somebody was faster."""
    if is_dead(records, claim, wall):
        signs.drop_claim(claim)
