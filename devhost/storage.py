"""The queues of the storage account, as the host uses them: text in base64, queues made when first written to."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from contextlib import suppress

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from devhost.errors import StartError

POISON_SUFFIX = "-poison"


class Queues:
    """Clients for queues by connection setting and name. Safe to use from many threads."""

    def __init__(self, settings: Mapping[str, str], base64_messages: bool) -> None:
        self._settings = settings
        self._base64 = base64_messages
        self._clients: dict[tuple[str, str], QueueClient] = {}
        self._lock = threading.Lock()

    def client(self, connection: str, queue: str) -> QueueClient:
        """The client for a queue, which need not exist. Raises StartError if the setting holds no connection string."""
        with self._lock:
            if (connection, queue) not in self._clients:
                value = self._settings.get(connection, "")
                if "AccountName=" not in value:
                    raise StartError(f"the app setting {connection} holds no storage connection string")
                # Without retries: if storage is down, the call must fail at once, not after a minute.
                self._clients[connection, queue] = QueueClient.from_connection_string(value, queue, retry_total=0)
            return self._clients[connection, queue]

    def create(self, connection: str, queue: str) -> QueueClient:
        """The client for a queue that exists from now on."""
        client = self.client(connection, queue)
        with suppress(ResourceExistsError):
            client.create_queue()
        return client

    def send(self, connection: str, queue: str, body: bytes) -> None:
        """Sends a message, to a new queue if need be. Raises the storage's error, for example above 64 KiB."""
        content = self.encode(body)
        try:
            self.client(connection, queue).send_message(content)
        except ResourceNotFoundError:
            self.create(connection, queue).send_message(content)

    def encode(self, body: bytes) -> str:
        """A message body as it is stored."""
        return base64.b64encode(body).decode() if self._base64 else body.decode()

    def decode(self, content: str) -> bytes:
        """The inverse of `encode`. Raises ValueError for invalid base64."""
        return base64.b64decode(content, validate=True) if self._base64 else content.encode()

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
