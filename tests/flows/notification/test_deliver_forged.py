"""What somebody else put into the outbox is not delivered."""

from __future__ import annotations

from typing import Any

import pytest
from azure.data.tables import UpdateMode
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shared.auth.signing import RowSigner
from shared.chat.message import Button, Message, Tone
from shared.flows.notification.outbox import Outbox
from shared.ids import new_id
from shared.model.text import Text
from shared.store.liveness import Liveness
from shared.store.records import Records
from shared.store.table import Table
from tests.support.every import every
from tests.support.posted import CLUSTER, PARTITION, WALL, Post
from tests.support.storage import table_at


@pytest.fixture
def post(records: Records, liveness: Liveness) -> Post:
    return Post(records, liveness)


def signed_post(table: Table, *keys: str) -> Post:
    return Post(Records(table, RowSigner(keys or ["n" * 32])), Liveness(table))


def outbox_rows(table: Table) -> list[dict[str, Any]]:
    found = table.client().query_entities("PartitionKey eq @p", parameters={"p": PARTITION})
    return [dict(row) for row in found if row["RowKey"].startswith("outbox-")]


def put_row(table: Table, row: dict[str, Any]) -> None:
    table.client().upsert_entity(row, mode=UpdateMode.REPLACE)


def refuses_the_forged(post: Post, minute: int = 1) -> None:
    """One alarm instead of it, one line in the audit, and no second time."""
    post.run(minute)
    post.run(minute + 1)
    assert post.channels["slack"].posted == ["Somebody else's message was held back"]
    lines = post.records.audit(PARTITION)
    assert [line.event for line in lines] == ["forged messages not delivered"]
    assert post.waiting() == []


def test_a_phishing_message_that_somebody_put_into_the_outbox_is_not_delivered(table: Table) -> None:
    """The attack: a button that leads elsewhere."""
    message = Message(
        Text("Approve now"),
        Text(""),
        Tone.ALARM,
        buttons=(Button(Text("Approve"), "https://evil.example"),),
    )
    Records(table).commit(CLUSTER.id, Outbox(("slack",)).rows(CLUSTER.name, message, WALL))
    refuses_the_forged(signed_post(table))


def test_many_forged_messages_are_one_alarm(table: Table) -> None:
    Post(Records(table), Liveness(table)).put("one", "two", "three")
    refuses_the_forged(signed_post(table))


def test_a_message_copied_from_another_cluster_is_not_delivered(table: Table) -> None:
    post = signed_post(table)
    post.put("of this cluster")
    (row,) = outbox_rows(table)
    table.delete(PARTITION, row["RowKey"])
    put_row(table, {**row, "RowKey": f"{row['RowKey']}x"})
    refuses_the_forged(post)


@given(column=st.sampled_from(["json0", "signature", "schema"]), value=st.none() | st.text(max_size=80) | st.integers())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_a_message_with_anything_changed_is_not_delivered(storage: str, column: str, value: object) -> None:
    table = table_at(storage, f"t{new_id()}")
    post = signed_post(table)
    post.put("genuine")
    (row,) = outbox_rows(table)
    assume(value != row[column] and (not isinstance(value, int) or abs(value) < 2**31))
    put_row(table, {**row, column: value})
    refuses_the_forged(post)


def test_a_message_by_a_key_that_is_not_held_waits_for_who_holds_it_and_holds_up_nobody(table: Table) -> None:
    signed_post(table, "o" * 32).put("by the other instance")
    post = signed_post(table)
    post.put("by this one")
    assert post.run().sent == 1
    assert post.channels["slack"].posted == ["by this one"]
    assert post.records.audit(PARTITION) == ()
    other = signed_post(table, "n" * 32, "o" * 32)
    assert other.run(2).sent == 1
    assert other.channels["slack"].posted == ["by the other instance"]


def test_without_a_key_nothing_is_signed_and_everything_is_delivered(table: Table) -> None:
    post = Post(Records(table), Liveness(table))
    post.put("an alarm")
    assert every("signature" not in row for row in outbox_rows(table))
    assert post.run().sent == 1
    signed_post(table).put("by an app that has a key")
    assert post.run(2).sent == 1
