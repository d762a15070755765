"""Who may write to a virtual network: takeover, leases, and races."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared.store.errors import StoreConflict
from shared.store.vnet_lock import LEASE, HeldClaim, VnetBusy, VnetLock
from tests.support.nouns import VNET

WALL = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
LATER = WALL + LEASE + timedelta(seconds=1)


def take(vnet_lock: VnetLock, change: str = "chg-1", worker: str = "w1", wall: datetime = WALL) -> HeldClaim:
    return vnet_lock.claim_vnet(VNET, change, worker, wall)


def test_a_free_network_is_taken_and_given_back(vnet_lock: VnetLock) -> None:
    assert vnet_lock.vnet_holder(VNET) is None
    claim = take(vnet_lock)
    holder = vnet_lock.vnet_holder(VNET.upper())
    assert holder is not None
    assert (holder.change_id, holder.worker, holder.lease_until) == ("chg-1", "w1", WALL + LEASE)
    claim.release()
    assert vnet_lock.vnet_holder(VNET) is None
    take(vnet_lock, "chg-2").release()


def test_another_change_is_kept_out_for_as_long_as_the_first_is_not_done(vnet_lock: VnetLock) -> None:
    take(vnet_lock)
    for wall in (WALL, LATER):
        with pytest.raises(VnetBusy, match=r"held by change chg-1 until 19:07:00 UTC"):
            take(vnet_lock, "chg-2", "w2", wall)


def test_another_worker_of_the_change_is_kept_out_until_the_lease_ends(vnet_lock: VnetLock) -> None:
    take(vnet_lock)
    with pytest.raises(VnetBusy):
        take(vnet_lock, worker="w2", wall=WALL + LEASE - timedelta(seconds=1))
    take(vnet_lock, worker="w2", wall=LATER)
    holder = vnet_lock.vnet_holder(VNET)
    assert holder is not None
    assert holder.worker == "w2"


def test_renewing_keeps_the_lease_alive(vnet_lock: VnetLock) -> None:
    claim = take(vnet_lock)
    claim.renew(LATER)
    with pytest.raises(VnetBusy):
        take(vnet_lock, worker="w2", wall=LATER + LEASE - timedelta(seconds=1))


def test_a_worker_that_was_taken_over_can_neither_renew_nor_pause_nor_release(vnet_lock: VnetLock) -> None:
    slow = take(vnet_lock)
    take(vnet_lock, worker="w2", wall=LATER)
    with pytest.raises(StoreConflict):
        slow.renew(LATER)
    with pytest.raises(StoreConflict):
        slow.pause(LATER)
    with pytest.raises(StoreConflict):
        slow.release()
    holder = vnet_lock.vnet_holder(VNET)
    assert holder is not None
    assert holder.worker == "w2"


def test_a_worker_whose_claim_was_released_cannot_renew_it(vnet_lock: VnetLock) -> None:
    slow = take(vnet_lock)
    take(vnet_lock, worker="w2", wall=LATER).release()
    with pytest.raises(StoreConflict):
        slow.renew(LATER)
    assert vnet_lock.vnet_holder(VNET) is None


def test_a_paused_claim_lets_the_next_worker_of_the_change_in_at_once(vnet_lock: VnetLock) -> None:
    claim = take(vnet_lock)
    claim.pause(WALL)
    with pytest.raises(VnetBusy):
        take(vnet_lock, "chg-2", "w2")
    take(vnet_lock, worker="w2")


def test_networks_are_claimed_one_by_one(vnet_lock: VnetLock) -> None:
    take(vnet_lock)
    vnet_lock.claim_vnet(VNET + "-other", "chg-2", "w2", WALL)


def racing(claim: Callable[[int], HeldClaim]) -> tuple[list[int], set[str]]:
    """Who won, and whom the losers were told of."""

    def attempt(number: int) -> str | None:
        try:
            claim(number)
        except VnetBusy as busy:
            return busy.claim.worker
        return None

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(attempt, range(16)))
    return [number for number, holder in enumerate(told) if holder is None], {holder for holder in told if holder}


def test_of_sixteen_workers_one_holds_the_network_and_the_others_are_told_who(vnet_lock: VnetLock) -> None:
    winners, told = racing(lambda number: take(vnet_lock, f"chg-{number % 2}", f"w{number}"))
    assert len(winners) == 1
    assert told == {f"w{winners[0]}"}


def test_of_sixteen_workers_one_takes_over_after_the_lease(vnet_lock: VnetLock) -> None:
    take(vnet_lock)
    winners, told = racing(lambda number: take(vnet_lock, worker=f"next{number}", wall=LATER))
    assert len(winners) == 1
    assert told == {f"next{winners[0]}"}
