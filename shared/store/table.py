"""The one table of the bot, created when it is first needed. The only code that talks to Azure Tables.

Values are dataclasses (see ``codec``); Azure's errors become this folder's (see ``errors``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..first_use import import_lock
from ..retry_after import requested_wait_seconds
from .codec import from_columns, to_columns
from .errors import StoreUnavailable, translated

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient

T = TypeVar("T")
ANY = "*"  # instead of an ETag: write the row whether or not it is there
MOST_IN_ONE_TRANSACTION = 100

# Azure's own default waits 300 seconds for an answer, four times. Storage that is silent must be told from one that
# works well within the time that a handler or a claim on a virtual network has.
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
    """A record and the ETag it was read with."""

    value: T
    etag: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row to write."""

    key: str
    value: object | None
    etag: str | None = None  # None: the row must not exist yet; ANY: write it in any case; else it must be unchanged
    columns: Mapping[str, Any] = field(default_factory=dict)  # that queries need


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

    def get(self, kind: type[T], partition: str, row: str) -> Stored[T] | None:
        """None when there is no such row."""
        from azure.core.exceptions import ResourceNotFoundError

        with translated(f"read {row.partition('-')[0]}"):
            try:
                found = self.client().get_entity(partition, row)
            except ResourceNotFoundError:
                return None
        return Stored(from_columns(kind, found), str(found.metadata["etag"]))

    def rows(self, kind: type[T], partition: str, prefix: str, since: str = "") -> Iterator[tuple[str, Stored[T]]]:
        """Rows of one partition whose key begins with ``prefix``, in the order of their keys: key and value.

        ``since``: only those whose key goes on with this, or something behind it.
        """
        for row in self.query(*_in_range(partition, prefix, since)):
            yield row["RowKey"], Stored(from_columns(kind, row), str(row.metadata["etag"]))

    def columns(self, partition: str, prefix: str, columns: Sequence[str] = (), until: str = "") -> Iterator[Any]:
        """Key, ETag and these columns of the rows whose key begins with ``prefix``.

        ``until``: only those whose key goes on with something before this.
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
        """Rows as they are stored, with ``columns`` only. Without a partition in the condition it reads the table."""
        with translated("query"):
            yield from self.client().query_entities(
                condition, parameters=dict(parameters or {}), select=columns, results_per_page=page
            )

    def write(self, partition: str, row: Row) -> str:
        """Returns the new ETag. Raises StoreConflict when the row is not as ``row.etag`` says."""
        kind, entity, *options = _operation(partition, row)
        with translated(f"write {row.key.partition('-')[0]}"):
            answer = getattr(self.client(), f"{kind}_entity")(entity, **(options[0] if options else {}))
        return str(answer["etag"])

    def transaction(self, partition: str, rows: Sequence[Row]) -> tuple[str, ...]:
        """All rows or none, at most 100. Returns their new ETags. Raises StoreConflict when one is not as it says."""
        operations = [_operation(partition, row) for row in rows]
        with translated("commit"):
            return tuple(str(answer["etag"]) for answer in self.client().submit_transaction(operations))

    def next_partition(self, after: str) -> str | None:
        """The first partition with a key behind ``after``; None when there is none."""
        rows = self.query("PartitionKey gt @after", {"after": after}, ["PartitionKey"], page=1)
        return next((row["PartitionKey"] for row in rows), None)

    def delete_all(self, partition: str, rows: Sequence[str]) -> None:
        """All of them or none, where they are no more than 100. Raises StoreConflict when one is gone."""
        deletions = [("delete", {"PartitionKey": partition, "RowKey": row}) for row in rows]
        with translated("delete"):
            for start in range(0, len(deletions), MOST_IN_ONE_TRANSACTION):
                self.client().submit_transaction(deletions[start : start + MOST_IN_ONE_TRANSACTION])

    def delete(self, partition: str, row: str, etag: str = "") -> None:
        """With ``etag`` it must be unchanged since; without, it is no error when it is gone already."""
        from azure.core import MatchConditions

        match: dict[str, Any] = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        with translated(f"delete {row.partition('-')[0]}"):
            self.client().delete_entity(partition, row, **match)

    def client(self) -> TableClient:
        """Raises StoreUnavailable when storage cannot be reached."""
        with self._lock:
            if self._client is None:
                with import_lock:
                    client = self._service().get_table_client(self._name)
                with translated("create table"):
                    self._create(client)
                self._client = client
            return self._client

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
    def _create(client: TableClient) -> None:
        from azure.core.exceptions import ResourceExistsError

        try:
            client.create_table()
        except ResourceExistsError:
            return


def _in_range(partition: str, prefix: str, since: str = "") -> tuple[str, dict[str, Any]]:
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    condition = "PartitionKey eq @partition and RowKey ge @start and RowKey lt @end"
    return condition, {"partition": partition, "start": prefix + since, "end": end}


def _operation(partition: str, row: Row) -> Any:
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    entity = {"PartitionKey": partition, "RowKey": row.key, **row.columns}
    if row.value is not None:
        entity |= to_columns(row.value)
    if row.etag is None:
        return ("create", entity)
    if row.etag == ANY:
        return ("upsert", entity, {"mode": UpdateMode.REPLACE})
    match = {"etag": row.etag, "match_condition": MatchConditions.IfNotModified}
    return ("update", entity, {"mode": UpdateMode.REPLACE, **match})


def _heed_retry_after(response: Any) -> None:
    """The SDK would sleep for as long as storage asks, and can't read each way of asking."""
    seconds = requested_wait_seconds(response.http_response.headers)
    if seconds is not None and seconds > _LONGEST_ASKED_SECONDS:
        raise StoreUnavailable(f"storage asks to be left alone for {seconds:.0f} seconds")
