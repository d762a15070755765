"""A slow lane keeps its own pieces waiting, nobody else's."""

from __future__ import annotations

import threading

import pytest

from shared.flows.monitoring.fair_pool import FairWorkerPool


def test_every_piece_is_worked_on_once_and_in_order_within_a_lane() -> None:
    done: list[tuple[str, int]] = []
    FairWorkerPool([(lane, (lane, number)) for lane in "ab" for number in range(20)], 1).run(done.append)
    assert sorted(done) == [(lane, number) for lane in "ab" for number in range(20)]
    for lane in "ab":
        assert [number for of, number in done if of == lane] == list(range(20))


def test_nothing_to_do_is_done_at_once() -> None:
    FairWorkerPool([], 8).run(pytest.fail)


def test_a_slow_lane_does_not_delay_the_others() -> None:
    """The slow lane is released only when all the others are through."""
    others_done = threading.Event()
    count = 0
    lock = threading.Lock()

    def work(lane: str) -> None:
        nonlocal count
        if lane == "slow":
            assert others_done.wait(10)
            return
        with lock:
            count += 1
            if count == 30:
                others_done.set()

    pieces = [("slow", "slow")] * 30 + [("fast", "fast")] * 30
    FairWorkerPool(pieces, 4).run(work)
    assert count == 30


def test_a_lane_alone_has_all_workers() -> None:
    barrier = threading.Barrier(4, timeout=10)

    def meet() -> None:
        barrier.wait()

    FairWorkerPool([("one", number) for number in range(4)], 4).run(lambda _: meet())


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_what_goes_wrong_is_raised_after_the_others_are_done(workers: int) -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number < 3:
            raise RuntimeError("trouble")
        done.append(number)

    with pytest.raises(RuntimeError, match="trouble"):
        FairWorkerPool([(number, number) for number in range(10)], workers).run(work)
    assert sorted(done) == list(range(3, 10))
