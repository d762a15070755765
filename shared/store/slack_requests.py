"""Requests of Slack that wait for a worker, signed. Their keys stay for an hour, so that none is taken twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..model.slack import SlackRequest
from .errors import StoreConflict
from .signed_rows import RowSigner, SignedRows
from .table import ANY, Row, Table, stored

KEPT = timedelta(hours=1)  # Slack's signature is valid for five minutes
ANSWERABLE = timedelta(minutes=30)  # docs.slack.dev, handling-user-interaction: response_url
_PARTITION, _KIND = "slack", "slack request"


@dataclass(frozen=True, slots=True)
class _Kept:
    """``request``: None once it was answered."""

    request: SlackRequest | None


class StoredSlackRequests:
    def __init__(self, table: Table, signer: RowSigner | None) -> None:
        self._table = table
        self._signed = SignedRows(signer)

    def add(self, key: str, request: SlackRequest) -> bool:
        """False: it came before."""
        try:
            self._table.write(_PARTITION, self._row(key, request, request.received_at, None))
        except StoreConflict:
            return False
        return True

    def get(self, key: str, now: datetime) -> SlackRequest | None:
        """None if it was answered, or is too old to answer. Raises RowForged or KeyMissing."""
        for row in self._table.unread(_PARTITION, key):
            if row["RowKey"] != key:
                continue
            self._signed.verify(_KIND, row)
            request = stored(_Kept, row).value.request
            return request if request and now - request.received_at < ANSWERABLE else None
        return None

    def finish(self, key: str, now: datetime) -> None:
        """Forget what was asked, and keys that are older than an hour."""
        self._table.write(_PARTITION, self._row(key, None, now, ANY))
        limit = {"partition": _PARTITION, "limit": now - KEPT}
        for old in self._table.query("PartitionKey eq @partition and at lt @limit", limit, ["RowKey"]):
            self._table.delete(_PARTITION, old["RowKey"])

    def _row(self, key: str, request: SlackRequest | None, at: datetime, etag: str | None) -> Row:
        return self._signed.signed(_KIND, _PARTITION, Row(key, _Kept(request), etag, {"at": at}))
