"""Queue functions: deliveries, retries, poison, crashes, order, instances, and knowing when all is done."""

from __future__ import annotations

import base64
from collections import Counter

import pytest

from devhost.errors import DrainTimeoutError, StartError
from devhost.listener import Disorder
from tests.devhost.conftest import Sample, StartSample

pytestmark = pytest.mark.azurite


def _send(sample: Sample, *bodies: str, queue: str = "work") -> None:
    with sample.queue(queue) as client:
        for body in bodies:
            client.send_message(base64.b64encode(body.encode()).decode())


def test_a_message_is_delivered_with_what_storage_knows_of_it(sample: Sample) -> None:
    _send(sample, "hello")
    assert sample.host.drain() == {}
    begun, done = sample.journal("work")
    assert (begun["body"], begun["count"], begun["aware"]) == ("hello", 1, True)
    assert done["done"]
    assert begun["invocation"] in sample.host.logs()


def test_a_returned_value_is_sent_to_the_output_queue(sample: Sample) -> None:
    _send(sample, "word", queue="relay")
    assert sample.host.drain() == {}
    assert sample.bodies("work") == ["relayed word"]


def test_messages_are_handled_several_at_a_time_but_no_more_than_host_json_allows(sample: Sample) -> None:
    _send(sample, *["wait"] * 12)
    sample.wait_for(4)
    sample.go()
    assert sample.host.drain() == {}
    entries = sorted(sample.journal("work"), key=lambda entry: entry["at"])
    running = most = 0
    for entry in entries:
        running += -1 if entry.get("done") else 1
        most = max(most, running)
    assert 4 <= most <= 6, "batchSize 4 and newBatchThreshold 2 allow six at a time"
    assert len({entry["pid"] for entry in entries}) == 1


def test_a_failed_message_stays_hidden_for_its_time_and_then_comes_again(sample: Sample) -> None:
    _send(sample, "fail")
    assert sample.host.drain() == {f"{sample.prefix}-work": 1}
    assert [entry["count"] for entry in sample.journal("work")] == [1]
    sample.host.advance_clock(61)
    assert sample.host.drain() == {f"{sample.prefix}-work": 1}
    assert [entry["count"] for entry in sample.journal("work")] == [1, 2]


def test_a_message_goes_to_the_poison_queue_after_its_last_delivery(sample: Sample) -> None:
    _send(sample, "fail")
    for _ in range(3):
        left = sample.host.drain()
        sample.host.advance_clock(61)
    assert left == {}
    assert [entry["count"] for entry in sample.journal("work")] == [1, 2, 3]
    assert [(entry["body"], entry["count"]) for entry in sample.journal("work_poison")] == [("fail", 1)]


def test_a_message_that_is_not_base64_goes_to_the_poison_queue_at_once(sample: Sample) -> None:
    with sample.queue("work") as client:
        client.send_message("not base64 at all!")
    sample.host.drain()
    assert sample.journal("work") == []
    with sample.queue("work-poison") as client:
        assert client.get_queue_properties().approximate_message_count in (0, 1)
    assert "moved to" in sample.host.logs()


def test_after_a_crash_the_message_stays_hidden_for_ten_minutes(sample: Sample) -> None:
    _send(sample, "crash")
    assert sample.host.drain() == {f"{sample.prefix}-work": 1}
    sample.host.advance_clock(9 * 60)
    sample.host.drain()
    assert [entry["count"] for entry in sample.journal("work")] == [1]
    sample.host.advance_clock(61)
    sample.host.drain()
    assert [entry["count"] for entry in sample.journal("work")] == [1, 2]
    assert len({entry["pid"] for entry in sample.journal("work")}) == 2


def test_a_message_that_crashes_every_time_ends_in_the_poison_queue(sample: Sample) -> None:
    _send(sample, "crash")
    for _ in range(4):
        left = sample.host.drain()
        sample.host.advance_clock(601)
    assert left == {}
    assert [entry["count"] for entry in sample.journal("work")] == [1, 2, 3]
    assert sample.bodies("work_poison") == ["crash"]


def test_a_killed_worker_leaves_its_message_for_another(sample: Sample) -> None:
    _send(sample, "wait")
    sample.wait_for(1)
    sample.host.kill_workers("work")
    sample.host.drain()
    sample.go()
    assert not any(entry.get("done") for entry in sample.journal("work"))
    sample.host.advance_clock(601)
    assert sample.host.drain() == {}
    assert sample.journal("work")[-1]["done"]


def test_every_message_can_be_delivered_twice_at_once(start_sample: StartSample) -> None:
    sample = start_sample(disorder=Disorder(double=True))
    _send(sample, "one", "two")
    assert sample.host.drain() == {}
    assert Counter(sample.bodies("work")) == {"one": 2, "two": 2}


def test_messages_can_be_delivered_out_of_order(start_sample: StartSample) -> None:
    sample = start_sample(disorder=Disorder(reorder=True))
    sent = [f"message {n}" for n in range(12)]
    _send(sample, *sent)
    assert sample.host.drain() == {}
    assert sorted(sample.bodies("work")) == sorted(sent)
    assert sample.bodies("work") != sent


def test_a_function_can_have_several_instances(start_sample: StartSample) -> None:
    sample = start_sample(instances={"work": 2})
    _send(sample, *["wait"] * 16)
    sample.wait_for(8)
    sample.go()
    assert sample.host.drain() == {}
    assert len({entry["pid"] for entry in sample.journal("work")}) == 2
    assert len(sample.bodies("work")) == 16


def test_instances_are_for_queue_functions_that_are_there(start_sample: StartSample) -> None:
    with pytest.raises(StartError, match="instances names nobody, tick; the queue functions are"):
        start_sample(instances={"nobody": 2, "tick": 2})


def test_each_function_has_a_process_of_its_own(sample: Sample) -> None:
    _send(sample, "x")
    _send(sample, "y", queue="relay")
    sample.host.run_timer("tick")
    sample.host.drain()
    pids = [*sample.host.worker_pids("work"), *sample.host.worker_pids("relay"), *sample.host.worker_pids("tick")]
    assert len({*pids, *sample.host.worker_pids("http")}) == 4


def test_drain_waits_for_a_function_that_runs_and_says_so_when_the_time_is_up(sample: Sample) -> None:
    _send(sample, "wait")
    sample.wait_for(1)
    with pytest.raises(DrainTimeoutError, match=f"not idle after 0 s; messages left: .*{sample.prefix}-work': 1"):
        sample.host.drain(0.2)
    sample.go()
    assert sample.host.drain() == {}
    assert sample.journal("work")[-1]["done"]


def test_an_idle_host_drains(sample: Sample) -> None:
    assert sample.host.drain() == {}
