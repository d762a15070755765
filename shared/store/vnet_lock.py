"""The lock of a virtual network: one change holds it, and one worker of that change while its lease lasts."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..ids import cluster_key
from ..model.change import ChangeState
from ..model.text import Text
from .errors import StoreConflict, StoreError
from .records import Records
from .table import Row, Table

LEASE = timedelta(minutes=2)  # renewed before every write; longer than any single call to Azure
_ROW = "claim"
_WORKING = (ChangeState.APPROVED, ChangeState.APPLYING)


@dataclass(frozen=True, slots=True)
class VnetClaim:
    vnet_id: str
    change_id: str
    worker: str  # the only worker of the change that may write during the lease
    lease_until: datetime
    partition: str = ""  # partition of the change's record


class VnetBusy(StoreError):
    """Another change, or another worker of the same change, holds the virtual network."""

    def __init__(self, claim: VnetClaim) -> None:
        self.claim = claim
        until = f"{claim.lease_until:%H:%M:%S}"
        super().__init__(
            Text("virtual network is held by change {change} until {until} UTC", change=claim.change_id, until=until)
        )


class VnetLock:
    def __init__(self, table: Table, lease: timedelta = LEASE) -> None:
        self._table = table
        self.lease = lease

    def vnet_holder(self, vnet_id: str) -> VnetClaim | None:
        """None if nobody holds the claim now."""
        stored = self._table.get(VnetClaim, _partition(vnet_id), _ROW)
        return stored.value if stored else None

    def claim_vnet(self, vnet_id: str, change_id: str, worker: str, wall: datetime, partition: str = "") -> "HeldClaim":
        """Take the claim, or take it over. Raises VnetBusy if another change, or a live worker, holds it."""
        stored = self._table.get(VnetClaim, _partition(vnet_id), _ROW)
        if stored is not None:
            held = stored.value
            if held.change_id != change_id or (held.worker != worker and held.lease_until > wall):
                raise VnetBusy(held)
        wanted = VnetClaim(vnet_id, change_id, worker, wall + self.lease, partition)
        try:
            etag = self._table.write(_partition(vnet_id), Row(_ROW, wanted, stored.etag if stored else None))
        except StoreConflict:
            raise VnetBusy(self.vnet_holder(vnet_id) or wanted) from None
        return HeldClaim(self._table, wanted, etag, self.lease)

    def give_up_dead_claim(self, records: Records, claim: VnetClaim, wall: datetime) -> None:
        """Does nothing while the claim's change may write. Raises StoreConflict if another worker was faster."""
        stored = self._table.get(VnetClaim, _partition(claim.vnet_id), _ROW)
        if stored is None or not is_dead(records, claim, wall):
            return
        if stored.value != claim:
            raise StoreConflict(Text("{operation}: changed by somebody else", operation="claim"))
        self._table.delete(_partition(claim.vnet_id), _ROW, stored.etag)


class HeldClaim:
    """A claim that this worker holds. After another worker took it over, renewing raises StoreConflict: then stop."""

    def __init__(self, table: Table, claim: VnetClaim, etag: str, lease: timedelta) -> None:
        self._table = table
        self._claim = claim
        self._etag = etag
        self._lease = lease

    def renew(self, wall: datetime) -> None:
        self._write(wall + self._lease)

    def pause(self, wall: datetime) -> None:
        """The change keeps the claim; its next worker may take over at once."""
        self._write(wall)

    def release(self) -> None:
        self._table.delete(_partition(self._claim.vnet_id), _ROW, self._etag)

    def _write(self, lease_until: datetime) -> None:
        self._claim = replace(self._claim, lease_until=lease_until)
        self._etag = self._table.write(_partition(self._claim.vnet_id), Row(_ROW, self._claim, self._etag))


def is_dead(records: Records, claim: VnetClaim, wall: datetime) -> bool:
    """Whether a claim was abandoned: its lease is over, and its change writes nothing any more."""
    if claim.lease_until > wall or not claim.partition:
        return False
    stored = records.change(claim.partition, claim.change_id)
    return stored is None or stored.value.state not in _WORKING


def _partition(vnet_id: str) -> str:
    return f"vnet-{cluster_key(vnet_id)}"
