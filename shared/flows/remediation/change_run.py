"""A change as a worker read it, with its row and ETag."""

from dataclasses import dataclass

from ...model.change import Change
from ...store.records import Put, Stored


@dataclass(frozen=True, slots=True)
class ChangeRun:
    partition: str
    change_id: str  # id in the row's key; the change in the row may have another id, because storage is not trusted
    stored: Stored[Change]

    @property
    def change(self) -> Change:
        return self.stored.value

    def put(self, changed: Change) -> Put:
        """The row to write; it conflicts if somebody else wrote it since it was read."""
        return Put(changed, self.stored.etag)
