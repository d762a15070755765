"""The bot's only table, created on first use. No other module calls Azure Tables.

Values are dataclasses (see ``codec``); Azure's errors become this folder's (see ``errors``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..first_use import import_lock
from ..model.text import Text
from ..retry_after import requested_wait_seconds
from .codec import from_columns, to_columns
from .errors import StoreUnavailable, translated

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient

T = TypeVar("T")
ANY = "*"  # instead of an ETag: write the row in any case
MOST_IN_ONE_TRANSACTION = 100

# The SDK's default waits 300 seconds for an answer, four times. Silent storage must be detected within the time that a
# handler or a claim on a virtual network has.
_PATIENCE: dict[str, Any] = {
    "connection_timeout": 3,
    "read_timeout": 6,
    "retry_total": 3,
    "retry_connect": 2,
    "retry_read": 1,
    "retry_backoff_factor": 0.3,
    "logging_enable": False,
    "permit_redirects": False,
}
_LONGEST_ASKED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    """A record with the ETag that it was read with."""

    value: T
    etag: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row to write."""

    key: str
    value: object | None
    etag: str | None = None  # None: the row must not exist yet; ANY: write it in any case; else it must be unchanged
    columns: Mapping[str, Any] = field(default_factory=dict)  # columns that queries need
    is_deleted: bool = False  # it must be unchanged since ``etag``


class Table:
    """Access by connection string, or by table endpoint and credential: exactly one of the two.

    Every method raises StoreError.
    """

    def __init__(
        self,
        prefix: str,
        *,
        connection_string: str | None = None,
        endpoint: str | None = None,
        credential: TokenCredential | None = None,
    ) -> None:
        import azure.data.tables  # noqa: F401 - made by one thread at a time, and what the whole room needs with it

        if (connection_string is None) == (endpoint is None):
            raise ValueError("give either a connection string or a table endpoint")
        self._name = f"{prefix}records"
        self._connection_string = connection_string
        self._endpoint = endpoint
        self._credential = credential
        self._client: TableClient | None = None
        self._lock = threading.Lock()
        self.on_created: Callable[[], None] = lambda: None  # called once, if this process creates the table in storage

    def get(self, kind: type[T], partition: str, row: str) -> Stored[T] | None:
        """None without such a row."""
        from azure.core.exceptions import ResourceNotFoundError

        with translated("read", row):
            try:
                found = self.client().get_entity(partition, row)
            except ResourceNotFoundError:
                return None
        return stored(kind, found)

    def rows(self, kind: type[T], partition: str, prefix: str, since: str = "") -> Iterator[tuple[str, Stored[T]]]:
        """Key and value of the rows in a partition whose key starts with ``prefix``, in key order.

        ``since``: only rows whose key continues with this text or a later one.
        """
        for row in self.query(*_in_range(partition, prefix, since)):
            yield row["RowKey"], stored(kind, row)

    def unread(self, partition: str, prefix: str, since: str = "") -> Iterator[Any]:
        """The same rows as they are stored."""
        return self.query(*_in_range(partition, prefix, since))

    def columns(self, partition: str, prefix: str, columns: Sequence[str] = (), until: str = "") -> Iterator[Any]:
        """Key, ETag and these columns of the rows whose key starts with ``prefix``.

        ``until``: only rows whose key continues with an earlier text.
        """
        condition, parameters = _in_range(partition, prefix)
        if until:
            parameters["end"] = prefix + until
        return self.query(condition, parameters, ["PartitionKey", "RowKey", "Timestamp", *columns])

    def query(
        self,
        condition: str,
        parameters: Mapping[str, Any] | None = None,
        columns: list[str] | None = None,
        page: int | None = None,
    ) -> Iterator[Any]:
        """Stored rows with ``columns`` only. A condition without a partition scans the whole table."""
        with translated("query"):
            yield from self.client().query_entities(
                condition, parameters=dict(parameters or {}), select=columns, results_per_page=page
            )

    def write(self, partition: str, row: Row) -> str:
        """Returns the new ETag. Raises StoreConflict if the row does not match ``row.etag``."""
        kind, entity, *options = _operation(partition, row)
        with translated("write", row.key):
            answer = getattr(self.client(), f"{kind}_entity")(entity, **(options[0] if options else {}))
        return str(answer["etag"])

    def transaction(self, partition: str, rows: Sequence[Row]) -> tuple[str, ...]:
        """All rows or none, at most 100. Returns the new ETags. Raises StoreConflict if a row changed."""
        operations = [_operation(partition, row) for row in rows]
        with translated("commit"):
            return tuple(str(answer.get("etag")) for answer in self.client().submit_transaction(operations))

    def next_partition(self, after: str) -> str | None:
        """The first partition with a key after ``after``; None at the end."""
        rows = self.query("PartitionKey gt @after", {"after": after}, ["PartitionKey"], page=1)
        return next((row["PartitionKey"] for row in rows), None)

    def delete_all(self, partition: str, rows: Sequence[str]) -> None:
        """Delete all or none if there are at most 100. Raises StoreConflict if a row is gone."""
        deletions = [("delete", {"PartitionKey": partition, "RowKey": row}) for row in rows]
        with translated("delete"):
            for start in range(0, len(deletions), MOST_IN_ONE_TRANSACTION):
                self.client().submit_transaction(deletions[start : start + MOST_IN_ONE_TRANSACTION])

    def delete(self, partition: str, row: str, etag: str = "") -> None:
        """With ``etag`` the row must be unchanged; without it, a missing row is no error."""
        from azure.core import MatchConditions

        match: dict[str, Any] = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        with translated("delete", row):
            self.client().delete_entity(partition, row, **match)

    def client(self) -> TableClient:
        """Raises StoreUnavailable if storage can't be reached."""
        is_created = False
        with self._lock:
            if self._client is None:
                with import_lock:
                    client = self._service().get_table_client(self._name)
                with translated("create", "table"):
                    is_created = self._create(client)
                self._client = client
            found = self._client
        if is_created:
            self.on_created()
        return found

    def _service(self) -> Any:
        from azure.core.pipeline.transport import RequestsTransport
        from azure.data.tables import TableServiceClient

        from ..bounded_http import bounded_session

        transport = RequestsTransport(session=bounded_session(), **_PATIENCE)
        options = {**_PATIENCE, "transport": transport, "raw_response_hook": _heed_retry_after}
        if self._connection_string is not None:
            return TableServiceClient.from_connection_string(self._connection_string, **options)
        assert self._endpoint is not None
        assert self._credential is not None
        return TableServiceClient(self._endpoint, credential=self._credential, **options)

    @staticmethod
    def _create(client: TableClient) -> bool:
        """Whether it was not there."""
        from azure.core.exceptions import ResourceExistsError

        try:
            client.create_table()
        except ResourceExistsError:
            return False
        return True


def stored(kind: type[T], row: Any) -> Stored[T]:
    """A row that was read. Raises StoreError when it is not one of this kind."""
    return Stored(from_columns(kind, row), str(row.metadata["etag"]))


def _in_range(partition: str, prefix: str, since: str = "") -> tuple[str, dict[str, Any]]:
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    condition = "PartitionKey eq @partition and RowKey ge @start and RowKey lt @end"
    return condition, {"partition": partition, "start": prefix + since, "end": end}


def _operation(partition: str, row: Row) -> Any:
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    match = {"etag": row.etag, "match_condition": MatchConditions.IfNotModified}
    if row.is_deleted:
        return ("delete", {"PartitionKey": partition, "RowKey": row.key}, match)
    entity = {"PartitionKey": partition, "RowKey": row.key, **row.columns}
    if row.value is not None:
        entity |= to_columns(row.value)
    if row.etag is None:
        return ("create", entity)
    if row.etag == ANY:
        return ("upsert", entity, {"mode": UpdateMode.REPLACE})
    return ("update", entity, {"mode": UpdateMode.REPLACE, **match})


def _heed_retry_after(response: Any) -> None:
    """The SDK would sleep as long as storage asks, and can't parse every format."""
    seconds = requested_wait_seconds(response.http_response.headers)
    if seconds is not None and seconds > _LONGEST_ASKED_SECONDS:
        raise StoreUnavailable(Text("storage asks to be left alone for {seconds} seconds", seconds=round(seconds)))
