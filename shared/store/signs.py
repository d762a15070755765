"""Small records that belong to no cluster: the stop flag, signs of life, and who may write to a virtual network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..ids import cluster_key
from ..model.audit import AuditLine
from .codec import from_columns, to_columns
from .errors import StoreConflict, StoreError, translated
from .records import ALL_CHANGES, Put, columns_of

if TYPE_CHECKING:
    from .table import Tables

LEASE = timedelta(minutes=2)  # renewed before every write; longer than any single call to Azure may take


@dataclass(frozen=True, slots=True)
class StopFlag:
    """While set, no step of any change is started."""

    is_set: bool = False
    by: str = ""
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """When something last succeeded, in wall time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """When something last went wrong, in wall time, and what was missing. ``raised``: it ended in the middle."""

    at: datetime
    problems: tuple[str, ...]
    raised: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """Since when the oldest message waits, as the last tick saw it."""

    since: datetime | None


@dataclass(frozen=True, slots=True)
class VnetClaim:
    """Which change may write to a virtual network, and which worker of it does so until ``lease_until``.

    ``partition`` is where the change's record is.
    """

    vnet_id: str
    change_id: str
    worker: str
    lease_until: datetime
    partition: str = ""


class VnetBusy(StoreError):
    """Another change, or another worker of the same change, holds the virtual network."""

    def __init__(self, claim: VnetClaim) -> None:
        self.claim = claim
        super().__init__(f"virtual network is held by change {claim.change_id} until {claim.lease_until:%H:%M:%S} UTC")


class Signs:
    def __init__(self, tables: Tables, lease: timedelta = LEASE) -> None:
        self._tables = tables
        self.lease = lease

    def stop_flag(self) -> StopFlag:
        found = self._get(ALL_CHANGES, "stop")
        return from_columns(StopFlag, found) if found is not None else StopFlag()

    def set_stop_flag(self, flag: StopFlag, line: AuditLine) -> None:
        """The flag and its line in the audit: both or neither."""
        from azure.data.tables import UpdateMode

        row = {"PartitionKey": ALL_CHANGES, "RowKey": "stop", **to_columns(flag)}
        told = {"PartitionKey": ALL_CHANGES, **columns_of(Put(line))}
        with translated("write stop"):
            self._tables.records().submit_transaction([("upsert", row, {"mode": UpdateMode.REPLACE}), ("create", told)])

    def last_success(self, of: str) -> datetime | None:
        """``of`` is ``watch`` or ``deliver``."""
        found = self._get(ALL_CHANGES, f"success-{of}")
        return from_columns(SignOfLife, found).at if found is not None else None

    def record_success(self, of: str, at: datetime) -> None:
        self._put(ALL_CHANGES, f"success-{of}", SignOfLife(at))

    def last_failure(self, of: str) -> Failure | None:
        """``of`` is ``watch``."""
        found = self._get(ALL_CHANGES, f"failure-{of}")
        return from_columns(Failure, found) if found is not None else None

    def record_failure(self, of: str, at: datetime, problems: Sequence[str], *, raised: bool = False) -> None:
        self._put(ALL_CHANGES, f"failure-{of}", Failure(at, tuple(problems), raised))

    def note_waiting(self, since: datetime | None) -> None:
        """Since when the oldest message waits to be delivered; None when none does."""
        self._put(ALL_CHANGES, "waiting", Waiting(since))

    def waiting_since(self) -> datetime | None:
        found = self._get(ALL_CHANGES, "waiting")
        return from_columns(Waiting, found).since if found is not None else None

    def vnet_holder(self, vnet_id: str) -> VnetClaim | None:
        """Who holds the claim now; None when nobody does."""
        found = self._get(f"vnet-{cluster_key(vnet_id)}", "claim")
        return from_columns(VnetClaim, found) if found is not None else None

    def drop_claim(self, claim: VnetClaim) -> None:
        """Takes a claim away that nobody works under. Raises StoreConflict when it is not as given any more."""
        partition = f"vnet-{cluster_key(claim.vnet_id)}"
        found = self._get(partition, "claim")
        if found is None:
            return
        if from_columns(VnetClaim, found) != claim:
            raise StoreConflict("claim: changed by somebody else")
        self._delete(partition, "claim", str(found.metadata["etag"]))

    def claim_vnet(self, vnet_id: str, change_id: str, worker: str, wall: datetime, partition: str = "") -> HeldClaim:
        """Takes or takes over the claim. Raises VnetBusy when another change, or a live worker, holds it."""
        row_partition = f"vnet-{cluster_key(vnet_id)}"
        wanted = VnetClaim(vnet_id, change_id, worker, wall + self.lease, partition)
        found = self._get(row_partition, "claim")
        try:
            if found is None:
                etag = self._write(row_partition, "claim", wanted, None)
            else:
                held = from_columns(VnetClaim, found)
                if held.change_id != change_id or (held.worker != worker and held.lease_until > wall):
                    raise VnetBusy(held)
                etag = self._write(row_partition, "claim", wanted, str(found.metadata["etag"]))
        except StoreConflict:
            raise VnetBusy(self.vnet_holder(vnet_id) or wanted) from None
        return HeldClaim(self, row_partition, wanted, etag)

    def _get(self, partition: str, row_key: str) -> Any:
        from azure.core.exceptions import ResourceNotFoundError

        with translated(f"read {row_key}"):
            try:
                return self._tables.records().get_entity(partition, row_key)
            except ResourceNotFoundError:
                return None

    def _put(self, partition: str, row_key: str, value: object) -> None:
        from azure.data.tables import UpdateMode

        with translated(f"write {row_key}"):
            self._tables.records().upsert_entity(
                {"PartitionKey": partition, "RowKey": row_key, **to_columns(value)}, mode=UpdateMode.REPLACE
            )

    def _write(self, partition: str, row_key: str, value: object, etag: str | None) -> str:
        from azure.core import MatchConditions
        from azure.data.tables import UpdateMode

        row = {"PartitionKey": partition, "RowKey": row_key, **to_columns(value)}
        with translated(f"write {row_key}"):
            table = self._tables.records()
            if etag is None:
                return str(table.create_entity(row)["etag"])
            answer = table.update_entity(
                row, mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
            )
            return str(answer["etag"])

    def _delete(self, partition: str, row_key: str, etag: str) -> None:
        from azure.core import MatchConditions

        with translated(f"delete {row_key}"):
            self._tables.records().delete_entity(
                partition, row_key, etag=etag, match_condition=MatchConditions.IfNotModified
            )


class HeldClaim:
    """A claim that this worker holds. Renewing after somebody took it over raises StoreConflict: then stop."""

    def __init__(self, signs: Signs, partition: str, claim: VnetClaim, etag: str) -> None:
        self._signs = signs
        self._partition = partition
        self._claim = claim
        self._etag = etag

    def renew(self, wall: datetime) -> None:
        self._claim = replace(self._claim, lease_until=wall + self._signs.lease)
        self._etag = self._signs._write(self._partition, "claim", self._claim, self._etag)

    def pause(self, wall: datetime) -> None:
        """The change keeps the network; the next worker of it may come in."""
        self._claim = replace(self._claim, lease_until=wall)
        self._etag = self._signs._write(self._partition, "claim", self._claim, self._etag)

    def release(self) -> None:
        self._signs._delete(self._partition, "claim", self._etag)
