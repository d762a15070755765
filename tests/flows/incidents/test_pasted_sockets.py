"""A list of sockets that somebody pasted: what is kept of it, for how long, and who learns of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from shared.auth.signing import RowSigner
from shared.chat.message import MessageKind
from shared.clock import SystemClock
from shared.core.incidents.retention import KEPT
from shared.errors import BadInput
from shared.flows.incidents.pasted_sockets import PasteSockets
from shared.flows.incidents.story import read_story
from shared.flows.notification.outbox import message_of
from shared.model.identity import Person, Role
from shared.model.incident import Incident
from shared.store.records import Records
from tests.support.builders import at
from tests.support.gadget_output import NODE, TIME_WAIT, sockets
from tests.support.tracking import PARTITION, TROUBLE, World

ADA = Person("33333333-3333-4333-8333-333333333333", "t", "Ada", frozenset({Role.OPERATE}), at(0))
OUTPUT = [*sockets(700, state=TIME_WAIT), *sockets(44, "20.60.1.1", pod="basket")]


def opened(records: Records) -> Incident:
    World(records).tick(TROUBLE)
    (incident,) = records.incidents(PARTITION)
    return incident


def paste(records: Records, incident: Incident, rows: list[Any], *, minute: int = 9, is_in_chat: bool = False) -> None:
    flow = PasteSockets(records, World(records).outbox, SystemClock(), is_in_chat)
    flow.keep(incident, json.dumps(rows), ADA, at(minute))


def notes(records: Records) -> list[str]:
    posted = [message_of(row.value) for row in records.outbox(PARTITION) if row.value.channel == "slack"]
    return [str(message.summary) for message in posted if message.kind is MessageKind.NOTE]


def test_the_newest_table_is_kept_with_who_pasted_it_and_when_and_audited_without_names(records: Records) -> None:
    incident = opened(records)
    paste(records, incident, sockets(3, pod="old"))
    paste(records, incident, OUTPUT, minute=10)
    kept = read_story(records, PARTITION, incident.id).sockets
    assert kept
    assert (kept.pasted_by, kept.pasted_at, [node.connections for node in kept.nodes]) == (str(ADA), at(10), [744])
    assert [culprit.pod for culprit in kept.nodes[0].culprits] == ["shop/checkout-6d5b9-x1", "shop/basket"]
    line = records.audit(PARTITION)[-1]
    assert (line.event, line.actor, line.detail) == ("sockets pasted", str(ADA), "744 connections, 1 node")
    assert not notes(records), "names of pods are in chat by a setting only"


def test_only_the_busiest_rows_are_kept_and_all_are_counted(records: Records) -> None:
    incident = opened(records)
    paste(records, incident, [row for number in range(40) for row in sockets(2, f"20.60.1.{number}", pod="p" * 5_000)])
    kept = records.pasted_sockets(PARTITION, incident.id)
    assert kept
    (node,) = kept.nodes
    assert (len(node.culprits), node.left_out, node.connections, node.tcp_ports) == (30, 10, 80, 2)
    assert max(len(culprit.pod) for culprit in node.culprits) < 300


def test_a_line_is_in_the_incidents_thread_where_the_setting_wants_it(records: Records) -> None:
    incident = opened(records)
    paste(records, incident, OUTPUT, is_in_chat=True)
    (said,) = notes(records)
    assert f"{NODE}: 744 connections" in said
    assert "Most are of shop/checkout-6d5b9-x1 to 52.168.1.9:443/tcp: 94" in said


def test_the_output_of_too_many_nodes_is_refused(records: Records) -> None:
    with pytest.raises(BadInput, match="of 21 nodes; paste that of at most 20"):
        paste(records, opened(records), [row for number in range(21) for row in sockets(1, node=f"node-{number}")])


def test_a_table_that_somebody_put_into_storage_is_not_shown_and_the_next_replaces_it(records: Records) -> None:
    signed, other = (Records(records._table, RowSigner([key * 40])) for key in "ax")
    incident = opened(signed)
    paste(other, incident, OUTPUT)
    assert signed.pasted_sockets(PARTITION, incident.id) is None
    paste(signed, incident, OUTPUT)
    assert signed.pasted_sockets(PARTITION, incident.id)


def test_a_table_is_deleted_after_30_days_even_if_the_incident_goes_on(records: Records) -> None:
    incident = opened(records)
    paste(records, incident, OUTPUT)
    for days, is_kept in ((30, True), (31, False)):
        records.delete_old_messages(PARTITION, at(9) + timedelta(days=days) - KEPT)
        assert bool(records.pasted_sockets(PARTITION, incident.id)) is is_kept
