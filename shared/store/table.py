"""The one table, created when it is first needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ..first_use import import_lock
from ..retry_after import requested_wait_seconds
from .errors import StoreUnavailable, translated

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient

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


class Tables:
    """Access by connection string, or by table endpoint and credential: exactly one of the two."""

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

    def records(self) -> TableClient:
        """The client of the records table. Raises StoreUnavailable when storage cannot be reached."""
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


def _heed_retry_after(response: Any) -> None:
    """The SDK would sleep for as long as storage asks, and can't read each way of asking."""
    seconds = requested_wait_seconds(response.http_response.headers)
    if seconds is not None and seconds > _LONGEST_ASKED_SECONDS:
        raise StoreUnavailable(f"storage asks to be left alone for {seconds:.0f} seconds")
