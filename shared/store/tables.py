"""The one table, created when it is first needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from .errors import translated

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
}


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
                client = self._service().get_table_client(self._name)
                with translated("create table"):
                    self._create(client)
                self._client = client
            return self._client

    def _service(self) -> Any:
        from azure.data.tables import TableServiceClient

        if self._connection_string is not None:
            return TableServiceClient.from_connection_string(self._connection_string, **_PATIENCE)
        assert self._endpoint is not None
        assert self._credential is not None
        return TableServiceClient(self._endpoint, credential=self._credential, **_PATIENCE)

    @staticmethod
    def _create(client: TableClient) -> None:
        from azure.core.exceptions import ResourceExistsError

        try:
            client.create_table()
        except ResourceExistsError:
            return
