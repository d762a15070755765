"""Storage that is down, deaf or refuses: one clear error, soon. And both ways to reach it."""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.credentials import AccessToken

import shared.store.table as tables_module
from shared.ids import new_id
from shared.model.audit import AuditLine
from shared.model.incident import ClusterRecord
from shared.store.errors import StoreUnavailable
from shared.store.records import Put, Records
from shared.store.stop_switch import StopFlag, StopSwitch
from shared.store.table import Table
from shared.store.vnet_lock import VnetLock
from tests.support.hostile import Asked, HostileServer, Send, hostile_server, trusted_authority
from tests.support.nouns import VNET, make_cluster

pytestmark = pytest.mark.network
CLUSTER = make_cluster()
AT = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
SOON_SECONDS = 15.0
KEY = base64.b64encode(b"k" * 64).decode()


def at_port(port: int) -> Table:
    text = f"DefaultEndpointsProtocol=http;AccountName=account;AccountKey={KEY};TableEndpoint=http://127.0.0.1:{port}/account;"
    return Table("snatbot", connection_string=text)


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """Takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield int(listener.getsockname()[1])


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    authority, bundle = trusted_authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    return authority


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[HostileServer]:
    with hostile_server(authority) as running:
        yield running


@pytest.fixture
def foreign(authority: trustme.CA) -> Iterator[HostileServer]:
    with hostile_server(authority) as running:
        yield running


OPERATIONS: dict[str, Callable[[Table], Any]] = {
    "read": lambda table: Records(table).cluster(CLUSTER.id),
    "list": lambda table: Records(table).outbox("partition"),
    "due": lambda table: Records(table).due("outbox", AT),
    "commit": lambda table: Records(table).commit(CLUSTER.id, [Put(ClusterRecord(CLUSTER.id, CLUSTER.name))]),
    "stop flag": lambda table: StopSwitch(table).set_stop_flag(
        StopFlag(), AuditLine("id", AT, "Ada", "all changes stopped", "")
    ),
    "claim": lambda table: VnetLock(table).claim_vnet(VNET, "chg-1", "w1", AT),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_storage_that_is_down_is_said_soon(closed_port: int, operation: Callable[[Table], Any]) -> None:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="storage could not be reached") as caught:
        operation(at_port(closed_port))
    assert time.monotonic() - began < SOON_SECONDS
    assert KEY not in str(caught.value)


def test_storage_that_does_not_answer_is_said_soon(deaf_port: int) -> None:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="storage could not be reached"):
        Records(at_port(deaf_port)).cluster(CLUSTER.id)
    assert time.monotonic() - began < SOON_SECONDS


def test_storage_that_comes_back_is_used_again(azurite: str, closed_port: int) -> None:
    table = at_port(closed_port)
    with pytest.raises(StoreUnavailable):
        table.client()
    table._connection_string = azurite
    table._name = f"t{new_id()}records"
    assert Records(table).cluster(CLUSTER.id) is None


def test_a_wrong_key_is_said_with_storages_answer(azurite: str) -> None:
    parts = dict(part.partition("=")[::2] for part in azurite.split(";") if part)
    text = ";".join(f"{name}={KEY if name == 'AccountKey' else value}" for name, value in parts.items())
    with pytest.raises(StoreUnavailable, match="storage answered 403"):
        Records(Table("snatbot", connection_string=text)).cluster(CLUSTER.id)


def test_a_table_that_was_deleted_is_no_conflict(azurite: str) -> None:
    table = Table(f"t{new_id()}", connection_string=azurite)
    records = Records(table)
    record = ClusterRecord(CLUSTER.id, CLUSTER.name)
    records.commit(CLUSTER.id, [Put(record)])
    stored = records.cluster(CLUSTER.id)
    assert stored is not None
    table.client().delete_table()
    with pytest.raises(StoreUnavailable, match="404"):
        records.commit(CLUSTER.id, [Put(record, stored.etag)])


def test_the_table_is_made_once_and_found_by_the_next(azurite: str) -> None:
    prefix = f"t{new_id()}"
    first, second = Table(prefix, connection_string=azurite), Table(prefix, connection_string=azurite)
    Records(first).commit(CLUSTER.id, [Put(ClusterRecord(CLUSTER.id, CLUSTER.name))])
    assert Records(second).cluster(CLUSTER.id) is not None
    assert first.client() is first.client()
    assert first.client().table_name == f"{prefix}records"


class Credential:
    """A managed identity's stand-in."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


def test_storage_is_reached_by_identity_too() -> None:
    table = Table("snatbot", endpoint="https://account.table.core.windows.net", credential=Credential())
    service = table._service()
    assert service.url == "https://account.table.core.windows.net"
    assert service.account_name == "account"
    assert isinstance(service.credential, Credential)


@pytest.mark.parametrize("given", [{}, {"connection_string": "x", "endpoint": "https://x"}])
def test_exactly_one_way_to_storage_is_given(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either a connection string or a table endpoint"):
        Table("snatbot", **given)  # type: ignore[arg-type]


def at_server(server: HostileServer) -> Table:
    place = f"TableEndpoint={server.url}/account;"
    return Table("snatbot", connection_string=f"AccountName=account;AccountKey={KEY};{place}")


@pytest.mark.parametrize("asked", ["99999999", "9" * 400, "soon", "-1", "nan"])
def test_storage_that_asks_for_more_patience_than_there_is_is_said_soon(server: HostileServer, asked: str) -> None:
    server.answer_with("503 Service Unavailable", Retry_After=asked)
    with pytest.raises(StoreUnavailable, match="left alone"):
        at_server(server).client()
    assert len(server.asked) == 1


def test_storage_that_dribbles_is_said_soon(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tables_module._PATIENCE, "read_timeout", 0.3)

    def dribble(_asked: Asked, send: Send) -> None:
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not server.is_over.wait(0.02):
            send(b" ")

    server.answer = dribble
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        at_server(server).client()
    assert time.monotonic() - began < SOON_SECONDS


def test_the_key_of_storage_follows_no_redirect(server: HostileServer, foreign: HostileServer) -> None:
    server.answer_with("307 Temporary Redirect", Location=f"{foreign.url}/account/Tables")
    with pytest.raises(StoreUnavailable, match="307"):
        at_server(server).client()
    assert foreign.asked == []
