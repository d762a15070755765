"""A change as a worker read it, and where it was read."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.change import Change
from ...store.records import Put, Stored


@dataclass(frozen=True, slots=True)
class ChangeRun:
    partition: str
    change_id: str  # names the row; storage is not trusted to hold that change in it
    stored: Stored[Change]

    @property
    def change(self) -> Change:
        return self.stored.value

    def put(self, changed: Change) -> Put:
        """Writes the change, unless somebody else wrote it since it was read."""
        return Put(changed, self.stored.etag)
