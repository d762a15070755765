"""A silence: who asked for it and until when is kept, and the cluster is looked at as before."""

from __future__ import annotations

import pytest

from shared.chat.message import MessageKind
from shared.clock import SystemClock
from shared.errors import BadInput
from shared.flows.incidents.silence import Silence, moment_from
from shared.flows.notification.outbox import Outbox, message_of
from shared.ids import cluster_key
from shared.store.active_clusters import ActiveClusterIndex
from shared.store.records import Records
from tests.support.builders import at, cluster
from tests.support.tracking import CLUSTER, PARTITION, TROUBLE, World


def test_a_silence_is_kept_with_who_asked_and_leaves_the_rest_of_the_record(records: Records) -> None:
    world = World(records)
    world.tick(TROUBLE)
    before = records.cluster(CLUSTER.id)
    assert before is not None
    silence = Silence(records, world.active_clusters, world.outbox, SystemClock())
    silenced = silence.begin(CLUSTER.id, at(30), "Ada", at(9))
    assert (silenced.silenced_until, silenced.silenced_by) == (at(30), "Ada")
    assert (silence.present(at(10)), silence.present(at(31))) == ([silenced], [])
    assert silenced.incident_id == before.value.incident_id
    ended = silence.end(CLUSTER.id, "Bob", at(10))
    assert (ended.silenced_until, ended.silenced_by) == (None, "")
    lines = [(line.actor, line.event) for line in records.audit(PARTITION)][-2:]
    posted = [message_of(row.value) for row in records.outbox(PARTITION) if row.value.channel == "slack"]
    told = [message for message in posted if message.kind is MessageKind.SILENCED]
    assert [message.title.partition(":")[0] for message in told] == ["Silenced", "Not silenced any more"]
    assert told[0].summary.startswith("Silenced by Ada until 2026-11-22 10:30 UTC.")
    assert lines == [("Ada", "silenced until 2026-11-22 10:30 UTC"), ("Bob", "silence ended")]


@pytest.mark.parametrize("is_open", [False, True])
def test_a_silenced_cluster_is_in_the_index_with_whether_it_fails(records: Records, is_open: bool) -> None:
    world = World(records)
    if is_open:
        world.tick(TROUBLE)
    Silence(records, world.active_clusters, world.outbox, SystemClock()).begin(CLUSTER.id, at(30), "Ada", at(9))
    assert world.active_clusters.entries() == {cluster_key(CLUSTER.id): is_open}


def test_a_silence_needs_a_name_and_an_end() -> None:
    index = ActiveClusterIndex.__new__(ActiveClusterIndex)
    silence = Silence(Records.__new__(Records), index, Outbox(()), SystemClock())
    with pytest.raises(BadInput, match="by is empty"):
        silence.begin(cluster().id, at(30), "  ", at(0))
    for until in (at(0), at(-5), at(60 * 24 * 31)):
        with pytest.raises(BadInput, match="within 30 days"):
            silence.begin(cluster().id, until, "Ada", at(0))


@pytest.mark.parametrize(
    ("until", "minutes"),
    [("", ""), ("2026-12-24T18:00Z", "30"), ("tomorrow", ""), ("2026-12-24T18:00", ""), ("", "-5"), ("", "½")],
)
def test_the_end_of_a_silence_must_be_clear(until: str, minutes: str) -> None:
    with pytest.raises(BadInput):
        moment_from(until, minutes, at(0))


def test_the_end_of_a_silence_may_be_minutes_or_a_time() -> None:
    assert moment_from("", "30", at(0)) == at(30)
    assert moment_from("2026-11-22T10:30Z", "", at(0)) == at(30)
    assert moment_from("2026-11-22T12:30:00 02:00", "", at(0)) == at(30)
