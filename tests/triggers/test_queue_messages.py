"""Queue messages: what was written is read, anything else is refused without its text."""

from __future__ import annotations

import json

import pytest

from shared.errors import BadInput
from shared.triggers.queue_messages import message, read_message


def test_a_message_is_read_as_it_was_written() -> None:
    assert read_message(message(partition="p1", change="c1").encode(), "partition", "change") == ("p1", "c1")
    assert read_message(message(shard="s0", tick="20261122t1008").encode(), "shard", "tick") == ("s0", "20261122t1008")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        json.dumps({"schema": 1}).encode(),
        json.dumps({"schema": 2, "partition": "p1"}).encode(),
        json.dumps({"partition": "p1"}).encode(),
        json.dumps({"schema": 1, "partition": 5}).encode(),
        json.dumps({"schema": 1, "partition": "c4n4ry' or PartitionKey ne '"}).encode(),
        json.dumps({"schema": 1, "partition": "p" * 65}).encode(),
    ],
)
def test_anything_else_is_refused_without_its_text(body: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        read_message(body, "partition")
    assert "c4n4ry" not in str(caught.value)
